package zohosim

import (
	"fmt"
	"net/http"
)

func (s *Sim) revokeEndpoint(c *call) {
	fingerprint := Fingerprint(c.form.Get("token"))
	refresh, isRefresh := s.refresh.get(fingerprint)
	access, isAccess := s.access.get(fingerprint)
	e := Event{Kind: EventRevoke, Outcome: "ok"}
	answer := map[string]any{"status": "success"}
	switch {
	case c.r.Method == http.MethodPost && isRefresh && !refresh.grant.ended && refresh.grant.dc == c.dc:
		s.endGrant(refresh.grant, ReasonRevoked, EventRevoke) // writes the event itself
		c.json(http.StatusOK, answer)
		return
	case c.r.Method == http.MethodPost && isAccess && access.reason == "" && access.grant.client.Type == JSClient:
		e.Access = fingerprint
		s.endAccess(access, ReasonRevoked)
	default:
		e.Outcome = "invalid_token"
		c.record(e)
		c.json(http.StatusBadRequest, map[string]any{"error": "invalid_token"})
		return
	}
	c.record(e)
	c.json(http.StatusOK, answer)
}

// introspect is advertised by discovery and documented nowhere; this is the RFC 7662 minimum.
func (s *Sim) introspect(c *call) {
	client := s.authenticate(c)
	if client == nil {
		return
	}
	a := s.liveAccess(c.form.Get("token"))
	if a == nil || a.grant.client != client {
		c.json(http.StatusOK, map[string]any{"active": false})
		return
	}
	body := map[string]any{"active": true, "client_id": client.ID, "exp": a.expires.Unix(), "token_type": "Bearer"}
	if a.grant.user != nil {
		body["sub"] = a.grant.user.ZUID
	}
	c.json(http.StatusOK, body)
}

// Revoke ends the grant a refresh token belongs to, as the user does under Connected Apps.
func (s *Sim) Revoke(refreshToken string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.refresh.get(Fingerprint(refreshToken))
	if !ok {
		return fmt.Errorf("revoking refresh token %s: it is unknown", Fingerprint(refreshToken))
	}
	s.endGrant(t.grant, ReasonRevoked, EventRevoke)
	return nil
}

// RemoveApp is a user removing an application from their account: its grants end and it has to
// ask for consent again. It returns the number of grants that ended.
func (s *Sim) RemoveApp(user, clientID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(user)
	n := s.endGrantsWhere(func(g *grant) bool { return u != nil && g.user == u && g.client.ID == clientID && !g.orgLevel })
	if u != nil {
		s.forgetConsents(u, clientID)
	}
	return n
}

// RemoveUser takes a user out of their organisations: grants the user made for themselves end,
// the ones made for the organisation survive. It returns the number of grants that ended.
func (s *Sim) RemoveUser(user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(user)
	if u == nil {
		return 0
	}
	u.Orgs = nil
	return s.endGrantsWhere(func(g *grant) bool { return g.user == u && !g.orgLevel })
}

// DeleteClient removes an application and every grant it has.
func (s *Sim) DeleteClient(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, id)
	return s.endGrantsWhere(func(g *grant) bool { return g.client.ID == id })
}

func (s *Sim) endGrantsWhere(match func(*grant) bool) int {
	n := 0
	s.grants.each(func(g *grant) {
		if !g.ended && match(g) {
			s.endGrant(g, ReasonRevoked, EventRevoke)
			n++
		}
	})
	return n
}
