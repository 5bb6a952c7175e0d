package store

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

type serviceRow struct {
	db.Owned
	Name       string
	Admin      bool
	DisabledAt db.Time
	Rev        int64
}

func (serviceRow) TableName() string { return "services" }

func (r *serviceRow) service(permits []permitRow, keys []keyRow) authmethods.Service {
	s := authmethods.Service{
		ID: r.ID, Tenant: r.TenantID, Name: r.Name, Admin: r.Admin, Disabled: r.DisabledAt != 0,
		CreatedAt: r.CreatedAt.Time(), Rev: r.Rev,
	}
	for _, p := range permits {
		if p.ServiceID == r.ID {
			s.Permits = append(s.Permits, p.permit())
		}
	}
	for _, k := range keys {
		if k.ServiceID == r.ID {
			s.Keys = append(s.Keys, k.key())
		}
	}
	return s
}

type permitRow struct {
	db.Owned
	ServiceID   authmethods.ID
	ForTenant   string
	Method      string
	Environment string
	Scopes      db.JSON[[]string]
}

func (permitRow) TableName() string { return "permits" }

func fromPermit(service authmethods.ID, p authmethods.Permit) *permitRow {
	row := &permitRow{ServiceID: service, ForTenant: p.Tenant, Method: p.Method, Environment: p.Environment}
	row.ID = authmethods.ID(token.NewID("pmt"))
	row.Scopes.V = append([]string{}, p.Scopes...)
	return row
}

func (r *permitRow) permit() authmethods.Permit {
	return authmethods.Permit{
		ID: r.ID, Tenant: r.ForTenant, Method: r.Method, Environment: r.Environment, Scopes: r.Scopes.V,
	}
}

type keyRow struct {
	db.Owned
	ServiceID  authmethods.ID
	Name       string
	Hash       []byte
	ExpiresAt  db.Time
	RevokedAt  db.Time
	LastUsedAt db.Time
}

func (keyRow) TableName() string { return "api_keys" }

func (r *keyRow) key() authmethods.APIKey {
	return authmethods.APIKey{
		ID: r.ID, Service: r.ServiceID, Name: r.Name, ExpiresAt: r.ExpiresAt.Time(),
		RevokedAt: r.RevokedAt.Time(), LastUsedAt: r.LastUsedAt.Time(), CreatedAt: r.CreatedAt.Time(),
	}
}
