package vault

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

const (
	// unwrapped is how long unwrapped data keys are good without asking for their
	// key-encryption keys again.
	unwrapped = 10 * time.Minute
	// outage is how long they are used on while the service that keeps the
	// key-encryption key does not answer. One that refuses is heeded at once.
	outage = 24 * time.Hour
	// breath is the time between attempts during an outage.
	breath = 15 * time.Second

	maxRemembered = 10_000
	patience      = 10 * time.Second
)

// Vault gives out the sealers of tenants. It may be shared.
type Vault struct {
	ring    atomic.Pointer[seal.Keyring]
	sealers *otter.Cache[authmethods.TenantID, *remembered]
	loads   singleflight.Group
	// forgotten counts the calls of ForgetAll, and those of Forget: a sealer that was
	// being loaded while one came in is used once and then loaded again.
	forgotten atomic.Int64
	all       atomic.Int64
}

// remembered is a sealer in memory.
type remembered struct {
	sealer *seal.Sealer
	tenant db.Tenant
	asked  time.Time    // when the key-encryption keys were asked last
	again  atomic.Int64 // Unix microseconds of the next attempt in an outage; 0: there is none
	all    int64        // Vault.all when it was loaded
	stale  atomic.Bool  // the tenant's keys may have changed
}

// New returns a Vault whose data keys ring wraps.
func New(ring *seal.Keyring) *Vault {
	v := &Vault{sealers: otter.Must(&otter.Options[authmethods.TenantID, *remembered]{
		MaximumSize:      maxRemembered,
		ExpiryCalculator: otter.ExpiryWriting[authmethods.TenantID, *remembered](outage),
	})}
	v.ring.Store(ring)
	return v
}

// Sealer returns the sealer of the tenant. A tenant without usable data keys gets
// a Problem with the code key_unavailable, one whose keys are elsewhere and cannot be
// asked for at present one that is temporary.
func (v *Vault) Sealer(ctx context.Context, in db.Tenant) (*seal.Sealer, error) {
	r, ok := v.sealers.GetIfPresent(in.ID())
	if ok && v.good(r) {
		return r.sealer, nil
	}
	if in.InTx() { // which may see more than others do
		return v.load(ctx, in)
	}
	s, err, _ := v.loads.Do(string(in.ID()), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return v.load(ctx, in)
	})
	if err != nil {
		return nil, err
	}
	return s.(*seal.Sealer), nil
}

// good reports whether what is remembered may be used as it is.
func (v *Vault) good(r *remembered) bool {
	if r.stale.Load() || r.all != v.all.Load() {
		return false
	}
	return time.Since(r.asked) < unwrapped || time.Now().UnixMicro() < r.again.Load()
}

// load reads the tenant's data keys and unwraps those that are not at hand.
func (v *Vault) load(ctx context.Context, in db.Tenant) (*seal.Sealer, error) {
	before := v.forgotten.Load()
	next := &remembered{asked: time.Now(), all: v.all.Load(), tenant: in.Lasting()}
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
	had, ok := v.sealers.GetIfPresent(in.ID())
	var known *seal.Sealer
	if ok && time.Since(had.asked) < unwrapped {
		known, next.asked = had.sealer, had.asked
	}
	s, err := v.ring.Load().Unwrap(ctx, string(in.ID()), keys, active, known)
	if errors.Is(err, seal.ErrUnavailable) && ok && time.Since(had.asked) < outage {
		next.asked = had.asked
		next.again.Store(time.Now().Add(breath).UnixMicro())
		s, err = v.ring.Load().Unwrap(ctx, string(in.ID()), keys, active, had.sealer)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	next.sealer = s.Only(declared).Follow(func() (*seal.Sealer, error) { return v.newer(next.tenant) })
	v.sealers.Set(in.ID(), next)
	if v.forgotten.Load() != before {
		next.stale.Store(true)
	}
	return next.sealer, nil
}

// newer returns the sealer of a tenant of whose keys a later one was met.
func (v *Vault) newer(in db.Tenant) (*seal.Sealer, error) {
	v.Forget(in.ID())
	return v.Sealer(context.Background(), in)
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
	if err != nil {
		return nil, unavailable(err)
	}
	return plain, nil
}

// Provision makes the tenant's first data key, in the transaction that makes the
// tenant.
func (v *Vault) Provision(ctx context.Context, in db.Tenant) error {
	key, err := v.ring.Load().NewDataKey(ctx, string(in.ID()), 1)
	if err != nil {
		return unavailable(err)
	}
	return v.insert(ctx, in, key, 0)
}

// Shred deletes the tenant's data keys: what they sealed can never be opened
// again. Other processes forget them when they hear of the tenant's change.
func (v *Vault) Shred(ctx context.Context, in db.Tenant) error {
	_, err := db.DeleteIf[dataKeyRow](ctx, in, db.NotNull("version"))
	return err
}

// Forget has the tenant's keys read again, which have changed or are no more. Call it
// after the transaction that changed them.
func (v *Vault) Forget(tenant authmethods.TenantID) {
	v.forgotten.Add(1)
	if r, ok := v.sealers.GetIfPresent(tenant); ok {
		r.stale.Store(true)
	}
}

// ForgetAll has the keys of all tenants read again.
func (v *Vault) ForgetAll() {
	v.forgotten.Add(1)
	v.all.Add(1)
}

// unavailable explains a fault of keys or ciphertext. A service that does not answer
// will; nothing else here passes by itself: an operator must act.
func unavailable(err error) error {
	var p *authmethods.Problem
	switch {
	case errors.As(err, &p): // of the database, when a later key was looked for
		return err
	case errors.Is(err, seal.ErrUnavailable):
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeKeyServiceUnavailable,
			Detail: "The stored secrets cannot be opened at present: the service that keeps their key does not answer.",
			Err:    fmt.Errorf("vault: %w", err),
		}
	}
	return &authmethods.Problem{
		Kind: authmethods.HumanNeeded, Code: authmethods.CodeKeyUnavailable,
		Detail: "The stored secrets cannot be opened: the key for them is not at hand, or they were altered.",
		Err:    fmt.Errorf("vault: %w", err),
	}
}
