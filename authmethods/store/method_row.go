package store

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

type methodRow struct {
	db.Owned
	Reference       string
	Name            string
	IntegrationType string
	Mode            string
	EnvironmentURL  string
	ClientID        string
	ClientSecret    []byte
	SecretLast4     string
	SecretSetAt     db.Time
	ClientVersion   int64
	Scopes          db.JSON[[]string]
	DataCentre      string
	Settings        db.JSON[authmethods.Settings]
	Rev             int64
}

func (methodRow) TableName() string { return "methods" }

// secretOfMethod is where the client secret of a method is sealed.
func secretOfMethod(id authmethods.ID) seal.Place {
	return seal.Place{Purpose: "client_secret", Table: "methods", Row: string(id), Column: "client_secret"}
}

func (r *methodRow) method(environments []environmentRow) authmethods.Method {
	m := authmethods.Method{
		ID: r.ID, Reference: r.Reference, Name: r.Name, IntegrationType: r.IntegrationType,
		Mode: authmethods.Mode(r.Mode), EnvironmentURL: r.EnvironmentURL, ClientID: r.ClientID,
		Secret: secretInfo(r.ClientSecret, r.SecretLast4, r.SecretSetAt),
		Scopes: r.Scopes.V, DataCentre: r.DataCentre, Settings: r.Settings.V, Rev: r.Rev,
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

func secretInfo(sealed []byte, last4 string, setAt db.Time) authmethods.SecretInfo {
	return authmethods.SecretInfo{Set: len(sealed) > 0, Last4: last4, SetAt: setAt.Time()}
}

// fromMethod returns the row of m without its secret.
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

// sets are the columns of m that a change may alter, its secret apart.
func (r *methodRow) sets() []db.Set {
	return []db.Set{
		db.To("name", r.Name), db.To("mode", r.Mode), db.To("environment_url", r.EnvironmentURL),
		db.To("client_id", r.ClientID), db.To("scopes", r.Scopes), db.To("data_centre", r.DataCentre),
		db.To("settings", r.Settings),
	}
}
