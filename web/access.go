package web

import (
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/web/httperr"
	"latchkey/web/route"
)

// onlyPrograms refuses browsers: what they were led to send is not what a program
// means.
func (s *server) onlyPrograms(c *route.Call) error {
	h := c.Request().Header
	for _, name := range [...]string{"Origin", "Sec-Fetch-Site", "Cookie"} {
		if _, ok := h[name]; ok {
			return httperr.BrowserRefused()
		}
	}
	return nil
}

// limitBody keeps a request from sending more than the route reads. One that says
// how long it is sends no more than that.
func limitBody(c *route.Call, most int64) {
	r := c.Request()
	if r.ContentLength < 0 || r.ContentLength > most {
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
	}
}

// admit finds out who calls and refuses who may not.
func (s *server) admit(c *route.Call, right authmethods.Right) error {
	switch right {
	case route.Open, route.SubjectToken:
		return nil
	case route.Ticket, route.Browser:
		somebody := authmethods.Actor{Kind: authmethods.ActorPerson, Name: "browser"}
		c.Caller = authmethods.NewCaller(c.Tenant.ID, somebody, nil, c.RequestID)
		return nil
	}
	service, err := s.Services.Service(c.Request().Context(), bearer(c.Request()))
	if err != nil {
		return err
	}
	c.Service = service
	if s.listener == route.Internal {
		return nil // what it may borrow is a matter of its permits
	}
	return s.admitAdministrator(c, right)
}

func (s *server) admitAdministrator(c *route.Call, right authmethods.Right) error {
	service := c.Service
	if service.Tenant != c.Tenant.ID {
		// Here the key does not exist, whatever it opens elsewhere.
		c.Service = authmethods.Service{}
		_, err := s.Services.Service(c.Request().Context(), "")
		return err
	}
	if !service.Admin {
		return &authmethods.Problem{
			Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden,
			Detail: "This key belongs to a service account that may not administer.",
		}
	}
	actor := authmethods.Actor{Kind: authmethods.ActorService, ID: service.ID, Name: service.Name}
	c.Caller = authmethods.NewCaller(c.Tenant.ID, actor, authmethods.AdminRights, c.RequestID)
	return c.Caller.May(right)
}

// bearer returns the token of the one Authorization header (RFC 6750 section 2.1);
// empty if there is none or more than one.
func bearer(r *http.Request) string {
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return ""
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimLeft(token, " ")
}
