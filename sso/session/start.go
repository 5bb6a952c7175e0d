package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// Start is what a session begins with: somebody who has proved who they are.
type Start struct {
	User        authmethods.ID
	UserVersion int64 // as it was read when the sign-in was judged
	// Connector and Identity are empty for a password or passkey.
	Connector    authmethods.ID
	Identity     authmethods.ID
	Means        Means
	SecondFactor bool
	Issuer       string
	ProviderSID  string
	// ProvedAt is when the provider said who it was, by its own clock; zero: it did
	// not, and the beginning of the session counts.
	ProvedAt  time.Time
	Address   string
	UserAgent string
	Settings  sso.Settings // of the tenant; decides how long the session lasts
}

// maxUserAgent is how much of a browser's description is kept, in bytes.
const maxUserAgent = 256

// beginning inserts a session for a user who is still what the sign-in was judged
// by.
var beginning = db.Prepare(`INSERT INTO sessions (tenant_id, id, hash, user_id, user_version, connector_id, identity_id, means, issuer, provider_sid, proved_at,
		address, user_agent, seen_at, idle_micros, expires_at, ended_at, created_at, updated_at)
	SELECT {tenant}, ?, ?, u.id, u.version, ?, ?, ?, ?, ?, COALESCE(?, {now}), ?, ?, {now}, ?, {now} + ?, NULL, {now}, {now}
	FROM users u WHERE u.tenant_id = {tenant} AND u.id = ? AND u.version = ? AND u.disabled_at IS NULL
	RETURNING created_at, seen_at, expires_at`)

// Begin begins a session and returns the value of its [SessionCookie]: at every
// sign-in a new one. The caller vouches that the user proved who they are. A user
// who was changed or disabled meanwhile is refused with the code
// not_signed_in, and everybody while the tenant is frozen.
func (s *Sessions) Begin(ctx context.Context, c authmethods.Caller, from Start) (secret.Text, Session, error) {
	none := Session{}
	in, err := s.o.DB.For(c)
	if err != nil {
		return secret.Text{}, none, err
	}
	if s.o.Frozen != nil {
		if err := s.o.Frozen(ctx, in.ID()); err != nil {
			return secret.Text{}, none, err
		}
	}
	shown := newSecret()
	cookie, err := s.seal(ctx, in.ID(), SessionCookie, shown.Reveal())
	if err != nil {
		return secret.Text{}, none, err
	}
	made := from.session()
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		if err := made.insert(ctx, in, shown, from); err != nil {
			return err
		}
		return audit.Record(ctx, in, c, authmethods.Event{
			Action: "session.began", Object: made.ID, ObjectRef: string(made.User),
			Changes: map[string]authmethods.Change{"means": {To: string(storedMeans(made.Means, made.SecondFactor))}},
		})
	})
	if err != nil {
		return secret.Text{}, none, err
	}
	return secret.New(cookie), made, nil
}

func (f Start) session() Session {
	return Session{
		ID: authmethods.ID(token.NewID("ses")), User: f.User, Connector: f.Connector, Identity: f.Identity,
		Means: f.Means, SecondFactor: f.SecondFactor, Issuer: f.Issuer, ProviderSID: f.ProviderSID,
		Address: f.Address, UserAgent: described(f.UserAgent),
	}
}

// described returns a browser's description of itself as it can be stored: it may
// be of any length and any bytes, of which PostgreSQL does not take all.
func described(userAgent string) string {
	cut := userAgent[:min(len(userAgent), maxUserAgent)]
	return strings.ReplaceAll(strings.ToValidUTF8(cut, ""), "\x00", "")
}

// insert stores the session and sets its times, which are the database's.
func (n *Session) insert(ctx context.Context, in db.Tenant, shown secret.Text, from Start) error {
	life := min(from.Settings.SessionLife, maxLife)
	var created, seen, expires db.Time
	err := db.QueryRow(ctx, in, beginning, []any{
		n.ID, token.HashOf(shown).Bytes(), n.Connector, n.Identity, storedMeans(n.Means, n.SecondFactor), n.Issuer, n.ProviderSID,
		db.At(from.ProvedAt), n.Address, n.UserAgent, from.Settings.SessionIdle.Microseconds(), life.Microseconds(), from.User, from.UserVersion,
	}, &created, &seen, &expires)
	if authmethods.KindOf(err) == authmethods.NotFound {
		return notSignedIn()
	}
	n.CreatedAt, n.SeenAt, n.ExpiresAt = created.Time(), seen.Time(), expires.Time()
	return err
}

// Rotate gives a session of the caller's own a new secret and returns the value of
// its new [SessionCookie]; the old one is dead. Call it where the user's rights or
// password change, with the user's new version: other sessions end by that change,
// this one goes on.
func (s *Sessions) Rotate(ctx context.Context, c authmethods.Caller, id authmethods.ID, userVersion int64) (secret.Text, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return secret.Text{}, err
	}
	shown := newSecret()
	cookie, err := s.seal(ctx, in.ID(), SessionCookie, shown.Reveal())
	if err != nil {
		return secret.Text{}, err
	}
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		ok, err := db.UpdateIf[sessionRow](ctx, in, id,
			[]db.Set{db.To("hash", token.HashOf(shown).Bytes()), db.To("user_version", userVersion), db.ToFromNow("seen_at", 0)},
			db.Eq("user_id", c.Actor().ID), db.IsNull("ended_at"), db.Ahead("expires_at"))
		if err != nil {
			return fmt.Errorf("session: rotating: %w", err)
		}
		if !ok {
			return authmethods.Missing()
		}
		e := authmethods.Event{Action: "session.rotated", Object: id, ObjectRef: string(c.Actor().ID)}
		if err := audit.Record(ctx, in, c, e); err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Session), id)
	})
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(cookie), nil
}
