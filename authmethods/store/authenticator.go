package store

import (
	"context"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/token"
)

// Authenticator tells services by their API keys.
type Authenticator struct {
	o    Options
	keys *remembered[authmethods.ID, *credential]
	// decoy is compared with where there is nothing to compare with, so that an
	// unknown key takes no less time than a wrong one.
	decoy token.Hash
}

// credential is a key with all that decides whether it is good. It does not
// change, except for when it was used.
type credential struct {
	key       authmethods.ID
	hash      token.Hash
	service   authmethods.Service
	revoked   bool
	expiresAt time.Time
	tenantOff bool
	used      atomic.Int64 // Unix seconds; 0: not since it was last written down
}

// NewAuthenticator returns an Authenticator. Pass what the feed says to
// [Authenticator.Heard], and have [Authenticator.Flush] write down when keys
// were used.
func NewAuthenticator(o Options) *Authenticator {
	_, _, decoy := token.NewKey()
	return &Authenticator{o: o, keys: remember[authmethods.ID, *credential](100_000), decoy: decoy}
}

// invalidKey is the one answer to every key that is not good, whatever the reason.
func invalidKey() error {
	return &authmethods.Problem{
		Kind: authmethods.Unauthenticated, Code: authmethods.CodeInvalidAPIKey,
		Detail: "The API key is missing, unknown, expired or revoked.",
	}
}

// Service returns the service whose key was presented. Its permits are shared and
// must not be changed; its keys are left out.
func (a *Authenticator) Service(ctx context.Context, presented string) (authmethods.Service, error) {
	id, shown, ok := token.ParseKey(presented)
	if !ok {
		return authmethods.Service{}, invalidKey()
	}
	c, err := a.keys.get(ctx, authmethods.ID(id), a.load)
	switch {
	case authmethods.KindOf(err) == authmethods.NotFound:
		a.decoy.Match(shown)
		return authmethods.Service{}, invalidKey()
	case err != nil:
		return authmethods.Service{}, err
	}
	now := time.Now()
	if !c.hash.Match(shown) || !c.good(now) {
		return authmethods.Service{}, invalidKey()
	}
	if at := now.Unix(); c.used.Load() != at {
		c.used.Store(at)
	}
	return c.service, nil
}

func (c *credential) good(now time.Time) bool {
	return !c.revoked && !c.tenantOff && !c.service.Disabled && (c.expiresAt.IsZero() || now.Before(c.expiresAt))
}

func (a *Authenticator) load(ctx context.Context, id authmethods.ID) (*credential, error) {
	refs, err := db.Refs[keyRow](ctx, a.o.System, "id", 1, db.Eq("id", id))
	if err != nil {
		return nil, doing("looking a key up", err)
	}
	if len(refs) == 0 {
		return nil, authmethods.Missing()
	}
	in, err := a.o.System.For(refs[0].TenantID, "authenticating a service by its key")
	if err != nil {
		return nil, err
	}
	row, err := db.Get[keyRow](ctx, in, id)
	if err != nil {
		return nil, doing("reading a key", err)
	}
	service, err := db.Get[serviceRow](ctx, in, row.ServiceID)
	if err != nil {
		return nil, doing("reading a service", err)
	}
	permits, err := db.List[permitRow](ctx, in, db.Eq("service_id", service.ID))
	if err != nil {
		return nil, doing("reading permits", err)
	}
	tenant, err := tenantBy(ctx, a.o.System, db.Eq("id", in.ID()))
	if err != nil {
		return nil, err
	}
	hash, err := token.HashFrom(row.Hash)
	if err != nil {
		return nil, doing("reading a key", err)
	}
	return &credential{
		key: id, hash: hash, service: service.service(permits, nil),
		revoked: row.RevokedAt != 0, expiresAt: row.ExpiresAt.Time(), tenantOff: tenant.DisabledAt != 0,
	}, nil
}

// Heard drops what is remembered of a tenant whose services have changed.
// Subscribe it to the feed.
func (a *Authenticator) Heard(c feed.Change) {
	switch c.Kind {
	case feed.Everything:
		a.keys.forgetAll()
	case feed.Service, feed.Tenant:
		a.keys.forget(func(have *credential) bool { return have.service.Tenant == c.Tenant })
	}
}

// Flush writes down when keys were last used.
func (a *Authenticator) Flush(ctx context.Context) error {
	for _, have := range a.keys.present.All() {
		c := have.value
		at := c.used.Swap(0)
		if at == 0 {
			continue
		}
		in, err := a.o.System.For(c.service.Tenant, "writing down when a key was used")
		if err != nil {
			return err
		}
		used := db.At(time.Unix(at, 0))
		sets := []db.Set{db.To("last_used_at", used)}
		if _, err := db.UpdateIf[keyRow](ctx, in, c.key, sets); err != nil {
			return doing("writing down when a key was used", err)
		}
	}
	return nil
}
