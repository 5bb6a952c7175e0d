package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

type tenantRow struct {
	db.Shared   `gorm:"-"`
	ID          authmethods.TenantID `gorm:"primaryKey"`
	Slug        string
	Name        string
	CallbackA   string
	CallbackB   string
	MethodLimit int64
	DisabledAt  db.Time
	DeletedAt   db.Time
	CreatedAt   db.Time `gorm:"autoCreateTime:false"`
	UpdatedAt   db.Time `gorm:"autoUpdateTime:false"`
}

func (tenantRow) TableName() string { return "tenants" }

// tenantHostRow is a host that leads to a tenant. It outlives the tenant, so that
// no other tenant is ever found where one was.
type tenantHostRow struct {
	db.Shared `gorm:"-"`
	Host      string `gorm:"primaryKey"`
	TenantID  authmethods.TenantID
	CreatedAt db.Time `gorm:"autoCreateTime:false"`
}

func (tenantHostRow) TableName() string { return "tenant_hosts" }

func (r *tenantRow) tenant(hosts []tenantHostRow) authmethods.Tenant {
	t := authmethods.Tenant{
		ID: r.ID, Slug: r.Slug, Name: r.Name, CallbackA: r.CallbackA, CallbackB: r.CallbackB,
		Disabled: r.DisabledAt != 0, CreatedAt: r.CreatedAt.Time(),
	}
	for _, h := range hosts {
		if h.TenantID == r.ID {
			t.Hosts = append(t.Hosts, h.Host)
		}
	}
	return t
}

// tenantBy returns the one tenant that passes the filter. A deleted one is as
// good as missing.
func tenantBy(ctx context.Context, sys db.System, by db.Filter) (*tenantRow, error) {
	rows, err := db.ListShared[tenantRow](ctx, sys, "id", by, db.IsNull("deleted_at"))
	if err != nil {
		return nil, doing("reading a tenant", err)
	}
	if len(rows) != 1 {
		return nil, authmethods.Missing()
	}
	return &rows[0], nil
}

func methodLimit(ctx context.Context, sys db.System, id authmethods.TenantID) (int64, error) {
	row, err := tenantBy(ctx, sys, db.Eq("id", id))
	if err != nil {
		return 0, err
	}
	return row.MethodLimit, nil
}
