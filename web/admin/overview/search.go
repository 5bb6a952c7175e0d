package overview

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/sso/directory"
	"latchkey/web/admin/connections"
	"latchkey/web/page"
	"latchkey/web/route"
)

const (
	maxQuery = 200 // characters
	maxHits  = 10  // of one kind
)

// search is one search by one person.
type search struct {
	*Handlers
	c     *route.Call
	ctx   context.Context
	query string
}

// Search is GET /search: an id or a reference code leads to what it names, anything
// else is looked for in names.
func (h *Handlers) Search(c *route.Call) error {
	q := strings.TrimSpace(c.QueryParam("q"))
	if utf8.RuneCountInString(q) > maxQuery || !utf8.ValidString(q) || strings.ContainsFunc(q, unicode.IsControl) {
		return authmethods.InvalidField("/q", "This has at most 200 printable characters.")
	}
	s := search{Handlers: h, c: c, ctx: c.Request().Context(), query: q}
	p := page.SearchPage{Query: q}
	if q == "" {
		return page.Search.Show(c, http.StatusOK, p)
	}
	to, err := s.exact()
	if err != nil {
		return err
	}
	if to != "" {
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.SeeOther(to)
	}
	for _, look := range []func() (page.Found, error){s.methods, s.connections, s.connectors, s.users, s.services} {
		found, err := look()
		if err != nil {
			return err
		}
		if found.More = len(found.Hits) > maxHits; found.More {
			found.Hits = found.Hits[:maxHits]
		}
		if len(found.Hits) > 0 {
			p.Groups = append(p.Groups, found)
		}
	}
	if len(p.Groups) == 0 {
		w := page.Words(c)
		p.Empty = &page.Empty{Icon: "search", Title: w.Say("search.nothing"), Text: w.Say("search.nothing.text")}
	}
	return page.Search.Show(c, http.StatusOK, p)
}

// exact returns where the one object is shown that was asked for; empty if none was, or
// not for this reader.
func (s *search) exact() (string, error) {
	if code, ok := token.ParseReferenceCode(s.query); ok {
		if to, err := s.signIn(code); to != "" || err != nil {
			return to, err
		}
	}
	prefix, _, _ := strings.Cut(s.query, "_")
	if !token.ValidID(prefix, s.query) {
		return "", nil
	}
	find, ok := map[string]func(authmethods.ID) (string, error){
		"am": s.methodOf, "conn": s.connectionOf, "cs": s.consentOf, "sa": s.serviceOf, "key": s.keyOf,
		"usr": s.userOf, "sso": s.connectorOf, "sin": func(id authmethods.ID) (string, error) { return s.signIn(string(id)) },
	}[prefix]
	if !ok {
		return "", nil
	}
	return find(authmethods.ID(s.query))
}

// at is path unless err says that there is nothing, or nothing for this reader.
func at(path string, err error) (string, error) {
	switch authmethods.KindOf(err) {
	case authmethods.NotFound, authmethods.Forbidden:
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return path, nil
}

func (s *search) signIn(ref string) (string, error) {
	found, err := s.SignIn.Find(s.ctx, s.c.Caller, ref)
	return at("/sso/sign-ins/"+url.PathEscape(cmp.Or(found.ReferenceCode, ref)), err)
}

func (s *search) methodOf(id authmethods.ID) (string, error) {
	in, err := s.Store.For(s.c.Caller)
	if err != nil {
		return "", err
	}
	_, err = in.Method(s.ctx, string(id))
	return at("/methods/"+string(id), err)
}

func (s *search) connectionOf(id authmethods.ID) (string, error) {
	_, err := s.Consents.Connection(s.ctx, s.c.Caller, id)
	return at(connections.PathOf(id), err)
}

// consentOf leads to the connection that a consent yielded, or else to its method.
func (s *search) consentOf(id authmethods.ID) (string, error) {
	a, err := s.Consents.Attempt(s.ctx, s.c.Caller, id)
	if a.Connection != "" {
		return at(connections.PathOf(a.Connection), err)
	}
	return at("/methods/"+string(a.MethodID), err)
}

func (s *search) serviceOf(id authmethods.ID) (string, error) {
	in, err := s.Store.For(s.c.Caller)
	if err != nil {
		return "", err
	}
	_, err = in.Service(s.ctx, string(id))
	return at("/service-accounts/"+string(id), err)
}

// keyOf leads to the service account that has the key.
func (s *search) keyOf(id authmethods.ID) (string, error) {
	in, err := s.Store.For(s.c.Caller)
	if err != nil {
		return "", err
	}
	services, err := in.Services(s.ctx)
	for i := range services {
		for _, k := range services[i].Keys {
			if k.ID == id {
				return "/service-accounts/" + string(services[i].ID), nil
			}
		}
	}
	_, err = at("", err)
	return "", err
}

func (s *search) userOf(id authmethods.ID) (string, error) {
	in, err := s.Directory.For(s.c.Caller)
	if err != nil {
		return "", err
	}
	_, err = in.User(s.ctx, string(id))
	return at("/users/"+string(id), err)
}

func (s *search) connectorOf(id authmethods.ID) (string, error) {
	in, err := s.Directory.For(s.c.Caller)
	if err != nil {
		return "", err
	}
	_, err = in.Connector(s.ctx, string(id))
	return at("/sso/"+string(id), err)
}

// like reports whether one of the texts holds what is looked for, in whatever case.
func (s *search) like(texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), strings.ToLower(s.query)) {
			return true
		}
	}
	return false
}

func (s *search) methods() (page.Found, error) {
	found := page.Found{Kind: "methods"}
	if !s.c.May(authmethods.ViewMethods) {
		return found, nil
	}
	in, err := s.Store.For(s.c.Caller)
	if err != nil {
		return found, err
	}
	methods, err := in.Methods(s.ctx, "", 200)
	for _, m := range methods {
		if s.like(m.Name, m.Reference, m.ClientID) {
			found.Hits = append(found.Hits, page.Hit{Name: m.Name, Href: "/methods/" + string(m.ID), Note: m.Reference})
		}
	}
	return found, err
}

func (s *search) connections() (page.Found, error) {
	found := page.Found{Kind: "connections"}
	if !s.c.May(authmethods.ViewMethods) {
		return found, nil
	}
	all, err := s.all(s.c)
	for i := range all {
		x := &all[i]
		if s.like(x.Method, x.Subject, x.Account.Name, x.Account.Email, x.Account.ID, x.Organization.Name, x.Organization.ID) {
			found.Hits = append(found.Hits, page.Hit{
				Name: x.Method + " – " + page.Words(s.c).Say("environment."+string(x.Environment)), Href: connections.PathOf(x.ID),
				Note: cmp.Or(x.Organization.Name, x.Account.Email, x.Account.Name),
			})
		}
	}
	return found, err
}

func (s *search) connectors() (page.Found, error) {
	found := page.Found{Kind: "sso"}
	if !s.c.May(authmethods.ViewConnectors) {
		return found, nil
	}
	in, err := s.Directory.For(s.c.Caller)
	if err != nil {
		return found, err
	}
	connectors, err := in.Connectors(s.ctx)
	for _, x := range connectors {
		if s.like(x.Name, x.Reference) {
			found.Hits = append(found.Hits, page.Hit{Name: x.Name, Href: "/sso/" + string(x.ID), Note: x.Reference})
		}
	}
	return found, err
}

func (s *search) users() (page.Found, error) {
	found := page.Found{Kind: "users"}
	if !s.c.May(authmethods.ViewUsers) {
		return found, nil
	}
	in, err := s.Directory.For(s.c.Caller)
	if err != nil {
		return found, err
	}
	users, err := in.Users(s.ctx, directory.UserQuery{Text: s.query, Limit: maxHits + 1})
	for i := range users {
		u := &users[i]
		found.Hits = append(found.Hits, page.Hit{Name: cmp.Or(u.DisplayName, u.UserName), Href: "/users/" + string(u.ID), Note: cmp.Or(u.Email, u.UserName)})
	}
	return found, err
}

func (s *search) services() (page.Found, error) {
	found := page.Found{Kind: "services"}
	if !s.c.May(authmethods.ViewServices) {
		return found, nil
	}
	in, err := s.Store.For(s.c.Caller)
	if err != nil {
		return found, err
	}
	services, err := in.Services(s.ctx)
	for i := range services {
		if s.like(services[i].Name) {
			found.Hits = append(found.Hits, page.Hit{Name: services[i].Name, Href: "/service-accounts/" + string(services[i].ID)})
		}
	}
	return found, err
}
