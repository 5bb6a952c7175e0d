package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

const (
	// oldest is when a tenant gets a new data key by itself, most after how many
	// values: AES-GCM with random nonces is sound for 2^32 of them.
	oldest = 365 * 24 * time.Hour
	most   = 1 << 30
	// settled is after what time nobody seals with an earlier data key any more. Far
	// longer than a refresh takes that began before.
	settled = 5 * time.Minute
	portion = 500
)

// Progress is how far the work of a [Rotator] is.
type Progress struct {
	Rewrapped int // data keys that were wrapped anew
	Renewed   int // tenants that got a new data key
	Resealed  int // values that were sealed anew
	Left      int // values that could not be: see the error
}

// Work does what is to be done: it wraps data keys anew that are wrapped with another
// key than the active one, gives tenants new data keys that need some, and seals
// anew what is sealed with older ones. tell, unless it is nil, hears of progress. What
// fails for one tenant does not keep the others from theirs.
func (r *Rotator) Work(ctx context.Context, tell func(Progress)) (Progress, error) {
	if tell == nil {
		tell = func(Progress) {}
	}
	var p Progress
	if _, err := r.Vault.Heed(ctx, r.Sys); err != nil {
		return p, err
	}
	now, err := r.Current(ctx)
	if err != nil {
		return p, err
	}
	faults := []error{r.rewrap(ctx, func() { p.Rewrapped++; tell(p) })}
	var before time.Time
	if now != nil && !now.Finished {
		before = now.DataKeys
	}
	faults = append(faults, r.eachTenant(ctx, []db.Filter{db.Eq("active", true)}, func(in db.Tenant) error {
		renewed, err := r.renew(ctx, in, db.At(before))
		if renewed {
			p.Renewed++
			tell(p)
		}
		return err
	}))
	unsettled := []db.Filter{db.Eq("active", true), db.After("version", 1), db.IsNull("resealed_at")}
	faults = append(faults, r.eachTenant(ctx, unsettled, func(in db.Tenant) error {
		return r.resealOf(ctx, in, &p, tell)
	}))
	if err := errors.Join(faults...); err != nil || p.Left > 0 || now == nil || now.Finished {
		return p, err
	}
	return p, r.finish(ctx, now.KEK)
}

// finish ends a rotation when nothing of it is left.
func (r *Rotator) finish(ctx context.Context, kek string) error {
	if r.Vault.ring.Load().Active() != kek {
		return nil
	}
	_, err := db.UpdateShared[rotationRow](ctx, r.Sys, []db.Set{db.ToFromNow("finished_at", 0)},
		db.Eq("id", theRotation), db.Eq("kek", kek), db.IsNull("finished_at"))
	return err
}

// eachTenant calls f for every tenant that has a data key which passes the filters.
func (r *Rotator) eachTenant(ctx context.Context, fs []db.Filter, f func(db.Tenant) error) error {
	var faults []error
	for after := authmethods.TenantID(""); ; {
		refs, err := db.Refs[dataKeyRow](ctx, r.Sys, "tenant_id", portion, append(fs, db.After("tenant_id", after))...)
		if err != nil || len(refs) == 0 {
			return errors.Join(append(faults, err)...)
		}
		for _, ref := range refs {
			if ref.TenantID == after {
				continue
			}
			after = ref.TenantID
			in, err := r.Sys.For(ref.TenantID, "rotating keys")
			if err == nil {
				err = f(in)
			}
			if err != nil {
				if ctx.Err() != nil {
					return err
				}
				faults = append(faults, fmt.Errorf("rotating the keys of %s: %w", ref.TenantID, err))
			}
		}
	}
}

// rewrap wraps the data keys anew that are not wrapped with the active key.
func (r *Rotator) rewrap(ctx context.Context, did func()) error {
	var faults []error
	for after := authmethods.ID(""); ; {
		ring := r.Vault.ring.Load()
		refs, err := db.Refs[dataKeyRow](ctx, r.Sys, "id", portion, db.Not("kek", ring.Active()), db.After("id", after))
		if err != nil || len(refs) == 0 {
			return errors.Join(append(faults, err)...)
		}
		for _, ref := range refs {
			after = ref.ID
			in, err := r.Sys.For(ref.TenantID, "wrapping a data key anew")
			if err == nil {
				err = r.rewrapOne(ctx, in, ref.ID, did)
			}
			if err != nil {
				if ctx.Err() != nil {
					return err
				}
				faults = append(faults, err)
			}
		}
	}
}

func (r *Rotator) rewrapOne(ctx context.Context, in db.Tenant, id authmethods.ID, did func()) error {
	row, err := db.Get[dataKeyRow](ctx, in, id)
	if errors.Is(err, authmethods.NotFound) {
		return nil // the tenant is gone
	}
	if err != nil {
		return err
	}
	next, changed, err := r.Vault.ring.Load().Rewrap(ctx, string(in.ID()), row.key())
	if err != nil {
		return unavailable(err)
	}
	if !changed {
		return nil
	}
	swapped := false
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		if err := stillThere(ctx, in, next.KEK); err != nil {
			return err
		}
		swapped, err = db.UpdateIf[dataKeyRow](ctx, in, id, []db.Set{db.To("kek", next.KEK), db.To("wrapped", next.Wrapped)},
			db.Eq("kek", row.KEK), db.Eq("wrapped", row.Wrapped))
		return err
	})
	if swapped && err == nil {
		did()
	}
	return err
}

// tenantLock is what of a tenant's own row counts here.
type tenantLock struct {
	db.Shared   `gorm:"-"`
	ID          authmethods.TenantID `gorm:"primaryKey"`
	MethodLimit int64
	DeletedAt   db.Time
}

// TableName implements GORM's naming.
func (tenantLock) TableName() string { return "tenants" }

// due reports whether a data key must be replaced at a moment, because it is older
// than before, or too old, or was used too often.
func (r *dataKeyRow) due(before, now db.Time) bool {
	return r.CreatedAt < before || r.CreatedAt.Time().Before(now.Time().Add(-oldest)) || r.Sealed >= most
}

// newestOf returns the tenant's newest data key; nil: it has none.
func newestOf(ctx context.Context, in db.Tenant) (*dataKeyRow, error) {
	rows, err := db.Newest[dataKeyRow](ctx, in, "version", 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// renew gives the tenant a new data key if its newest is due.
func (r *Rotator) renew(ctx context.Context, in db.Tenant, before db.Time) (renewed bool, err error) {
	instant, err := db.Now(ctx, r.Sys)
	if err != nil {
		return false, err
	}
	now := db.At(instant) // by the database's clock, as before is
	newest, err := newestOf(ctx, in)
	if err != nil || newest == nil || !newest.due(before, now) {
		return false, err
	}
	// Outside the transaction: a service may be asked for it.
	key, err := r.Vault.ring.Load().NewDataKey(ctx, string(in.ID()), newest.Version+1)
	if err != nil {
		return false, unavailable(err)
	}
	err = db.SystemTx(ctx, r.Sys, func(s db.System) error {
		// A tenant that is being deleted must not get a key after its keys were shredded.
		there, err := db.UpdateShared[tenantLock](ctx, s, []db.Set{db.Plus("method_limit", 0)}, db.Eq("id", in.ID()), db.IsNull("deleted_at"))
		if err != nil || there == 0 {
			return err
		}
		in, err := s.For(in.ID(), "making a new data key")
		if err != nil {
			return err
		}
		if last, err := newestOf(ctx, in); err != nil || last == nil || last.Version != newest.Version {
			return err // somebody else was first
		}
		if err := r.Vault.insert(ctx, in, key, now); err != nil {
			return err
		}
		if _, err := db.UpdateAll[dataKeyRow](ctx, in, []db.Set{db.To("active", false)}, db.Below("version", key.Version)); err != nil {
			return err
		}
		renewed = true
		err = r.audit(ctx, in, "data_key.renewed", string(in.ID()), map[string]authmethods.Change{"version": {From: newest.Version, To: key.Version}})
		if err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Tenant), authmethods.ID(in.ID()))
	})
	r.Vault.Forget(in.ID())
	return renewed && err == nil, err
}
