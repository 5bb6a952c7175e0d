package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

// CheckKeys compares ring with the check values in the database and records those
// of its new keys. A keyring that is not this database's is refused, before
// anything is sealed with it; the error says which key is wrong and what to do.
func CheckKeys(ctx context.Context, sys db.System, ring *seal.Keyring) error {
	stored, err := checkValues(ctx, sys)
	if err != nil {
		return err
	}
	if err := refuse(ring, stored); err != nil {
		return err
	}
	if len(stored) == 0 {
		if err := checkWithoutValues(ctx, sys, ring); err != nil {
			return err
		}
	}
	own := ring.CheckValues()
	for _, id := range slices.Sorted(maps.Keys(own)) {
		if _, known := stored[id]; known {
			continue
		}
		row := &keyCheckRow{ID: id, CheckValue: own[id], CreatedAt: db.At(time.Now())}
		if err := db.InsertShared(ctx, sys, row); err != nil && !errors.Is(err, db.ErrDuplicate) {
			return fmt.Errorf("vault: recording key %q: %w", id, err)
		}
	}
	// Another process may have begun with another keyring at the same moment.
	if stored, err = checkValues(ctx, sys); err != nil {
		return err
	}
	return refuse(ring, stored)
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
	if _, err := ring.Unwrap(string(in.ID()), []seal.WrappedKey{row.key()}, row.Version); err != nil {
		return fmt.Errorf("the keyring does not belong to this database, which was sealed with key %q: "+
			"put the keyring file back that was used with it: %w", row.KEK, err)
	}
	return nil
}

func checkValues(ctx context.Context, sys db.System) (map[string]string, error) {
	rows, err := db.ListShared[keyCheckRow](ctx, sys, "id")
	if err != nil {
		return nil, fmt.Errorf("vault: reading key check values: %w", err)
	}
	stored := make(map[string]string, len(rows))
	for _, row := range rows {
		stored[row.ID] = row.CheckValue
	}
	return stored, nil
}

func refuse(ring *seal.Keyring, stored map[string]string) error {
	if err := ring.Verify(stored); err != nil {
		return fmt.Errorf("the keyring does not fit this database: %w", err)
	}
	return nil
}
