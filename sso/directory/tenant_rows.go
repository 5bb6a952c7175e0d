package directory

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

type roleRow struct {
	db.Owned
	Reference string
	Name      string
	Rights    db.JSON[authmethods.Rights]
	Rev       int64
}

func (roleRow) TableName() string { return "roles" }

func (r *roleRow) role() sso.Role {
	return sso.Role{ID: r.ID, Reference: r.Reference, Name: r.Name, Rights: r.Rights.V, Rev: r.Rev, CreatedAt: r.CreatedAt.Time()}
}

type connectorRow struct {
	db.Owned
	Reference      string
	Name           string
	Type           sso.ConnectorType
	MethodID       authmethods.ID
	Environment    authmethods.Environment
	Admission      sso.Admission
	CreatesUsers   bool
	DefaultRole    string
	TrustedDomains db.JSON[[]string]
	Rule           db.JSON[sso.Rule]
	DisabledAt     db.Time
	Rev            int64
}

func (connectorRow) TableName() string { return "sso_connectors" }

func (r *connectorRow) connector() sso.Connector {
	return sso.Connector{
		ID: r.ID, Reference: r.Reference, Name: r.Name, Type: r.Type, Method: r.MethodID, Environment: r.Environment,
		Admission: r.Admission, CreatesUsers: r.CreatesUsers, DefaultRole: r.DefaultRole,
		TrustedDomains: r.TrustedDomains.V, Rule: r.Rule.V, Disabled: r.DisabledAt != 0, Rev: r.Rev,
		CreatedAt: r.CreatedAt.Time(), UpdatedAt: r.UpdatedAt.Time(),
	}
}

// sets are the columns that a change may alter.
func (r *connectorRow) sets() []db.Set {
	return []db.Set{
		db.To("name", r.Name), db.To("type", r.Type), db.To("method_id", r.MethodID), db.To("environment", r.Environment),
		db.To("admission", r.Admission), db.To("creates_users", r.CreatesUsers), db.To("default_role", r.DefaultRole),
		db.To("trusted_domains", r.TrustedDomains), db.To("rule", r.Rule), db.To("disabled_at", r.DisabledAt),
	}
}

// settingsRow is what a tenant decided; its id is the tenant's.
type settingsRow struct {
	db.Owned
	Settings db.JSON[sso.Settings]
	Rev      int64
}

func (settingsRow) TableName() string { return "workspace_settings" }

func (r *settingsRow) settings() sso.Settings {
	s := r.Settings.V
	s.Rev = r.Rev
	return s
}
