package session

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// purpose is what a web key is for.
type purpose string

const (
	forCookies    purpose = "cookie"   // seals what browsers hold
	forIdentities purpose = "identity" // signs identities
)

// Every key is used for the same length of time, which begins at a multiple of it
// since 1970. Replicas that make a key at the same time so make the same row, and
// the database takes one.
const (
	keyUse = 30 * 24 * time.Hour
	// keyLead is how long before its use a key is made: it is published for at
	// least a day whenever the rotation runs more often than daily.
	keyLead = 2 * 24 * time.Hour
	// maxLife bounds a session, and so what is sealed in a cookie.
	maxLife = 7 * 24 * time.Hour
	// slack is beyond the life of what was made with a key.
	slack = 24 * time.Hour
)

const (
	hashKeySize   = 64
	blockKeySize  = 32
	cookieKeySize = hashKeySize + blockKeySize
)

// kept is how long a key is kept after its use.
func (p purpose) kept() time.Duration {
	if p == forCookies {
		return maxLife + slack
	}
	return identityLife + slack
}

// random returns a new key for p.
func (p purpose) random() []byte {
	size := cookieKeySize
	if p == forIdentities {
		size = ed25519.SeedSize
	}
	key := make([]byte, size)
	rand.Read(key) // crashes the program rather than fail
	return key
}

// period returns the beginning of the time of use that now is in.
func period(now time.Time) time.Time {
	use := keyUse.Microseconds()
	at := now.UnixMicro()
	return time.UnixMicro(at - at%use).UTC()
}

// clock returns the present time.
type clock func(context.Context) (time.Time, error)

// databaseClock is the only clock that replicas share.
func databaseClock(sys db.System) clock {
	return func(ctx context.Context) (time.Time, error) { return db.Now(ctx, sys) }
}

// makeKey makes the tenant's key for p that is used from the given moment, unless
// somebody else did.
func (s *Sessions) makeKey(ctx context.Context, in db.Tenant, p purpose, from time.Time) error {
	until := from.Add(keyUse)
	row := &webKeyRow{
		Owned: db.Owned{ID: authmethods.ID(token.NewID("wk"))}, Purpose: p,
		UsedFrom: db.At(from), UsedUntil: db.At(until), KeptUntil: db.At(until.Add(p.kept())),
	}
	var err error
	if row.Secret, err = s.o.Vault.Seal(ctx, in, secret.New(string(p.random())), row.place()); err != nil {
		return fmt.Errorf("session: sealing a web key: %w", err)
	}
	if err := db.Insert(ctx, in, row); err != nil && !errors.Is(err, db.ErrDuplicate) {
		return fmt.Errorf("session: storing a web key: %w", err)
	}
	return nil
}

// RotateKeys makes the keys that will be needed soon, for every tenant that has
// any. It may run at any time, on any number of replicas.
func (s *Sessions) RotateKeys(ctx context.Context) error {
	now, err := s.instant(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for after := authmethods.TenantID(""); ; {
		refs, err := db.Refs[webKeyRow](ctx, s.o.System, "tenant_id", portion, db.After("tenant_id", after))
		if err != nil || len(refs) == 0 {
			return errors.Join(append(errs, err)...)
		}
		for _, ref := range refs {
			if ref.TenantID == after {
				continue
			}
			after = ref.TenantID
			// One tenant whose data key is not at hand must not stop the others.
			errs = append(errs, s.rotateOf(ctx, ref.TenantID, now))
		}
	}
}

// rotateOf makes the tenant's keys for the present, and for what comes next if it
// is near.
func (s *Sessions) rotateOf(ctx context.Context, tenant authmethods.TenantID, now time.Time) error {
	in, err := s.o.System.For(tenant, "rotating web keys")
	if err != nil {
		return err
	}
	for _, p := range []purpose{forCookies, forIdentities} {
		if err := s.ensureKey(ctx, in, p, period(now)); err != nil {
			return err
		}
		if next := period(now).Add(keyUse); next.Sub(now) <= keyLead {
			if err := s.ensureKey(ctx, in, p, next); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Sessions) ensureKey(ctx context.Context, in db.Tenant, p purpose, from time.Time) error {
	n, err := db.Count[webKeyRow](ctx, in, db.Eq("purpose", string(p)), db.Eq("used_from", db.At(from)))
	if err != nil || n > 0 {
		return err
	}
	return s.makeKey(ctx, in, p, from)
}

// ReplaceKeys throws the caller's tenant's keys away, for when they may have become
// known. Everybody in the tenant is signed out, and no identity that was signed
// before can be verified any more. New keys are made when they are needed.
func (s *Sessions) ReplaceKeys(ctx context.Context, c authmethods.Caller) error {
	if err := c.May(authmethods.ModifySettings); err != nil {
		return err
	}
	in, err := s.o.DB.For(c)
	if err != nil {
		return err
	}
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		if _, err := db.DeleteIf[webKeyRow](ctx, in, db.NotNull("purpose")); err != nil {
			return err
		}
		e := authmethods.Event{
			Action: "web_keys.replaced", Object: authmethods.ID(in.ID()),
			Changes: map[string]authmethods.Change{"keys": authmethods.SecretChanged},
		}
		if err := audit.Record(ctx, in, c, e); err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Settings), authmethods.ID(in.ID()))
	})
	if err == nil {
		s.keys.forget(in.ID())
	}
	return err
}
