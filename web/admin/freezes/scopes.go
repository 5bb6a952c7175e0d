package freezes

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Scope is what a page can freeze, as one request sees it.
type Scope struct {
	in      *store.Tenant
	target  store.FreezeTarget
	section string // of the navigation
	page    page.FreezePage
}

// scope begins one whose page is below another's.
func scope(c *route.Call, in *store.Tenant, kind authmethods.FreezeScope, section, above string) *Scope {
	w := page.Words(c)
	s := &Scope{in: in, section: section, page: page.FreezePage{
		Scope: kind, Back: above, Form: page.Form{Action: above + "/freeze", Token: c.FormToken(formPurpose)}, Operator: c.May(authmethods.Operate),
		Crumbs: []page.Crumb{crumb(w, section, "/"+section)},
	}}
	switch kind {
	case authmethods.FreezeMethod:
		s.page.Stops = []string{w.Say("freeze.stop.lending"), w.Say("freeze.stop.approving"), w.Say("freeze.stop.doors")}
	case authmethods.FreezeService:
		s.page.Stops = []string{w.Say("freeze.stop.service")}
	case authmethods.FreezeTenant:
		s.page.Stops = []string{w.Say("freeze.stop.lending"), w.Say("freeze.stop.approving"), w.Say("freeze.stop.people")}
	case authmethods.FreezeEverything:
		s.page.Stops = []string{w.Say("freeze.stop.lending"), w.Say("freeze.stop.approving"), w.Say("freeze.stop.everybody")}
	}
	return s
}

func crumb(w words.Words, section, href string) page.Crumb {
	return page.Crumb{Label: w.Say("section." + section), Href: href}
}

// Method is the method that the path names.
func (h *Handlers) Method(c *route.Call) (*Scope, error) {
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return nil, err
	}
	m, err := in.Method(c.Request().Context(), c.Param("id"))
	if err != nil {
		return nil, err
	}
	above, w := "/methods/"+string(m.ID), page.Words(c)
	s := scope(c, in, authmethods.FreezeMethod, "methods", above)
	s.target.Method, s.page.Name = string(m.ID), m.Name
	s.page.Crumbs = append(s.page.Crumbs, page.Crumb{Label: m.Name, Href: above})
	d, err := in.Dependents(c.Request().Context(), string(m.ID))
	if err != nil {
		return nil, err
	}
	var services, doors []string
	if c.May(authmethods.ViewServices) {
		for _, p := range d.Permits {
			services = once(services, p.ServiceName)
		}
	}
	for _, x := range d.Connectors {
		if !x.Disabled {
			doors = once(doors, x.Name)
		}
	}
	s.stops(w.Say("freeze.stops.services", "n", len(services)), services)
	s.stops(w.Say("freeze.stops.doors", "n", len(doors)), doors)
	return s, nil
}

// Service is the service account that the path names.
func (h *Handlers) Service(c *route.Call) (*Scope, error) {
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return nil, err
	}
	svc, err := in.Service(c.Request().Context(), c.Param("id"))
	if err != nil {
		return nil, err
	}
	above, w := "/service-accounts/"+string(svc.ID), page.Words(c)
	s := scope(c, in, authmethods.FreezeService, "services", above)
	s.target.Service, s.page.Name = string(svc.ID), svc.Name
	s.page.Crumbs = []page.Crumb{crumb(w, "services", "/service-accounts"), {Label: svc.Name, Href: above}}
	if svc.Admin {
		s.page.Stops = append(s.page.Stops, w.Say("freeze.stop.admin"))
	}
	var methods []string
	for _, p := range svc.Permits {
		name := p.Method
		if name == authmethods.Any {
			name = w.Say("services.every")
		}
		methods = once(methods, name)
	}
	s.stops(w.Say("freeze.stops.methods", "n", len(methods)), methods)
	return s, nil
}

// Workspace is the tenant in which whoever asks is signed in.
func (h *Handlers) Workspace(c *route.Call) (*Scope, error) {
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return nil, err
	}
	s := scope(c, in, authmethods.FreezeTenant, "settings", "/settings")
	s.page.Name = c.Tenant.Name
	return s, s.whole(c.Request().Context(), page.Words(c))
}

// Tenant is the tenant that an operator names, from outside it.
func (h *Handlers) Tenant(c *route.Call) (*Scope, error) {
	slug := c.Param("slug")
	if !authmethods.ValidSlug(slug) {
		return nil, authmethods.Missing()
	}
	t, err := h.Tenants.Find(c.Request().Context(), slug)
	if err != nil {
		return nil, err
	}
	if t.ID == authmethods.Platform {
		return nil, authmethods.Missing()
	}
	in, err := h.Store.For(h.Outside(c, t.ID))
	if err != nil {
		return nil, err
	}
	above, w := "/system/tenants/"+t.Slug, page.Words(c)
	s := scope(c, in, authmethods.FreezeTenant, "system", above)
	s.page.Name = t.Name
	s.page.Crumbs = append(s.page.Crumbs, page.Crumb{Label: w.Say("system.tenants"), Href: "/system/tenants"}, page.Crumb{Label: t.Name, Href: above})
	return s, s.whole(c.Request().Context(), w)
}

// Everything is the installation, for operators.
func (h *Handlers) Everything(c *route.Call) (*Scope, error) {
	in, err := h.Store.For(h.Outside(c, authmethods.Platform))
	if err != nil {
		return nil, err
	}
	all, err := h.Tenants.List(c.Request().Context())
	if err != nil {
		return nil, err
	}
	s := scope(c, in, authmethods.FreezeEverything, "system", "/system")
	s.target.Everything = true
	var names []string
	for _, t := range all {
		if t.ID != authmethods.Platform && !t.Disabled {
			names = append(names, t.Name)
		}
	}
	s.stops(page.Words(c).Say("freeze.stops.tenants", "n", len(names)), names)
	return s, nil
}

// whole adds what a tenant stops with.
func (s *Scope) whole(ctx context.Context, w words.Words) error {
	methods, err := s.in.Methods(ctx, "", shown+1)
	if authmethods.KindOf(err) == authmethods.Forbidden {
		return nil // who may freeze need not see what
	}
	if err != nil {
		return err
	}
	var names []string
	for i := range methods {
		names = append(names, methods[i].Name)
	}
	s.stops(w.Say("freeze.stops.own_methods"), names)
	services, err := s.in.Services(ctx)
	if authmethods.KindOf(err) == authmethods.Forbidden {
		return nil
	}
	names = nil
	for i := range services {
		names = append(names, services[i].Name)
	}
	s.stops(w.Say("freeze.stops.own_services"), names)
	return err
}

// shown is how many names of a kind are listed.
const shown = 20

// stops adds what stops.
func (s *Scope) stops(label string, names []string) {
	if len(names) == 0 {
		return
	}
	e := page.FreezeEffect{Label: label, Names: names}
	if len(names) > shown {
		e.Names, e.More = names[:shown], true
	}
	s.page.Effects = append(s.page.Effects, e)
}

// once appends a name unless it is there.
func once(list []string, name string) []string {
	for _, each := range list {
		if each == name {
			return list
		}
	}
	return append(list, name)
}
