package zohosim

import "net/http"

func (s *Sim) refreshGrant(c *call, client *Client) {
	token, ok := s.refresh.get(Fingerprint(c.form.Get("refresh_token")))
	if !ok || token.grant.client != client {
		s.tokenError(c, client, "invalid_code")
		return
	}
	g := token.grant
	switch {
	case g.dc != c.dc:
		s.tokenError(c, client, or(s.sw.WrongDC, "invalid_client"))
	case !s.takeRefresh(g):
		s.throttled(c)
	case token.reason == ReasonRotated && !g.ended && !s.withinLeeway(token):
		// Whoever sent this has an old copy, and the provider cannot tell which side is the thief.
		s.endGrant(g, ReasonReused, EventReuse)
		s.tokenError(c, client, "invalid_code")
	case g.ended || (token.reason != "" && token.reason != ReasonRotated):
		s.tokenError(c, client, "invalid_code")
	default:
		s.renew(c, token)
	}
}

func (s *Sim) withinLeeway(t *refreshToken) bool {
	return s.clock.Now().Before(t.ended.Add(s.seconds(s.sw.RotationLeewaySeconds, 0)))
}

func (s *Sim) renew(c *call, token *refreshToken) {
	g := token.grant
	token.uses++
	body := map[string]any{}
	if s.sw.RotateRefreshTokens {
		s.endRefresh(token, ReasonRotated)
		for s.sw.RotationKillsAccess && len(g.access) > 0 {
			s.endAccess(g.access[0], ReasonRotated)
		}
		body["refresh_token"] = s.issueRefresh(g)
	}
	s.tokenBody(c, body, g, g.scopes)
	e := s.tokenEvent(c, "ok")
	e.Access, e.User, e.Grant = Fingerprint(body["access_token"].(string)), g.userEmail(), g.id
	if s.sw.RotateRefreshTokens {
		e.Detail = "rotated to " + Fingerprint(body["refresh_token"].(string))
	}
	c.record(e)
	c.json(http.StatusOK, body)
}
