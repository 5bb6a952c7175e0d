package store

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/tokens"
)

type connectionRow struct {
	db.Owned
	MethodID         authmethods.ID
	Environment      authmethods.Environment
	Subject          string
	DataCentre       string
	InstanceURL      string
	APIDomain        string
	AccountID        string
	AccountName      string
	AccountEmail     string
	OrganizationID   string
	OrganizationName string
	Organizations    db.JSON[[]tokens.Organization]
	ApprovedBy       string
	ApprovedAt       db.Time
}

func (connectionRow) TableName() string { return "connections" }

type grantRow struct {
	db.Owned
	Lineage          string
	Epoch            int64
	Version          int64
	RefreshToken     []byte
	RefreshExpiresAt db.Time
	AccessToken      []byte
	TokenID          authmethods.ID
	TokenType        string
	Scopes           db.JSON[[]string]
	IssuedAt         db.Time
	ExpiresAt        db.Time
	LeaseOwner       string
	LeaseUntil       db.Time
	AttemptID        string
	AttemptVersion   int64
	AttemptToken     string
	AttemptAt        db.Time
	AttemptRetry     bool
	Failures         int
	FailureCode      authmethods.Code
	ClientVersion    int64 // of the client that the last failure was about
	FailedAt         db.Time
	RetryAt          db.Time
	BrokenCode       authmethods.Code
	BrokenAt         db.Time
	RefreshAt        db.Time
	LastLentAt       db.Time
	Sent             db.JSON[[]db.Time]
}

func (grantRow) TableName() string { return "grants" }

// grantColumns are the columns that a refresh is decided by, of a table called g.
const grantColumns = `g.id, g.lineage, g.epoch, g.version, g.refresh_token, g.refresh_expires_at, g.access_token, g.token_id, g.token_type,
	g.scopes, g.issued_at, g.expires_at, g.lease_until, g.attempt_id, g.attempt_version, g.attempt_token, g.attempt_at, g.attempt_retry,
	g.failures, g.failure_code, g.client_version, g.retry_at, g.broken_code, g.last_lent_at, g.sent, g.failed_at`

// grantFields is how many grantColumns are.
const grantFields = 26

// fields appends where grantColumns go.
func (r *grantRow) fields(to []any) []any {
	return append(to,
		&r.ID, &r.Lineage, &r.Epoch, &r.Version, &r.RefreshToken, &r.RefreshExpiresAt, &r.AccessToken, &r.TokenID, &r.TokenType,
		&r.Scopes, &r.IssuedAt, &r.ExpiresAt, &r.LeaseUntil, &r.AttemptID, &r.AttemptVersion, &r.AttemptToken, &r.AttemptAt, &r.AttemptRetry,
		&r.Failures, &r.FailureCode, &r.ClientVersion, &r.RetryAt, &r.BrokenCode, &r.LastLentAt, &r.Sent, &r.FailedAt,
	)
}

var (
	readGrant = db.Prepare(`SELECT {now}, ` + grantColumns + ` FROM grants g WHERE g.tenant_id = {tenant} AND g.id = ?`)
	// findGrant finds the connection that a loan is asked of, its grant, and whether
	// the service has borrowed the token before.
	findGrant = db.Prepare(`SELECT c.id, c.data_centre, c.instance_url, c.organization_id, l.token_id IS NOT NULL, {now}, ` + grantColumns + `
		FROM connections c JOIN grants g ON g.tenant_id = {tenant} AND g.id = c.id
		LEFT JOIN loans l ON l.tenant_id = {tenant} AND l.token_id = g.token_id AND l.service_id = ?
		WHERE c.tenant_id = {tenant} AND c.method_id = ? AND c.environment = ? AND c.subject = ?`)
)

type tokenRow struct {
	db.Owned
	GrantID    authmethods.ID
	Version    int64
	IssuedAt   db.Time
	ExpiresAt  db.Time
	RejectedAt db.Time
}

func (tokenRow) TableName() string { return "tokens" }

type captureRow struct {
	db.Owned
	GrantID authmethods.ID
	Lineage string
	Epoch   int64
	Version int64
	SentAt  db.Time
	Answer  []byte
}

func (captureRow) TableName() string { return "captures" }

type loanRow struct {
	db.Owned
	ServiceID      authmethods.ID
	ServiceName    string
	GrantID        authmethods.ID
	TokenID        authmethods.ID
	TokenExpiresAt db.Time
	Purpose        string
	Lent           int64
	FirstLentAt    db.Time
	LastLentAt     db.Time
}

func (loanRow) TableName() string { return "loans" }

type hourRow struct {
	db.Owned
	ConnectionID   authmethods.ID
	Hour           db.Time
	Refreshed      int64
	Throttled      int64
	ProviderDown   int64
	GrantLost      int64
	ClientRejected int64
	Missing        int64
	Troubled       int64

	AtHand1, AtHand2, AtHand3, AtHand4, AtHand5, AtHand6, AtHand7, AtHand8 int64
	Asked1, Asked2, Asked3, Asked4, Asked5, Asked6, Asked7, Asked8         int64
}

func (hourRow) TableName() string { return "connection_hours" }
