package zohosim

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"time"
)

// Reasons a token is no longer good.
const (
	ReasonExpired = "expired"
	ReasonEvicted = "evicted"
	ReasonRevoked = "revoked"
	ReasonRotated = "rotated"
	ReasonReused  = "reused" // its family was revoked because a rotated token came back
	ReasonUnknown = "unknown"
)

// grant is what one consent gave one client: at most one live refresh token, or the family of
// rotated ones, and the access tokens made from it.
type grant struct {
	id        string
	client    *Client
	user      *User // nil only for client_credentials of an ownerless client
	dc        *centre
	scopes    scopes
	orgs      map[string]string // product to organisation
	orgLevel  bool              // survives the user
	created   time.Time
	refreshes window
	refresh   []*refreshToken
	access    []*accessToken // live ones, oldest first
	ended     bool
}

type refreshToken struct {
	fingerprint string
	grant       *grant
	issued      time.Time
	ended       time.Time
	reason      string
	uses        int
}

type accessToken struct {
	fingerprint string
	grant       *grant
	scopes      scopes
	issued      time.Time
	expires     time.Time
	ended       time.Time
	reason      string
}

func (g *grant) userEmail() string {
	if g.user == nil {
		return ""
	}
	return g.user.Email
}

// newToken has the shape of Zoho's codes and tokens.
func newToken() string { return "1000." + randomHex(16) + "." + randomHex(16) }

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (s *Sim) newGrant(client *Client, user *User, dc *centre, list scopes, orgs map[string]string) *grant {
	g := &grant{id: randomHex(6), client: client, user: user, dc: dc, scopes: list, orgs: orgs, created: s.clock.Now()}
	s.grants.put(g.id, g)
	return g
}

// issueAccess mints an access token, ending the oldest ones when the grant has too many.
func (s *Sim) issueAccess(g *grant, list scopes) string {
	now, token := s.clock.Now(), newToken()
	g.access = slices.DeleteFunc(g.access, func(a *accessToken) bool { return !now.Before(a.expires) })
	limit := or(s.sw.AccessTokensPerRefreshToken, 10)
	for limit > 0 && len(g.refresh) > 0 && len(g.access) >= limit {
		oldest := g.access[0]
		s.endAccess(oldest, ReasonEvicted)
		s.note(EventEvictAccess, g, Event{Access: oldest.fingerprint, Outcome: ReasonEvicted})
	}
	a := &accessToken{fingerprint: Fingerprint(token), grant: g, scopes: list, issued: now,
		expires: now.Add(s.seconds(s.sw.AccessTokenSeconds, 3600))}
	g.access = append(g.access, a)
	s.access.put(a.fingerprint, a)
	return token
}

func (s *Sim) issueRefresh(g *grant) string {
	token := newToken()
	t := &refreshToken{fingerprint: Fingerprint(token), grant: g, issued: s.clock.Now()}
	// Ended tokens have nothing left to lose; a family rotated for weeks keeps only the live ones.
	g.refresh = slices.DeleteFunc(g.refresh, func(old *refreshToken) bool { return old.reason != "" })
	g.refresh = append(g.refresh, t)
	s.refresh.put(t.fingerprint, t)
	return token
}

// makeRoom ends the oldest grants of a user and client so that one more refresh token fits. Zoho
// does so whether or not they are in use.
func (s *Sim) makeRoom(user *User, client *Client) {
	limit := or(s.sw.RefreshTokensPerUser, 20)
	var live []*grant
	s.grants.each(func(g *grant) {
		if g.user == user && g.client == client && len(g.refresh) > 0 && !g.ended {
			live = append(live, g)
		}
	})
	for ; limit > 0 && len(live) >= limit; live = live[1:] {
		s.endGrant(live[0], ReasonEvicted, EventEvictRefresh)
	}
}

func (s *Sim) endAccess(a *accessToken, reason string) {
	if a.reason == "" {
		a.ended, a.reason = s.clock.Now(), reason
	}
	a.grant.access = slices.DeleteFunc(a.grant.access, func(have *accessToken) bool { return have == a })
}

func (s *Sim) endRefresh(t *refreshToken, reason string) {
	if t.reason == "" {
		t.ended, t.reason = s.clock.Now(), reason
	}
}

// endGrant ends a grant with all its tokens.
func (s *Sim) endGrant(g *grant, reason, kind string) {
	if g.ended {
		return
	}
	g.ended = true
	newest := ""
	for _, t := range g.refresh {
		s.endRefresh(t, reason)
		newest = t.fingerprint
	}
	for len(g.access) > 0 {
		s.endAccess(g.access[0], reason)
	}
	s.note(kind, g, Event{Refresh: newest, Outcome: reason})
}

// liveAccess finds a token that is good now.
func (s *Sim) liveAccess(token string) *accessToken {
	a, ok := s.access.get(Fingerprint(token))
	if !ok || !a.validity().at(s.clock.Now()).Valid {
		return nil
	}
	return a
}
