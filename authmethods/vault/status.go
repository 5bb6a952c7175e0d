package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// KeyState is what the database knows of a key-encryption key.
type KeyState struct {
	ID       string
	Active   bool // new data keys are wrapped with it
	Required bool // nobody may work on the database without it
	DataKeys int  // that it wraps
}

// KeyStates lists the key-encryption keys that the database knows of.
func (r *Rotator) KeyStates(ctx context.Context) ([]KeyState, error) {
	known, err := readKeys(ctx, r.Sys)
	if err != nil {
		return nil, err
	}
	rows, err := db.ListShared[keyCheckRow](ctx, r.Sys, "created_at")
	if err != nil {
		return nil, err
	}
	states := []KeyState{}
	for _, row := range rows {
		s := KeyState{ID: row.ID, Active: row.ID == known.active(), Required: row.RequiredAt != 0}
		if s.DataKeys, err = wrappedBy(ctx, r.Sys, row.ID); err != nil {
			return nil, err
		}
		states = append(states, s)
	}
	return states, nil
}

// Usage is how many sealed values there are, and how many of them are sealed with a
// data key that is not their tenant's newest. Waiting counts the tenants whose data
// key the present rotation has yet to replace.
type Usage struct {
	Tenants, Waiting, Values, Older int
}

// Usage counts the sealed values. It reads through all of them.
func (r *Rotator) Usage(ctx context.Context) (Usage, error) {
	var u Usage
	now, err := r.Current(ctx)
	if err != nil {
		return u, err
	}
	err = r.eachTenant(ctx, []db.Filter{db.Eq("active", true)}, func(in db.Tenant) error {
		newest, err := newestOf(ctx, in)
		if err != nil || newest == nil {
			return err
		}
		u.Tenants++
		if now != nil && !now.Finished && newest.CreatedAt.Time().Before(now.DataKeys) {
			u.Waiting++
		}
		for i := range sealedColumns {
			err := db.Query(ctx, in, sealedColumns[i].count, nil, func(scan func(...any) error) error {
				var version []byte
				var n int64
				if err := scan(&version, &n); err != nil {
					return err
				}
				u.Values += int(n)
				if len(version) != 4 || binary.BigEndian.Uint32(version) != newest.Version {
					u.Older += int(n)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return u, err
}

// Verify opens every sealed value of every tenant and returns how many there are. Its
// error names up to a few that do not open, by column.
func (r *Rotator) Verify(ctx context.Context) (tenants, values int, err error) {
	err = r.eachTenant(ctx, []db.Filter{db.Eq("active", true)}, func(in db.Tenant) error {
		tenants++
		sealer, err := r.Vault.Sealer(ctx, in)
		if err != nil {
			return err
		}
		var faults []error
		for i := range sealedColumns {
			c := &sealedColumns[i]
			n, err := verifyColumn(ctx, in, c, func(v value) error {
				_, err := sealer.OpenBytes(v.sealed, c.at(v.row, v.more))
				return err
			})
			values += n
			faults = append(faults, err)
		}
		if err := errors.Join(faults...); err != nil {
			return unavailable(err)
		}
		return nil
	})
	return tenants, values, err
}

func verifyColumn(ctx context.Context, in db.Tenant, c *statements, open func(value) error) (n int, err error) {
	bad := 0
	var first error
	for after := ""; ; {
		values, err := read(ctx, in, c.all, after, page)
		if err != nil {
			return n, err
		}
		if len(values) == 0 {
			break
		}
		after = values[len(values)-1].row
		n += len(values)
		for _, v := range values {
			err := open(v)
			if err == nil {
				continue
			}
			if changed(ctx, in, c, v) {
				continue
			}
			if bad++; first == nil {
				first = err
			}
		}
	}
	if bad > 0 {
		return n, fmt.Errorf("%d of %d values of %s.%s do not open: %w", bad, n, c.table, c.name, first)
	}
	return n, nil
}

// changed reports whether a value was replaced, or its row deleted, since it was read.
func changed(ctx context.Context, in db.Tenant, c *statements, v value) bool {
	n, err := db.Exec(ctx, in, c.swap, v.sealed, v.row, v.sealed) // by itself: nothing changes
	return err == nil && n == 0
}

// Sealing writes down how many values were sealed, by which the age of data keys is
// judged. Call it from time to time and at the end.
func (v *Vault) Sealing(ctx context.Context) error {
	var faults []error
	for tenant, r := range v.sealers.All() {
		n := r.sealer.Sealed()
		if n == 0 {
			continue
		}
		if _, err := db.Exec(ctx, r.tenant, countSealed, n, int64(r.sealer.Active())); err != nil {
			faults = append(faults, fmt.Errorf("vault: counting what was sealed for %s: %w", tenant, err))
		}
	}
	return errors.Join(faults...)
}

var countSealed = db.Prepare(`UPDATE data_keys SET sealed = sealed + ? WHERE data_keys.tenant_id = {tenant} AND version = ?`)

// Held is for how long a server keeps the work of rotation to itself; see [db.Hold].
const Held = time.Minute

// Duty does the work of rotation on one of several servers, the one that has the duty.
func (r *Rotator) Duty(ctx context.Context, holder string) (Progress, error) {
	mine, err := db.Hold(ctx, r.Sys, "rotation of keys", holder, Held)
	if err != nil || !mine {
		return Progress{}, err
	}
	return r.Work(ctx, nil)
}

// jobs is who is named in the audit log where nobody asked for it.
var jobs = authmethods.Actor{Kind: authmethods.ActorJob, Name: "rotation of keys"}

// NewRotator returns the Rotator of a server.
func NewRotator(sys db.System, v *Vault) *Rotator { return &Rotator{Sys: sys, Vault: v, Actor: jobs} }
