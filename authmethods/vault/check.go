package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

// keyCheckRow is a key-encryption key that the database knows of.
type keyCheckRow struct {
	db.Shared  `gorm:"-"`
	ID         string `gorm:"primaryKey"`
	CheckValue string
	CreatedAt  db.Time `gorm:"autoCreateTime:false"`
	// RequiredAt is since when nobody may work on the database without the key,
	// ActiveAt since when new data keys are wrapped with it. Of several that are
	// active the newest counts.
	RequiredAt db.Time
	ActiveAt   db.Time
}

// TableName implements GORM's naming.
func (keyCheckRow) TableName() string { return "key_checks" }

// keys are the key-encryption keys that a database knows of, by id.
type keys map[string]keyCheckRow

func readKeys(ctx context.Context, sys db.System) (keys, error) {
	rows, err := db.ListShared[keyCheckRow](ctx, sys, "id")
	if err != nil {
		return nil, fmt.Errorf("vault: reading key check values: %w", err)
	}
	all := make(keys, len(rows))
	for _, row := range rows {
		all[row.ID] = row
	}
	return all, nil
}

// active is the key that wraps new data keys; "" if that was never decided.
func (k keys) active() (id string) {
	for _, row := range k {
		if row.ActiveAt > k[id].ActiveAt {
			id = row.ID
		}
	}
	return id
}

// refuse says what is wrong with a keyring. One may lack a key that is only waiting
// for all servers to have it. In a database as it was before keys could wait, none
// does.
func (k keys) refuse(ctx context.Context, ring *seal.Keyring) error {
	waits := false
	for _, row := range k {
		waits = waits || row.RequiredAt != 0
	}
	stored := map[string]string{}
	for id, row := range k {
		if slices.Contains(ring.IDs(), id) || row.RequiredAt != 0 || !waits {
			stored[id] = row.CheckValue
		}
	}
	err := ring.Verify(ctx, stored)
	if errors.Is(err, seal.ErrUnavailable) {
		return unavailable(err)
	}
	if err != nil {
		return fmt.Errorf("the keyring does not fit this database: %w", err)
	}
	return nil
}

// Fits reports whether ring is the keyring of this database. It changes nothing, and
// the schema may be an older one.
func Fits(ctx context.Context, sys db.System, ring *seal.Keyring) error {
	known, err := readKeys(ctx, sys)
	if err != nil {
		return err
	}
	if err := known.refuse(ctx, ring); err != nil || len(known) > 0 {
		return err
	}
	return checkWithoutValues(ctx, sys, ring)
}

// CheckKeys compares ring with the check values in the database. A keyring that is not
// this database's is refused, before anything is sealed with it; the error says which
// key is wrong and what to do. A database that knows no keys gets to know those of
// ring. What ring has beyond that is of no use until a [Rotator] leads to it.
func CheckKeys(ctx context.Context, sys db.System, ring *seal.Keyring) error {
	if err := Fits(ctx, sys, ring); err != nil {
		return err
	}
	known, err := readKeys(ctx, sys)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		for _, id := range ring.IDs() {
			if err := record(ctx, sys, ring, id, true); err != nil {
				return err
			}
		}
	}
	// Another process may have begun with another keyring at the same moment.
	if known, err = readKeys(ctx, sys); err != nil {
		return err
	}
	if err := known.refuse(ctx, ring); err != nil {
		return err
	}
	if _, ok := known[ring.Active()]; ok && known.active() == "" {
		sets := []db.Set{db.ToFromNow("active_at", 0)}
		_, err = db.UpdateShared[keyCheckRow](ctx, sys, sets, db.Eq("id", ring.Active()), db.IsNull("active_at"))
	}
	return err
}

// record makes a key known to the database.
func record(ctx context.Context, sys db.System, ring *seal.Keyring, id string, required bool) error {
	value, err := ring.CheckValue(ctx, id)
	if err != nil {
		return unavailable(err)
	}
	row := &keyCheckRow{ID: id, CheckValue: value, CreatedAt: db.At(time.Now())}
	if required {
		row.RequiredAt = row.CreatedAt
	}
	if err := db.InsertShared(ctx, sys, row); err != nil && !errors.Is(err, db.ErrDuplicate) {
		return fmt.Errorf("vault: recording key %q: %w", id, err)
	}
	return nil
}

// checkWithoutValues judges by the data keys, for a database whose check values
// are gone: they must be of this keyring.
func checkWithoutValues(ctx context.Context, sys db.System, ring *seal.Keyring) error {
	refs, err := db.Refs[dataKeyRow](ctx, sys, "id", 1)
	if err != nil || len(refs) == 0 {
		return err
	}
	in, err := sys.For(refs[0].TenantID, "checking the keyring")
	if err != nil {
		return err
	}
	row, err := db.Get[dataKeyRow](ctx, in, refs[0].ID)
	if err != nil {
		return fmt.Errorf("vault: reading a data key: %w", err)
	}
	_, err = ring.Unwrap(ctx, string(in.ID()), []seal.WrappedKey{row.key()}, row.Version, nil)
	if errors.Is(err, seal.ErrUnavailable) {
		return unavailable(err)
	}
	if err != nil {
		return fmt.Errorf("the keyring does not belong to this database, which was sealed with key %q: "+
			"put the keyring file back that was used with it: %w", row.KEK, err)
	}
	return nil
}

// Take has the vault work with ring from now on, if it is this database's keyring: new
// data keys are wrapped with the key that is active in the database, whatever is
// marked in ring. It reports whether that changed anything.
func (v *Vault) Take(ctx context.Context, sys db.System, ring *seal.Keyring) (bool, error) {
	if err := CheckKeys(ctx, sys, ring); err != nil {
		return false, err
	}
	known, err := readKeys(ctx, sys)
	if err != nil {
		return false, err
	}
	if active := known.active(); active != "" && active != ring.Active() {
		if ring, err = ring.Activate(active); err != nil {
			return false, err
		}
	}
	old := v.ring.Swap(ring)
	return old.Active() != ring.Active() || !slices.Equal(old.IDs(), ring.IDs()), nil
}

// Heed has the vault wrap new data keys with the key that is active in the database by
// now, and reports whether that changed. It is an error, and changes nothing, if a key
// is required that the vault does not have.
func (v *Vault) Heed(ctx context.Context, sys db.System) (bool, error) {
	known, err := readKeys(ctx, sys)
	if err != nil {
		return false, err
	}
	ring := v.ring.Load()
	for _, row := range known {
		if row.RequiredAt != 0 && !slices.Contains(ring.IDs(), row.ID) {
			return false, fmt.Errorf("key %q is missing in the keyring of this server and needed on this database: add its line to the keyring file", row.ID)
		}
	}
	active := known.active()
	if active == "" || active == ring.Active() {
		return false, nil
	}
	next, err := ring.Activate(active)
	if err != nil {
		return false, err
	}
	return v.ring.CompareAndSwap(ring, next), nil
}

// Keys lists the key-encryption keys that the vault holds, the one that it wraps new
// data keys with first.
func (v *Vault) Keys() []string {
	ring := v.ring.Load()
	ids := []string{ring.Active()}
	for _, id := range ring.IDs() {
		if id != ring.Active() {
			ids = append(ids, id)
		}
	}
	return ids
}
