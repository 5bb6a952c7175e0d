package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

// Rotator rotates the keys of an installation while it runs. Each step may be cut off
// at any point and be done again by anybody: by a command or by any server.
type Rotator struct {
	Sys   db.System
	Vault *Vault
	Actor authmethods.Actor // who is named in the audit log

	clean map[authmethods.TenantID]uint32 // found without values older than that version
}

// Rotation is what the last rotation is about.
type Rotation struct {
	KEK      string // the key-encryption key that it leads to
	BeganAt  time.Time
	DataKeys time.Time // data keys older than that are replaced; zero: none
	Finished bool
}

// rotationRow is the one row of its table.
type rotationRow struct {
	db.Shared      `gorm:"-"`
	ID             string `gorm:"primaryKey"`
	KEK            string
	BeganAt        db.Time
	DataKeysBefore db.Time
	FinishedAt     db.Time
}

// TableName implements GORM's naming.
func (rotationRow) TableName() string { return "key_rotations" }

const theRotation = "rotation"

// Current returns the last rotation; nil: there was none.
func (r *Rotator) Current(ctx context.Context) (*Rotation, error) {
	rows, err := db.ListShared[rotationRow](ctx, r.Sys, "id", db.Eq("id", theRotation))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	row := rows[0]
	return &Rotation{
		KEK: row.KEK, BeganAt: row.BeganAt.Time(), DataKeys: row.DataKeysBefore.Time(), Finished: row.FinishedAt != 0,
	}, nil
}

// Begin begins a rotation to a key-encryption key, or goes on with one that is not
// finished. An empty to is the next id that no key ever had here. The key itself need
// not exist yet: call Aim when it does.
func (r *Rotator) Begin(ctx context.Context, to string, dataKeys bool) (now *Rotation, resumed bool, err error) {
	err = db.SystemTx(ctx, r.Sys, func(s db.System) error {
		in := &Rotator{Sys: s, Vault: r.Vault}
		if now, err = in.Current(ctx); err != nil {
			return err
		}
		resumed = now != nil && !now.Finished
		switch {
		case resumed && to != "" && to != now.KEK:
			return fmt.Errorf("a rotation to key %q is not finished: finish it first, with «latchkey keyring rotate»", now.KEK)
		case !resumed:
			if to == "" {
				if to, err = in.nextID(ctx, now); err != nil {
					return err
				}
			}
			if _, err := db.DeleteShared[rotationRow](ctx, s, db.Eq("id", theRotation)); err != nil {
				return err
			}
			if err := db.InsertShared(ctx, s, &rotationRow{ID: theRotation, KEK: to, BeganAt: db.At(time.Now())}); err != nil {
				return err
			}
		}
		if dataKeys && (!resumed || now.DataKeys.IsZero()) {
			_, err = db.UpdateShared[rotationRow](ctx, s, []db.Set{db.ToFromNow("data_keys_before", 0)}, db.Eq("id", theRotation))
		}
		if err == nil {
			now, err = in.Current(ctx)
		}
		return err
	})
	return now, resumed, err
}

// nextID is an id that neither the database nor the keyring has, nor had lately.
func (r *Rotator) nextID(ctx context.Context, last *Rotation) (string, error) {
	known, err := readKeys(ctx, r.Sys)
	if err != nil {
		return "", err
	}
	ids := r.Vault.ring.Load().IDs()
	for id := range known {
		ids = append(ids, id)
	}
	if last != nil {
		ids = append(ids, last.KEK)
	}
	return seal.NextID(ids), nil
}

// Aim makes the key known to the database that a rotation leads to. The vault must
// have it. From then on a keyring with another key of that id is refused.
func (r *Rotator) Aim(ctx context.Context, id string) error {
	if err := record(ctx, r.Sys, r.Vault.ring.Load(), id, false); err != nil {
		return err
	}
	return CheckKeys(ctx, r.Sys, r.Vault.ring.Load())
}

// Require has nobody work on the database any more without the key. Call it when all
// servers have it, and look afterwards whether one has begun meanwhile that does not.
func (r *Rotator) Require(ctx context.Context, id string) error {
	_, err := db.UpdateShared[keyCheckRow](ctx, r.Sys, []db.Set{db.ToFromNow("required_at", 0)}, db.Eq("id", id), db.IsNull("required_at"))
	return err
}

// Activate has all new data keys wrapped with the key. Call it when all servers have
// the key.
func (r *Rotator) Activate(ctx context.Context, id string) error {
	return db.SystemTx(ctx, r.Sys, func(s db.System) error {
		known, err := readKeys(ctx, s)
		if err != nil {
			return err
		}
		from := known.active()
		if from == id {
			return nil
		}
		if known[id].RequiredAt == 0 {
			return fmt.Errorf("vault: key %q is not required yet", id)
		}
		now, err := db.Now(ctx, s)
		if err != nil {
			return err
		}
		// The clock may have been set back; what was active before must not win.
		at := max(db.At(now), known[from].ActiveAt+1)
		if _, err := db.UpdateShared[keyCheckRow](ctx, s, []db.Set{db.To("active_at", at)}, db.Eq("id", id)); err != nil {
			return err
		}
		in, err := s.For(authmethods.Platform, "recording the rotation of keys")
		if err != nil {
			return err
		}
		return r.audit(ctx, in, "encryption_key.activated", id, map[string]authmethods.Change{"key": {From: from, To: id}})
	})
}

// ErrInUse means that a key cannot be dropped.
var ErrInUse = errors.New("the key is in use")

// Drop has the database forget a key-encryption key which wraps nothing any more, and
// returns how many data keys it wraps otherwise.
func (r *Rotator) Drop(ctx context.Context, id string) (uses int, err error) {
	err = db.SystemTx(ctx, r.Sys, func(s db.System) error {
		known, err := readKeys(ctx, s)
		if err != nil {
			return err
		}
		if now, err := (&Rotator{Sys: s}).Current(ctx); err != nil {
			return err
		} else if known.active() == id || now != nil && !now.Finished && now.KEK == id {
			return fmt.Errorf("%w: new data keys are wrapped with %q, or will be", ErrInUse, id)
		}
		// First the row: whoever stores a data key meanwhile holds it, or finds it gone.
		gone, err := db.DeleteShared[keyCheckRow](ctx, s, db.Eq("id", id))
		if err != nil {
			return err
		}
		if uses, err = wrappedBy(ctx, s, id); err != nil {
			return err
		}
		if uses > 0 {
			return fmt.Errorf("%w: %q wraps %d data keys", ErrInUse, id, uses)
		}
		if gone == 0 {
			return nil
		}
		in, err := s.For(authmethods.Platform, "recording that a key was dropped")
		if err != nil {
			return err
		}
		return r.audit(ctx, in, "encryption_key.dropped", id, map[string]authmethods.Change{"key": {From: id}})
	})
	return uses, err
}

func wrappedBy(ctx context.Context, s db.System, id string) (int, error) {
	refs, err := db.Refs[dataKeyRow](ctx, s, "id", 1<<30, db.Eq("kek", id))
	return len(refs), err
}

func (r *Rotator) audit(ctx context.Context, in db.Tenant, action, object string, changes map[string]authmethods.Change) error {
	c := authmethods.NewCaller(in.ID(), r.Actor, nil, "")
	return audit.Record(ctx, in, c, authmethods.Event{Action: action, Object: authmethods.ID(object), Changes: changes})
}
