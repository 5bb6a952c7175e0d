package session

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/gorilla/securecookie"
	"github.com/maypok86/otter/v2"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

const (
	// keysGood is how long opened keys are remembered.
	keysGood       = 30 * time.Second
	maxKeysTenants = 10_000
)

// keySet is what a tenant has of keys that are kept, opened.
type keySet struct {
	read    time.Time // by the database's clock
	local   time.Time // the same moment by the process's monotonic clock
	cookies []cookieKey
	signing []signingKey
}

// validity is when a key is used.
type validity struct{ from, until time.Time }

func (v validity) usedAt(now time.Time) bool { return !now.Before(v.from) && now.Before(v.until) }

type cookieKey struct {
	validity
	codec *securecookie.SecureCookie
}

type signingKey struct {
	validity
	id     string
	public ed25519.PublicKey
	signer jose.Signer
}

// now is the present by the database's clock.
func (k *keySet) now() time.Time { return k.read.Add(time.Since(k.local)) }

// sealing returns the codec to seal a cookie with; nil: there is none.
func (k *keySet) sealing() *securecookie.SecureCookie {
	now := k.now()
	for _, key := range k.cookies {
		if key.usedAt(now) {
			return key.codec
		}
	}
	return nil
}

// signer returns the key to sign with; nil: there is none.
func (k *keySet) signer() *signingKey {
	now := k.now()
	for i := range k.signing {
		if k.signing[i].usedAt(now) {
			return &k.signing[i]
		}
	}
	return nil
}

// complete reports whether there is a key in use for each purpose.
func (k *keySet) complete() bool { return k.sealing() != nil && k.signer() != nil }

// keyMemory remembers the opened keys of tenants for a short time.
type keyMemory struct {
	sets *otter.Cache[authmethods.TenantID, *keySet]
	// forgotten counts what was forgotten: keys that were being read meanwhile are
	// used once and not remembered.
	forgotten atomic.Int64
}

func newKeyMemory() *keyMemory {
	return &keyMemory{sets: otter.Must(&otter.Options[authmethods.TenantID, *keySet]{
		MaximumSize:      maxKeysTenants,
		ExpiryCalculator: otter.ExpiryWriting[authmethods.TenantID, *keySet](keysGood),
	})}
}

func (m *keyMemory) forget(tenant authmethods.TenantID) {
	m.forgotten.Add(1)
	m.sets.Invalidate(tenant)
}

func (m *keyMemory) forgetAll() {
	m.forgotten.Add(1)
	m.sets.InvalidateAll()
}

// keysOf returns the tenant's keys with one in use for each purpose. It makes what
// is missing.
func (s *Sessions) keysOf(ctx context.Context, tenant authmethods.TenantID) (*keySet, error) {
	if set, ok := s.keys.sets.GetIfPresent(tenant); ok && set.complete() {
		return set, nil
	}
	in, err := s.o.System.For(tenant, "opening web keys")
	if err != nil {
		return nil, err
	}
	before := s.keys.forgotten.Load()
	set, err := s.loadKeys(ctx, in)
	if err == nil && !set.complete() {
		if err = s.rotateOf(ctx, tenant, set.read); err == nil {
			set, err = s.loadKeys(ctx, in)
		}
	}
	if err != nil {
		return nil, err
	}
	if !set.complete() {
		return nil, fmt.Errorf("session: the web keys of %s are of another time", tenant)
	}
	s.keys.sets.Set(tenant, set)
	if s.keys.forgotten.Load() != before {
		s.keys.sets.Invalidate(tenant)
	}
	return set, nil
}

// loadKeys reads and opens the keys that are not past their time.
func (s *Sessions) loadKeys(ctx context.Context, in db.Tenant) (*keySet, error) {
	now, err := s.instant(ctx)
	if err != nil {
		return nil, err
	}
	set := &keySet{read: now, local: time.Now()}
	rows, err := db.List[webKeyRow](ctx, in, db.After("kept_until", db.At(now)))
	if err != nil {
		return nil, fmt.Errorf("session: reading web keys: %w", err)
	}
	for i := range rows {
		plain, err := s.o.Vault.OpenBytes(ctx, in, rows[i].Secret, rows[i].place())
		if err != nil {
			return nil, fmt.Errorf("session: opening a web key: %w", err)
		}
		if err := set.add(&rows[i], plain); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func (k *keySet) add(row *webKeyRow, plain []byte) error {
	v := validity{row.UsedFrom.Time(), row.UsedUntil.Time()}
	switch {
	case row.Purpose == forCookies && len(plain) == cookieKeySize:
		k.cookies = append(k.cookies, cookieKey{v, newCodec(plain)})
		return nil
	case row.Purpose == forIdentities && len(plain) == ed25519.SeedSize:
		key, err := newSigningKey(string(row.ID), plain, v)
		k.signing = append(k.signing, key)
		return err
	}
	return fmt.Errorf("session: the web key %s is not of its purpose", row.ID)
}
