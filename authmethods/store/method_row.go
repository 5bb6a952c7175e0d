package store

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

type methodRow struct {
	db.Owned
	Reference        string
	Name             string
	IntegrationType  string
	Mode             string
	EnvironmentURL   string
	ClientID         string
	ClientSecret     []byte
	SecretLast4      string
	SecretSetAt      db.Time
	NextClientSecret []byte
	NextSecretLast4  string
	NextSecretSetAt  db.Time
	ClientVersion    int64
	// NextChanges counts the changes in ClientVersion that a next secret alone made.
	NextChanges int64
	Scopes      db.JSON[[]string]
	DataCentre  string
	Settings    db.JSON[authmethods.Settings]
	Rev         int64
}

func (methodRow) TableName() string { return "methods" }

func (r *methodRow) method(environments []environmentRow) authmethods.Method {
	m := authmethods.Method{
		ID: r.ID, Reference: r.Reference, Name: r.Name, IntegrationType: r.IntegrationType,
		Mode: authmethods.Mode(r.Mode), EnvironmentURL: r.EnvironmentURL, ClientID: r.ClientID,
		Secret:     secretInfo(r.ClientSecret, r.SecretLast4, r.SecretSetAt),
		NextSecret: secretInfo(r.NextClientSecret, r.NextSecretLast4, r.NextSecretSetAt),
		Scopes:     r.Scopes.V, DataCentre: r.DataCentre, Settings: r.Settings.V, Rev: r.Rev,
		CreatedAt: r.CreatedAt.Time(), UpdatedAt: r.UpdatedAt.Time(),
	}
	for _, e := range authmethods.Environments {
		for i := range environments {
			if row := &environments[i]; row.MethodID == r.ID && row.Environment == string(e) {
				e := row.environment()
				e.ClientVersion = clientVersion(r, row)
				m.Environments = append(m.Environments, e)
			}
		}
	}
	return m
}

// fromMethod returns the row of m without its secrets.
func fromMethod(m *authmethods.Method) *methodRow {
	row := &methodRow{
		Reference: m.Reference, Name: m.Name, IntegrationType: m.IntegrationType, Mode: string(m.Mode),
		EnvironmentURL: m.EnvironmentURL, ClientID: m.ClientID, ClientVersion: 1,
		DataCentre: m.DataCentre, Rev: 1,
	}
	row.ID = m.ID
	row.Scopes.V, row.Settings.V = append([]string{}, m.Scopes...), m.Settings
	return row
}

// sets are the columns of m that a change may alter, its secrets apart.
func (r *methodRow) sets() []db.Set {
	return []db.Set{
		db.To("name", r.Name), db.To("mode", r.Mode), db.To("environment_url", r.EnvironmentURL),
		db.To("client_id", r.ClientID), db.To("scopes", r.Scopes), db.To("data_centre", r.DataCentre),
		db.To("settings", r.Settings),
	}
}
