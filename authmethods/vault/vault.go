package vault

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

const (
	remembered    = 10 * time.Minute
	maxRemembered = 10_000
)

// Vault gives out the sealers of tenants. It may be shared.
type Vault struct {
	ring    *seal.Keyring
	sealers *otter.Cache[authmethods.TenantID, *seal.Sealer]
	// forgotten counts the calls of Forget: a sealer that was being loaded while
	// one came in is used once and not remembered.
	forgotten atomic.Int64
}

// New returns a Vault whose data keys ring wraps.
func New(ring *seal.Keyring) *Vault {
	return &Vault{ring: ring, sealers: otter.Must(&otter.Options[authmethods.TenantID, *seal.Sealer]{
		MaximumSize:      maxRemembered,
		ExpiryCalculator: otter.ExpiryWriting[authmethods.TenantID, *seal.Sealer](remembered),
	})}
}

// Sealer returns the sealer of the tenant. A tenant without usable data keys gets
// a Problem with the code key_unavailable.
func (v *Vault) Sealer(ctx context.Context, in db.Tenant) (*seal.Sealer, error) {
	if s, ok := v.sealers.GetIfPresent(in.ID()); ok {
		return s, nil
	}
	before := v.forgotten.Load()
	s, err := v.load(ctx, in)
	if err != nil {
		return nil, err
	}
	v.sealers.Set(in.ID(), s)
	if v.forgotten.Load() != before {
		v.sealers.Invalidate(in.ID())
	}
	return s, nil
}

func (v *Vault) load(ctx context.Context, in db.Tenant) (*seal.Sealer, error) {
	rows, err := db.List[dataKeyRow](ctx, in)
	if err != nil {
		return nil, fmt.Errorf("vault: data keys of %s: %w", in.ID(), err)
	}
	var active uint32
	keys := make([]seal.WrappedKey, len(rows))
	for i, row := range rows {
		keys[i] = row.key()
		if row.Active {
			active = max(active, row.Version)
		}
	}
	s, err := v.ring.Unwrap(string(in.ID()), keys, active)
	if err != nil {
		return nil, unavailable(err)
	}
	return s, nil
}

// Seal encrypts plain for the place at.
func (v *Vault) Seal(ctx context.Context, in db.Tenant, plain secret.Text, at seal.Place) ([]byte, error) {
	s, err := v.Sealer(ctx, in)
	if err != nil {
		return nil, err
	}
	return s.Seal(plain, at)
}

// Open decrypts a value of the tenant that was sealed for the place at.
func (v *Vault) Open(ctx context.Context, in db.Tenant, sealed []byte, at seal.Place) (secret.Text, error) {
	plain, err := v.OpenBytes(ctx, in, sealed, at)
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(string(plain)), nil
}

// OpenBytes is [Vault.Open] for what is not text.
func (v *Vault) OpenBytes(ctx context.Context, in db.Tenant, sealed []byte, at seal.Place) ([]byte, error) {
	s, err := v.Sealer(ctx, in)
	if err != nil {
		return nil, err
	}
	plain, err := s.OpenBytes(sealed, at)
	if errors.Is(err, seal.ErrUnknownKey) {
		// Another process may have given the tenant a new data key meanwhile.
		v.Forget(in.ID())
		if s, err = v.Sealer(ctx, in); err != nil {
			return nil, err
		}
		plain, err = s.OpenBytes(sealed, at)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return plain, nil
}

// Provision makes the tenant's first data key, in the transaction that makes the
// tenant.
func (v *Vault) Provision(ctx context.Context, in db.Tenant) error {
	key, err := v.ring.NewDataKey(string(in.ID()), 1)
	if err != nil {
		return fmt.Errorf("vault: new data key: %w", err)
	}
	return db.Insert(ctx, in, newDataKeyRow(key))
}

// Shred deletes the tenant's data keys: what they sealed can never be opened
// again. Other processes forget them when they hear of the tenant's change.
func (v *Vault) Shred(ctx context.Context, in db.Tenant) error {
	_, err := db.DeleteIf[dataKeyRow](ctx, in, db.NotNull("version"))
	return err
}

// Forget drops what is remembered of a tenant, whose keys have changed or are no
// more. Call it after the transaction that changed them.
func (v *Vault) Forget(tenant authmethods.TenantID) {
	v.forgotten.Add(1)
	v.sealers.Invalidate(tenant)
}

// ForgetAll drops everything remembered.
func (v *Vault) ForgetAll() {
	v.forgotten.Add(1)
	v.sealers.InvalidateAll()
}

// unavailable explains a fault of keys or ciphertext. Waiting does not help, but
// it does not pass by itself either: an operator must act.
func unavailable(err error) error {
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeKeyUnavailable,
		Detail: "The stored secrets cannot be opened: the key for them is not at hand, or they were altered.",
		Err:    fmt.Errorf("vault: %w", err),
	}
}
