package session

import (
	"context"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

const endable = `SELECT s.id, s.user_id, u.user_name FROM sessions s JOIN users u ON u.tenant_id = {tenant} AND u.id = s.user_id
	WHERE s.tenant_id = {tenant} AND s.ended_at IS NULL AND s.expires_at > {now} `

// endableThere are the sessions that began at a provider until a moment by its clock.
// An older release did not note its clock.
const endableThere = endable + `AND s.issuer = ? AND COALESCE(s.proved_at, s.created_at) <= ? `

var (
	endableByID      = db.Prepare(endable + `AND s.id = ?`)
	endableOfUser    = db.Prepare(endable + `AND s.user_id = ?`)
	endableOthers    = db.Prepare(endable + `AND s.user_id = ? AND s.id <> ?`)
	endableBySID     = db.Prepare(endableThere + `AND s.provider_sid = ?`)
	endableBySubject = db.Prepare(endableThere + `AND EXISTS (SELECT 1 FROM identities i
		WHERE i.tenant_id = {tenant} AND i.id = s.identity_id AND i.issuer = ? AND i.subject = ?)`)
)

// ending is a session that is about to end.
type ending struct {
	id, user authmethods.ID
	userName string
}

// End ends a session, which is the caller's own or, with the right to modify users,
// anybody's. One that has ended already is the same as one that never was:
// [authmethods.Missing].
func (s *Sessions) End(ctx context.Context, c authmethods.Caller, id authmethods.ID) error {
	return s.change(ctx, c, func(in db.Tenant) error {
		found, err := findEnding(ctx, in, endableByID, id)
		if err != nil {
			return err
		}
		if len(found) == 0 || !mayEnd(c, found[0].user) {
			return authmethods.Missing()
		}
		return end(ctx, in, c, found)
	})
}

// EndOthers ends the sessions of the caller's own user but the one to keep, and
// returns how many there were.
func (s *Sessions) EndOthers(ctx context.Context, c authmethods.Caller, keep authmethods.ID) (int, error) {
	user := c.Actor().ID
	if !own(c, user) {
		return 0, authmethods.Missing()
	}
	return s.endAll(ctx, c, endableOthers, user, keep)
}

// EndAllOf ends every session of a user, which is the caller or, with the right to
// modify users, anybody, and returns how many there were.
func (s *Sessions) EndAllOf(ctx context.Context, c authmethods.Caller, user authmethods.ID) (int, error) {
	if !own(c, user) {
		if err := c.May(authmethods.ModifyUsers); err != nil {
			return 0, err
		}
	}
	return s.endAll(ctx, c, endableOfUser, user)
}

// ProviderLogout is what a provider said that has ended there, once its logout
// token was verified (OpenID Connect Back-Channel Logout 1.0 section 2.4).
type ProviderLogout struct {
	Issuer  string
	SID     string // the provider's session; empty: every session of Subject
	Subject string
	// Until is when the provider said so, by its clock: what began later goes on.
	Until time.Time
}

// EndByProvider ends the sessions that began with one of the provider's which has
// ended there, and returns how many there were. The caller vouches that it was the
// provider who said so.
func (s *Sessions) EndByProvider(ctx context.Context, c authmethods.Caller, l ProviderLogout) (int, error) {
	switch {
	case l.Issuer == "" || l.Until.IsZero() || l.SID == "" && l.Subject == "":
		return 0, authmethods.InvalidField("", "A logout names its issuer, its time, and a session or a subject.")
	case l.SID != "":
		return s.endAll(ctx, c, endableBySID, l.Issuer, db.At(l.Until), l.SID)
	}
	return s.endAll(ctx, c, endableBySubject, l.Issuer, db.At(l.Until), l.Issuer, l.Subject)
}

func mayEnd(c authmethods.Caller, user authmethods.ID) bool {
	return own(c, user) || c.May(authmethods.ModifyUsers) == nil
}

// change runs f in a transaction of the caller's tenant.
func (s *Sessions) change(ctx context.Context, c authmethods.Caller, f func(db.Tenant) error) error {
	in, err := s.o.DB.For(c)
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, f)
}

func (s *Sessions) endAll(ctx context.Context, c authmethods.Caller, st *db.Statement, args ...any) (n int, err error) {
	err = s.change(ctx, c, func(in db.Tenant) error {
		found, err := findEnding(ctx, in, st, args...)
		n = len(found)
		if err != nil {
			return err
		}
		return end(ctx, in, c, found)
	})
	return n, err
}

func findEnding(ctx context.Context, in db.Tenant, st *db.Statement, args ...any) (found []ending, err error) {
	err = db.Query(ctx, in, st, args, func(scan func(...any) error) error {
		var e ending
		err := scan(&e.id, &e.user, &e.userName)
		found = append(found, e)
		return err
	})
	return found, err
}

// end ends the sessions that have not ended meanwhile, each with its event.
func end(ctx context.Context, in db.Tenant, c authmethods.Caller, found []ending) error {
	for _, e := range found {
		ok, err := db.UpdateIf[sessionRow](ctx, in, e.id, []db.Set{db.ToFromNow("ended_at", 0)}, db.IsNull("ended_at"))
		if err != nil {
			return fmt.Errorf("session: ending: %w", err)
		}
		if !ok {
			continue
		}
		event := authmethods.Event{Action: "session.ended", Object: e.id, ObjectRef: e.userName}
		if err := audit.Record(ctx, in, c, event); err != nil {
			return err
		}
		if err := db.Announce(ctx, in, string(feed.Session), e.id); err != nil {
			return err
		}
	}
	return nil
}
