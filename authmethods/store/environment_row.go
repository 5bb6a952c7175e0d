package store

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

type environmentRow struct {
	db.Owned
	MethodID         authmethods.ID
	Environment      string
	Enabled          bool
	ClientID         string
	ClientSecret     []byte
	SecretLast4      string
	SecretSetAt      db.Time
	NextClientSecret []byte
	NextSecretLast4  string
	NextSecretSetAt  db.Time
	ClientVersion    int64
	// NextChanges counts the changes in ClientVersion that a next secret alone made.
	NextChanges     int64
	EnvironmentURL  string
	RejectedCode    string
	RejectedAt      db.Time
	RejectedRetryAt db.Time
}

func (environmentRow) TableName() string { return "method_environments" }

func newEnvironmentRow(method authmethods.ID, e authmethods.Environment) *environmentRow {
	row := &environmentRow{MethodID: method, Environment: string(e)}
	row.ID = authmethods.ID(token.NewID("env"))
	return row
}

func (r *environmentRow) environment() authmethods.MethodEnvironment {
	e := authmethods.MethodEnvironment{
		Environment: authmethods.Environment(r.Environment), Enabled: r.Enabled, ClientID: r.ClientID,
		Secret:         secretInfo(r.ClientSecret, r.SecretLast4, r.SecretSetAt),
		NextSecret:     secretInfo(r.NextClientSecret, r.NextSecretLast4, r.NextSecretSetAt),
		EnvironmentURL: r.EnvironmentURL,
	}
	if r.RejectedCode != "" {
		e.Rejected = &authmethods.Rejection{
			Code: authmethods.Code(r.RejectedCode), At: r.RejectedAt.Time(), RetryAt: r.RejectedRetryAt.Time(),
		}
	}
	return e
}

// notRejected clears a rejection.
func notRejected() []db.Set {
	return []db.Set{
		db.To("rejected_code", ""), db.To("rejected_at", db.Time(0)), db.To("rejected_retry_at", db.Time(0)),
	}
}
