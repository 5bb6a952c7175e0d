package web

import (
	"log/slog"
	"net/http"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/web/httperr"
	"latchkey/web/route"
)

// refused has the audit log count what somebody was refused: what they may not do, what
// they could not prove, and what was too much. That a page asks for a sign-in first, or
// a program forgot its key, is no refusal.
func (s *server) refused(c *route.Call, err error) {
	if s.Refused == nil {
		return
	}
	for _, part := range c.Refused {
		if p := httperr.Of(part); refusal(httperr.Status(p)) {
			s.count(c, p.Code)
		}
	}
	if !refusal(c.Response().Status) {
		return
	}
	code := s.codeOf(c, err)
	if code == authmethods.CodeNotSignedIn || code == authmethods.CodeInvalidAPIKey && c.Request().Header["Authorization"] == nil {
		return
	}
	s.count(c, code)
}

func refusal(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests
}

func (s *server) count(c *route.Call, code authmethods.Code) {
	s.Refused(s.refusedCaller(c), audit.Refusal{Code: code, Operation: c.Path(), From: c.RealIP()})
}

// codeOf is why something was refused, also where a page says so in its own way.
func (s *server) codeOf(c *route.Call, err error) authmethods.Code {
	if err != nil {
		return httperr.Of(err).Code
	}
	i := slices.IndexFunc(c.Notes, func(a slog.Attr) bool { return a.Key == "code" })
	if i < 0 {
		return authmethods.CodeForbidden
	}
	return authmethods.Code(c.Notes[i].Value.String())
}

// refusedCaller is who was refused; whoever is not known to any tenant, as whoever has
// a wrong key, is for the operator to know.
func (s *server) refusedCaller(c *route.Call) authmethods.Caller {
	if c.Caller.Tenant() != "" {
		return c.Caller
	}
	who := authmethods.Actor{Kind: authmethods.ActorService, ID: c.Service.ID, Name: c.Service.Name}
	tenant := c.Service.Tenant
	if c.Service.ID == "" {
		who.Name, tenant = "unknown", authmethods.Platform
	}
	if s.listener == route.Public {
		who.Kind, who.Name = authmethods.ActorPerson, "browser"
		if tenant = c.Tenant.ID; tenant == "" {
			tenant = authmethods.Platform
		}
	}
	return authmethods.NewCaller(tenant, who, nil, c.RequestID)
}
