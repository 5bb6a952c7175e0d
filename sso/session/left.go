package session

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// Left is how long the session goes on if nothing is done in it from now on: until it
// was idle for too long, or until its end. It is 0 for the zero Present.
func (p Present) Left() time.Duration {
	if p.Session.ID == "" {
		return 0
	}
	seen := p.Session.SeenAt
	if p.used && p.now.Sub(seen) >= seenEvery {
		seen = p.now
	}
	return max(0, min(p.Session.ExpiresAt.Sub(p.now), seen.Add(p.idle).Sub(p.now)))
}

// LeftAtMost is how long the session goes on at the most, however much is done in it.
func (p Present) LeftAtMost() time.Duration { return max(0, p.Session.ExpiresAt.Sub(p.now)) }

// Look is [Sessions.Find] for what a page does by itself: it is no sign that somebody
// is there, and does not prolong the session.
func (s *Sessions) Look(ctx context.Context, tenant authmethods.TenantID, cookie string) (Present, error) {
	set, err := s.keysOf(ctx, tenant)
	if err != nil {
		return Present{}, err
	}
	var held string
	if !s.open(set, SessionCookie, cookie, &held) {
		return Present{}, notSignedIn()
	}
	shown := secret.New(held)
	in, err := s.o.System.For(tenant, "finding who is signed in")
	if err != nil {
		return Present{}, err
	}
	p, err := s.one(ctx, in, presentByHash, token.HashOf(shown).Bytes())
	if err != nil {
		return Present{}, err
	}
	p.secret = shown
	return p, nil
}

// Left is how long a session goes on if nothing is done in it from now on; 0 for one
// that is over.
func (s *Sessions) Left(ctx context.Context, tenant authmethods.TenantID, id authmethods.ID) (time.Duration, error) {
	in, err := s.o.System.For(tenant, "finding whether a session goes on")
	if err != nil {
		return 0, err
	}
	p, err := s.one(ctx, in, presentByID, id)
	if errors.Is(err, authmethods.Unauthenticated) {
		return 0, nil
	}
	return p.Left(), err
}
