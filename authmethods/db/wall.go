package db

import (
	"context"

	"github.com/jackc/pgx/v5"

	"latchkey/authmethods"
	"latchkey/migrations"
)

// PostgreSQL holds tenants apart by itself, behind all that this package does: its
// row-level security compares tenant_id with a setting that each statement brings
// along (migration 9). The setting lasts for one transaction, so that no connection
// carries it to whoever has it next, behind a pooler too. A statement that comes
// without it sees no row of any tenant.
const (
	// tellSight sets whose rows may be seen until the transaction ends. It travels
	// with the statement that needs it and costs no way of its own.
	tellSight = "SELECT set_config('latchkey.tenant', $1, true)"
	// everything is the sight of [System]. No tenant has it for an id.
	everything = "*"
)

// sightKey is the key under which a context holds whose rows a statement may see,
// on its way through GORM and database/sql; nothing else can carry it there.
type sightKey struct{}

// seeing returns ctx for a statement of the tenant.
func (t Tenant) seeing(ctx context.Context) context.Context { return t.h.seeing(ctx, string(t.id)) }

// seeing returns ctx for a statement of the installation.
func (s System) seeing(ctx context.Context) context.Context { return s.h.seeing(ctx, everything) }

func (h *handle) seeing(ctx context.Context, sight string) context.Context {
	return h.runWrite.seeing(ctx, sight)
}

func (r *runner) seeing(ctx context.Context, sight string) context.Context {
	if r.dialect != migrations.Postgres {
		return ctx
	}
	return context.WithValue(ctx, sightKey{}, sight)
}

// sightOf returns whose rows a statement may see; "" for nobody's.
func sightOf(ctx context.Context) string {
	sight, _ := ctx.Value(sightKey{}).(string)
	return sight
}

// isTenant reports whether id can be a tenant's.
func isTenant(id authmethods.TenantID) bool { return id != "" && id != everything }

// told begins a batch for whoever may see the rows of sight.
func told(sight any) *pgx.Batch {
	var b pgx.Batch
	b.Queue(tellSight, sight)
	return &b
}

// Bypassed reports whether the database leaves this role out of its row-level
// security: superusers and roles with BYPASSRLS go through every wall. It is always
// false on SQLite, which has none.
func (d *DB) Bypassed(ctx context.Context) (bool, error) {
	if d.dialect != migrations.Postgres {
		return false, nil
	}
	var bypassed bool
	err := d.pools[0].QueryRowContext(ctx,
		"SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").Scan(&bypassed)
	return bypassed, fail("asking what the database's role may do", err)
}
