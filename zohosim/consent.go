package zohosim

import (
	"net/http"
	"net/url"
	"strings"
)

// consent is the page with Accept and Reject, and what follows from either.
func (s *Sim) consent(c *call) {
	f := s.flowOf(c)
	if f == nil || !s.atHome(c, f) {
		return
	}
	if f.orgLevel && !s.adminEverywhere(f) {
		s.refusePage(c, "not_an_admin", f.user.Email)
		return
	}
	answer := f.auto.Get("sim_answer")
	if f.auto.Get("sim_user") != "" {
		answer = or(answer, "accept")
	}
	if c.r.Method == http.MethodPost {
		answer = c.form.Get("answer")
	}
	if answer == "" && s.consentedBefore(f) && !f.forceConsent && f.device == nil && f.enhance == nil {
		answer = "accept"
	}
	switch answer {
	case "accept":
		s.accept(c, f)
	case "reject":
		s.reject(c, f)
	default:
		c.page(http.StatusOK, pageConsent, s.consentPage(c, f))
	}
}

func (s *Sim) adminEverywhere(f *flow) bool {
	for _, id := range f.orgs {
		if o := f.user.org(id); o == nil || !o.Admin {
			return false
		}
	}
	return len(f.orgs) > 0
}

func consentKey(user *User, clientID string) string { return user.key() + " " + clientID + " " }

func (s *Sim) consentedBefore(f *flow) bool {
	yes, _ := s.consented.get(consentKey(f.user, f.client.ID) + f.scopes.canonical())
	return yes
}

func (s *Sim) forgetConsents(u *User, clientID string) {
	for key := range s.consented.items {
		if strings.HasPrefix(key, consentKey(u, clientID)) {
			s.consented.put(key, false)
		}
	}
}

func (s *Sim) reject(c *call, f *flow) {
	f.done = true
	c.record(Event{Kind: EventDenied, Client: f.client.ID, User: f.user.Email, Outcome: "access_denied"})
	if f.device != nil {
		f.device.denied = true
		s.deviceDone(c, "device_denied")
		return
	}
	s.denyCallback(c, f)
}

func (s *Sim) denyCallback(c *call, f *flow) {
	pairs := []string{"error", "access_denied"}
	if !s.sw.NoStateOnDenial && f.state != "" {
		pairs = append(pairs, "state", f.state)
	}
	c.callback(f, pairs)
}

func (s *Sim) accept(c *call, f *flow) {
	f.done = true
	if f.device != nil {
		f.device.approve(f)
		c.record(Event{Kind: EventDevice, Client: f.client.ID, User: f.user.Email, Outcome: "approved"})
		s.deviceDone(c, "device_done")
		return
	}
	if f.enhance != nil {
		s.addScopes(c, f)
		return
	}
	if !s.takeCode(f.user, f.client) {
		c.record(Event{Kind: EventDenied, Client: f.client.ID, User: f.user.Email, Outcome: "code_limit"})
		s.denyCallback(c, f)
		return
	}
	withRefresh := f.offline && (f.forceConsent || !s.consentedBefore(f))
	s.consented.put(consentKey(f.user, f.client.ID)+f.scopes.canonical(), true)
	g := s.newGrant(f.client, f.user, c.dc, f.scopes, f.orgs)
	g.orgLevel = f.orgLevel
	pairs := []string{"location", c.dc.code, "accounts-server", s.origin(c.dc.accounts)}
	if f.state != "" {
		pairs = append([]string{"state", f.state}, pairs...)
	}
	if f.implicit {
		c.record(Event{Kind: EventCode, Client: f.client.ID, User: f.user.Email, Grant: g.id, Outcome: "implicit"})
		c.callback(f, append([]string{"access_token", s.issueAccess(g, g.scopes), "token_type", "Bearer", "expires_in", "3600"}, pairs...))
		return
	}
	code := s.issueCode(g, &grantCode{redirectURI: f.redirectURI, withRefresh: withRefresh,
		challenge: f.challenge, plain: f.plain, nonce: f.nonce})
	c.record(Event{Kind: EventCode, Client: f.client.ID, User: f.user.Email, Grant: g.id, Outcome: "ok"})
	c.callback(f, append([]string{"code", code}, pairs...))
}

func (s *Sim) issueCode(g *grant, code *grantCode) string {
	value := newToken()
	code.grant = g
	if code.expires.IsZero() {
		code.expires = s.clock.Now().Add(s.seconds(s.sw.CodeSeconds, 120))
	}
	s.codes.put(Fingerprint(value), code)
	return value
}

// callback sends the browser back to the client, marked so that a program walking the pages
// knows where they end.
func (c *call) callback(f *flow, pairs []string) {
	var query strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			query.WriteByte('&')
		}
		query.WriteString(pairs[i] + "=" + url.QueryEscape(pairs[i+1]))
	}
	if !c.s.sw.NoTrailingAmpersand {
		query.WriteByte('&')
	}
	separator := "?"
	if f.implicit {
		separator = "#"
	} else if strings.Contains(f.redirectURI, "?") {
		separator = "&"
	}
	c.header.Set(headerPage, pageCallback)
	c.redirect(f.redirectURI + separator + query.String())
}
