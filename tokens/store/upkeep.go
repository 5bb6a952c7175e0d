package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/tokens"
)

// A Ref points to the grant of some tenant.
type Ref = db.Ref

// Interrupted returns up to limit grants whose refresh was under way in a process
// that is no more: their lease lapsed and their answer was never applied.
func (s *Store) Interrupted(ctx context.Context, limit int) ([]Ref, error) {
	return db.Refs[grantRow](ctx, s.System, "lease_until", limit, db.Past("lease_until"))
}

// Due returns up to limit grants whose background refresh is due, the longest due
// first: those whose token is still good, or those whose token has expired.
func (s *Store) Due(ctx context.Context, expired bool, limit int) ([]Ref, error) {
	good := db.NotPast("expires_at")
	if expired {
		good = db.Past("expires_at")
	}
	return db.Refs[grantRow](ctx, s.System, "refresh_at", limit, db.Past("refresh_at"), good)
}

// Kept is a grant with what its upkeep needs.
type Kept struct {
	tokens.Target
	Grant tokens.Grant
	Now   time.Time // by the database's clock
}

var readConnection = db.Prepare(`SELECT c.id, c.method_id, c.environment, c.subject, c.data_centre, c.instance_url, c.organization_id,
	{now}, ` + grantColumns + `
	FROM connections c JOIN grants g ON g.tenant_id = {tenant} AND g.id = c.id WHERE c.tenant_id = {tenant} AND c.id = ?`)

// Keep reads the grant of ref. Slot is nil where nothing can be refreshed: its
// tenant or method went, or is disabled.
func (s *Store) Keep(ctx context.Context, ref Ref) (Kept, error) {
	k, err := s.keep(ctx, ref)
	if authmethods.KindOf(err) == authmethods.NotFound {
		return Kept{}, nil
	}
	return k, err
}

func (s *Store) keep(ctx context.Context, ref Ref) (Kept, error) {
	var k Kept
	tenant, err := s.Tenants.Find(ctx, string(ref.TenantID)) // before its keys, which it may have no more
	if err != nil || tenant.Disabled {
		return k, err
	}
	v, err := s.view(ctx, lending(ref.TenantID))
	if err != nil {
		return k, err
	}
	row, found := &connectionRow{}, &reading{}
	err = found.query(ctx, v.in, readConnection, []any{ref.ID},
		&row.ID, &row.MethodID, &row.Environment, &row.Subject, &row.DataCentre, &row.InstanceURL, &row.OrganizationID)
	if err != nil {
		return k, err
	}
	config, err := s.configs.find(ctx, s, ref.TenantID, string(row.MethodID))
	if err != nil {
		return k, err
	}
	if err := s.Freezes.Check(ctx, ref.TenantID, config.method.Reference, nil); err != nil {
		return k, err
	}
	target, err := Directory{s}.target(tenant, config, row.Environment, row, v)
	to, ok := target.Slot.(*slot)
	if err != nil || !ok || !target.Enabled {
		return k, err
	}
	to.found.Store(found)
	k.Target = target
	k.Grant, k.Now, err = to.Load(ctx)
	return k, err
}

// Later is when a grant's upkeep is due next; zero: when it was refreshed again.
type Later struct {
	Ref
	At time.Time
}

// Postpone moves the upkeep of grants that were not refreshed. Where a refresh set
// a time meanwhile, that counts.
func (s *Store) Postpone(ctx context.Context, grants []Later) error {
	return s.move(ctx, postpone, grants)
}

// Shelve moves interrupted refreshes that could not be finished to their upkeep.
func (s *Store) Shelve(ctx context.Context, grants []Later) error {
	return s.move(ctx, shelve, grants)
}

var (
	postpone = db.Prepare(`UPDATE grants SET refresh_at = ? WHERE grants.tenant_id = {tenant} AND id = ? AND refresh_at <= {now}`)
	shelve   = db.Prepare(`UPDATE grants SET lease_until = NULL, refresh_at = ?
		WHERE grants.tenant_id = {tenant} AND id = ? AND lease_until <= {now}`)
)

func (s *Store) move(ctx context.Context, how *db.Statement, grants []Later) error {
	if len(grants) == 0 {
		return nil
	}
	return db.SystemTx(ctx, s.System, func(all db.System) error {
		for _, g := range grants {
			in, err := all.For(g.TenantID, "planning a background refresh")
			if err != nil {
				return err
			}
			if _, err := db.Exec(ctx, in, how, db.At(g.At), g.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Inherit ends the leases of other processes: for a database with one server only,
// whose predecessor is dead and can finish nothing. It returns how many there were.
func (s *Store) Inherit(ctx context.Context) (int, error) {
	ended := 0
	for {
		refs, err := db.Refs[grantRow](ctx, s.System, "lease_until", batch, db.Ahead("lease_until"), db.Not("lease_owner", s.Process))
		if err != nil || len(refs) == 0 {
			return ended, err
		}
		err = db.SystemTx(ctx, s.System, func(all db.System) error {
			for _, ref := range refs {
				in, err := all.For(ref.TenantID, "inheriting leases")
				if err != nil {
					return err
				}
				if _, err := db.Exec(ctx, in, endLease, ref.ID, s.Process); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return ended, err
		}
		ended += len(refs)
	}
}

// batch bounds the leases that are ended in one transaction.
const batch = 1000

var endLease = db.Prepare(`UPDATE grants SET lease_until = {now} WHERE grants.tenant_id = {tenant} AND id = ? AND lease_owner <> ?`)

// Expiring returns up to limit grants whose refresh token itself expires soon; see
// [EndWarning].
func (s *Store) Expiring(ctx context.Context, limit int) ([]Ref, error) {
	return db.Refs[grantRow](ctx, s.System, "refresh_expires_at", limit,
		db.Ahead("refresh_expires_at"), db.BeforeNow("refresh_expires_at", endsSoon), db.Eq("broken_code", ""))
}
