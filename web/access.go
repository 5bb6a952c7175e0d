package web

import (
	"errors"
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso/session"
	"latchkey/web/httperr"
	"latchkey/web/page"
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
func (s *server) admit(c *route.Call, r route.Route) error {
	right := r.Right
	if s.listener == route.Public {
		somebody := authmethods.Actor{Kind: authmethods.ActorPerson, Name: "browser"}
		c.Caller = authmethods.NewCaller(c.Tenant.ID, somebody, nil, c.RequestID)
	}
	switch right {
	case route.SubjectToken:
		return nil
	case route.Open, route.Ticket, route.Browser:
		if err := s.limits.unproven(c, s.listener, r.Limit); err != nil {
			return err
		}
		if right == route.Browser {
			s.recognize(c)
		}
		return nil
	case route.Person:
		return s.admitPerson(c, r.Aside)
	}
	if s.listener == route.Public && c.Request().Header["Authorization"] == nil && (s.pages[c.Path()] || s.sessionCookie(c) != "") {
		if err := s.admitPerson(c, r.Aside); err != nil {
			return err
		}
		return c.Caller.May(right)
	}
	key := bearer(c.Request())
	err := s.limits.guess(c, key, func() (err error) {
		c.Service, err = s.Services.Service(c.Request().Context(), key)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.limits.caller(s.listener, r.Limit, c.Service.ID); err != nil {
		return err
	}
	if s.listener == route.Internal {
		return nil // what it may borrow is a matter of its permits
	}
	return s.admitAdministrator(c, right)
}

// sessionCookie is what the browser presents as its session; empty if it presents none.
func (s *server) sessionCookie(c *route.Call) string {
	return c.OnlyCookie(s.Sessions.CookieName(session.SessionCookie))
}

// recognize finds out who is signed in, if anybody is, where nobody needs to be. It
// gives no rights.
func (s *server) recognize(c *route.Call) {
	cookie := s.sessionCookie(c)
	if cookie == "" {
		return
	}
	if p, err := s.Sessions.Find(c.Request().Context(), c.Tenant.ID, cookie); err == nil {
		c.Person = &p
	}
}

// admitPerson finds out who is signed in, and gives them the rights of their roles as
// they are at this moment. What a page asks for by itself is aside: it does not prolong
// the session.
func (s *server) admitPerson(c *route.Call, aside bool) error {
	if err := s.meant(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	find := s.Sessions.Find
	if aside || c.Request().Header.Get(page.AsideHeader) != "" {
		find = s.Sessions.Look
	}
	var p session.Present
	err := s.guessSession(c, func() (err error) {
		p, err = find(ctx, c.Tenant.ID, s.sessionCookie(c))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.limits.caller(s.listener, route.Usual, p.User.ID); err != nil {
		return err
	}
	door, err := s.Directory.Door(c.Caller)
	if err != nil {
		return err
	}
	rights, err := door.RightsOf(ctx, p.Roles)
	if err != nil {
		return err
	}
	actor := authmethods.Actor{Kind: authmethods.ActorPerson, ID: p.User.ID, Name: p.User.UserName}
	c.Person, c.Caller = &p, authmethods.NewCaller(c.Tenant.ID, actor, rights, c.RequestID)
	c.Frozen = s.Frozen.InForce(ctx, c.Tenant.ID)
	c.Note("user", string(p.User.ID))
	return nil
}

// meant refuses what somebody may have been led to send: a change through the
// administration API takes a header that no form and no other site can set. Our own
// forms carry a token, which their handlers check.
func (s *server) meant(c *route.Call) error {
	r := c.Request()
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	if safe || !strings.HasPrefix(r.URL.Path, "/api/") || r.Header.Get("Latchkey-Request") != "" {
		return nil
	}
	return httperr.CrossOrigin(errors.New("web: a change by a session without the header Latchkey-Request"))
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
	if err := s.Frozen.Administrator(c.Request().Context(), &service); err != nil {
		return err
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
