package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/maypok86/otter/v2"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/vault"
)

// Options are what Sessions need.
type Options struct {
	DB        *db.DB
	System    db.System
	Vault     *vault.Vault
	PublicURL authmethods.PublicURL
	// Frozen returns the problem of a freeze that keeps sessions from beginning in a
	// tenant; nil: there are no freezes.
	Frozen func(context.Context, authmethods.TenantID) error
	Log    *slog.Logger // may be nil
}

// Sessions keeps the sessions of all tenants. It may be shared.
type Sessions struct {
	o       Options
	keys    *keyMemory
	signed  *otter.Cache[signedFor, signedIdentity]
	instant clock
}

// New returns Sessions on an open database. Pass what the feed says to
// [Sessions.Heard], and call [Sessions.RotateKeys] and [Sessions.Prune] every few
// hours.
func New(o Options) *Sessions {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Sessions{
		o: o, keys: newKeyMemory(), instant: databaseClock(o.System),
		signed: otter.Must(&otter.Options[signedFor, signedIdentity]{
			MaximumSize:      maxSigned,
			ExpiryCalculator: otter.ExpiryWriting[signedFor, signedIdentity](identityLife / 2),
		}),
	}
}

// Heard drops the keys that are remembered of a tenant that changed. Subscribe it
// to the feed. Sessions themselves are not remembered.
func (s *Sessions) Heard(c feed.Change) {
	switch c.Kind {
	case feed.Everything:
		s.keys.forgetAll()
		s.signed.InvalidateAll()
	case feed.Tenant, feed.Settings:
		s.keys.forget(c.Tenant)
	case feed.Session:
		s.signed.Invalidate(signedFor{c.Tenant, c.Object})
	}
}

// Means is how somebody proved who they are.
type Means string

// The means.
const (
	SSO      Means = "sso"
	Password Means = "password"
	Passkey  Means = "passkey"
)

// Session is a person's stay in one browser.
type Session struct {
	ID           authmethods.ID
	User         authmethods.ID
	Connector    authmethods.ID // empty: a password or passkey
	Identity     authmethods.ID // the pinned account; empty as above
	Means        Means
	SecondFactor bool
	Issuer       string // of the provider; empty as above
	ProviderSID  string // the provider's own name of its session; empty: none was given
	Address      string // where it was begun from
	UserAgent    string
	CreatedAt    time.Time
	SeenAt       time.Time // to the minute
	ExpiresAt    time.Time // at the latest
}

// notSignedIn is the one answer to everybody who has no session, whatever the
// reason.
func notSignedIn() *authmethods.Problem {
	return &authmethods.Problem{
		Kind: authmethods.Unauthenticated, Code: authmethods.CodeNotSignedIn,
		Detail: "Nobody is signed in here, or the session has ended.",
	}
}
