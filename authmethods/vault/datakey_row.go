package vault

import (
	"context"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/token"
)

type dataKeyRow struct {
	db.Owned
	Version    uint32
	KEK        string
	Wrapped    []byte
	Active     bool
	Sealed     int64
	ResealedAt db.Time
}

// TableName implements GORM's naming.
func (dataKeyRow) TableName() string { return "data_keys" }

func newDataKeyRow(k seal.WrappedKey) *dataKeyRow {
	row := &dataKeyRow{Version: k.Version, KEK: k.KEK, Wrapped: k.Wrapped, Active: true}
	row.ID = authmethods.ID(token.NewID("dk"))
	return row
}

func (r *dataKeyRow) key() seal.WrappedKey {
	return seal.WrappedKey{Version: r.Version, KEK: r.KEK, Wrapped: r.Wrapped}
}

// insert stores a data key in the transaction of in. at is the time of its making; 0:
// now.
func (v *Vault) insert(ctx context.Context, in db.Tenant, key seal.WrappedKey, at db.Time) error {
	if err := stillThere(ctx, in, key.KEK); err != nil {
		return err
	}
	row := newDataKeyRow(key)
	row.CreatedAt = at
	return db.Insert(ctx, in, row)
}

// stillThere keeps a key-encryption key from being dropped before the transaction of
// in is over, which stores what it wraps.
func stillThere(ctx context.Context, in db.Tenant, kek string) error {
	there, err := db.Pin[keyCheckRow](ctx, in, kek)
	if err != nil || there {
		return err
	}
	if any, err := db.AnyShared[keyCheckRow](ctx, in); err != nil || !any {
		return err // a database in which keys are not checked yet
	}
	return &authmethods.Problem{
		Kind: authmethods.Unavailable, Code: authmethods.CodeKeyServiceUnavailable,
		Detail: "The keys are being rotated. Try again in a moment.",
		Err:    fmt.Errorf("vault: key %q was dropped meanwhile", kek),
	}
}
