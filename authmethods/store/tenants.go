package store

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/token"
)

// Tenants is what the operator does with tenants, and how requests find theirs.
type Tenants struct {
	o     Options
	found *remembered[lookup, authmethods.Tenant]
	// touched says that there was a tenant once; see Untouched.
	touched atomic.Bool
}

// NewTenants returns Tenants. Pass what the feed says to [Tenants.Heard].
func NewTenants(o Options) *Tenants {
	return &Tenants{o: o, found: remember[lookup, authmethods.Tenant](10_000)}
}

// List returns the tenants in the order of their making, the platform apart.
func (t *Tenants) List(ctx context.Context) ([]authmethods.Tenant, error) {
	rows, err := db.ListShared[tenantRow](ctx, t.o.System, "id", db.IsNull("deleted_at"))
	if err != nil {
		return nil, doing("listing tenants", err)
	}
	hosts, err := db.ListShared[tenantHostRow](ctx, t.o.System, "host")
	if err != nil {
		return nil, doing("listing tenants", err)
	}
	tenants := []authmethods.Tenant{}
	for i := range rows {
		if rows[i].ID != authmethods.Platform {
			tenants = append(tenants, rows[i].tenant(hosts))
		}
	}
	return tenants, nil
}

// Disable stops a tenant: its people, services and refreshes. Nothing is lost.
func (t *Tenants) Disable(ctx context.Context, actor authmethods.Actor, ref string) error {
	return t.setDisabled(ctx, actor, ref, true)
}

// Enable undoes [Tenants.Disable].
func (t *Tenants) Enable(ctx context.Context, actor authmethods.Actor, ref string) error {
	return t.setDisabled(ctx, actor, ref, false)
}

func (t *Tenants) setDisabled(ctx context.Context, actor authmethods.Actor, ref string, disabled bool) error {
	action, at := "tenant.enabled", db.Time(0)
	if disabled {
		action, at = "tenant.disabled", db.At(time.Now())
	}
	noted := authmethods.Changes{}
	authmethods.Note(noted, "disabled", !disabled, disabled)
	return t.alter(ctx, actor, ref, func(s db.System, in db.Tenant, row *tenantRow) (change, error) {
		if (row.DisabledAt != 0) == disabled {
			return change{}, errUnchanged
		}
		err := updateTenant(ctx, s, row, db.To("disabled_at", at))
		return change{action: action, changes: noted}, err
	})
}

// alter runs f on a tenant in one transaction and records what f says it did. The
// platform cannot be altered.
func (t *Tenants) alter(ctx context.Context, actor authmethods.Actor, ref string, f func(db.System, db.Tenant, *tenantRow) (change, error)) error {
	tenant, err := t.load(ctx, byRef(ref))
	if err != nil {
		return err
	}
	if tenant.ID == authmethods.Platform {
		return conflict("The platform itself is always there.", nil)
	}
	err = db.SystemTx(ctx, t.o.System, func(s db.System) error {
		// Writing what is there makes other transactions on the tenant wait.
		touch := []db.Set{db.Plus("method_limit", 0)}
		if _, err := db.UpdateShared[tenantRow](ctx, s, touch, db.Eq("id", tenant.ID)); err != nil {
			return doing("locking a tenant", err)
		}
		row, err := tenantBy(ctx, s, db.Eq("id", tenant.ID))
		if err != nil {
			return err
		}
		in, err := s.For(row.ID, "changing the tenant")
		if err != nil {
			return err
		}
		what, err := f(s, in, row)
		if err != nil {
			return err
		}
		what.kind, what.object, what.ref = feed.Tenant, authmethods.ID(row.ID), row.Slug
		return record(ctx, in, operator(row.ID, actor), what)
	})
	if err == errUnchanged {
		return nil
	}
	t.forget(tenant.ID)
	return err
}

// operator is the caller that acts on a tenant from outside it.
func operator(tenant authmethods.TenantID, actor authmethods.Actor) authmethods.Caller {
	return authmethods.NewCaller(tenant, actor, nil, "")
}

func updateTenant(ctx context.Context, s db.System, row *tenantRow, sets ...db.Set) error {
	sets = append(sets, db.To("updated_at", db.At(time.Now())))
	_, err := db.UpdateShared[tenantRow](ctx, s, sets, db.Eq("id", row.ID))
	return doing("changing a tenant", err)
}

// EnsurePlatform makes the operator's own tenant if it is not there. Any number of
// processes may call it at once.
func (t *Tenants) EnsurePlatform(ctx context.Context) error {
	_, err := tenantBy(ctx, t.o.System, db.Eq("id", authmethods.Platform))
	if authmethods.KindOf(err) != authmethods.NotFound {
		return err
	}
	row := &tenantRow{
		ID: authmethods.Platform, Slug: "platform", Name: "Platform",
		CallbackA: token.RandomSlug(callbackLength), CallbackB: token.RandomSlug(callbackLength),
	}
	err = t.insert(ctx, authmethods.Actor{Kind: authmethods.ActorJob, Name: "start"}, row, nil)
	if authmethods.KindOf(err) == authmethods.Conflict {
		return nil // another process was first
	}
	return err
}

// insert stores a tenant with all that belongs to it from the beginning.
func (t *Tenants) insert(ctx context.Context, actor authmethods.Actor, row *tenantRow, hosts []string) error {
	return db.SystemTx(ctx, t.o.System, func(s db.System) error { return t.insertIn(ctx, s, actor, row, hosts) })
}

// insertIn is insert within a transaction.
func (t *Tenants) insertIn(ctx context.Context, s db.System, actor authmethods.Actor, row *tenantRow, hosts []string) error {
	row.CreatedAt = db.At(time.Now())
	row.UpdatedAt = row.CreatedAt
	noted := authmethods.Changes{}
	authmethods.Note(noted, "slug", "", row.Slug)
	authmethods.Note(noted, "name", "", row.Name)
	if len(hosts) > 0 {
		authmethods.Note(noted, "hosts", nil, hosts)
	}
	if err := taken(row, db.InsertShared(ctx, s, row)); err != nil {
		return err
	}
	for _, host := range hosts {
		h := &tenantHostRow{Host: host, TenantID: row.ID, CreatedAt: row.CreatedAt}
		if err := hostTaken(host, db.InsertShared(ctx, s, h)); err != nil {
			return err
		}
	}
	in, err := s.For(row.ID, "making the tenant")
	if err != nil {
		return err
	}
	if err := t.o.Vault.Provision(ctx, in); err != nil {
		return err
	}
	if err := audit.Start(ctx, in); err != nil {
		return fmt.Errorf("store: starting the audit log: %w", err)
	}
	return record(ctx, in, operator(row.ID, actor), change{
		action: "tenant.created", kind: feed.Tenant, object: authmethods.ID(row.ID), ref: row.Slug, changes: noted,
	})
}
