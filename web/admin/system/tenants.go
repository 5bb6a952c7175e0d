package system

import (
	"errors"
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso/directory"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// ListTenants is GET /system/tenants.
func (h *Handlers) ListTenants(c *route.Call) error {
	all, err := h.Tenants.List(c.Request().Context())
	if err != nil {
		return err
	}
	w := page.Words(c)
	p := page.SystemTenantsPage{Tabs: tabs(w, "tenants")}
	for _, t := range all {
		p.Rows = append(p.Rows, page.SystemTenantRow{
			Name: t.Name, Slug: t.Slug, Href: pathOf(t), Origin: h.PublicURL.Origin(t.Slug), Mark: stateOf(w, t),
			Here: t.ID == c.Tenant.ID, CreatedAt: t.CreatedAt,
		})
	}
	return page.SystemTenants.Show(c, http.StatusOK, p)
}

func pathOf(t authmethods.Tenant) string { return tenantsPath + "/" + t.Slug }

func stateOf(w words.Words, t authmethods.Tenant) page.Mark {
	if t.Disabled {
		return page.Mark{Kind: "off", Icon: "off", Text: w.Say("system.tenant.disabled")}
	}
	return page.Mark{Kind: page.Good, Icon: "check", Text: w.Say("system.tenant.active")}
}

// tenant is the one that the address names. The platform is none.
func (h *Handlers) tenant(c *route.Call) (authmethods.Tenant, error) {
	slug := c.Param("slug")
	if !authmethods.ValidSlug(slug) {
		return authmethods.Tenant{}, authmethods.Missing()
	}
	t, err := h.Tenants.Find(c.Request().Context(), slug)
	if err == nil && t.ID == authmethods.Platform {
		err = authmethods.Missing()
	}
	return t, err
}

func crumbs(w words.Words, more ...page.Crumb) []page.Crumb {
	return append([]page.Crumb{{Label: w.Say("section.system"), Href: root}, {Label: w.Say("system.tenants"), Href: tenantsPath}}, more...)
}

// ShowTenant is GET /system/tenants/:slug.
func (h *Handlers) ShowTenant(c *route.Call) error {
	t, err := h.tenant(c)
	if err != nil {
		return err
	}
	return h.showTenant(c, http.StatusOK, t, guest{}, nil)
}

func (h *Handlers) showTenant(c *route.Call, status int, t authmethods.Tenant, in guest, wrong page.Corrections) error {
	w := page.Words(c)
	holds, err := h.holds(c, t)
	if err != nil {
		return err
	}
	p := page.SystemTenantPage{
		Crumbs: crumbs(w), Name: t.Name, Href: pathOf(t), Mark: stateOf(w, t), Menu: menu(w, c, t), Corrections: wrong,
		Holds: holds.facts(w),
		Facts: []page.SystemFact{
			fact(w.Say("system.tenant.slug"), code(t.Slug)), fact(w.Say("system.tenant.id"), code(string(t.ID))),
			fact(w.Say("system.tenant.since"), text(w.Date(t.CreatedAt))), fact(w.Say("system.tenant.hosts"), code(strings.Join(t.Hosts, ", "))),
		},
		Copied: []page.Copied{
			{ID: "origin", Label: w.Say("system.tenant.address"), Value: h.PublicURL.Origin(t.Slug)},
			{ID: "approvals", Label: w.Say("settings.redirect.approvals"), Value: h.PublicURL.RedirectURI(t)},
			{ID: "sign-ins", Label: w.Say("settings.redirect.sign_ins"), Value: h.PublicURL.SignInRedirectURI(t)},
		},
	}
	switch {
	case t.Disabled:
		p.Notice = &page.Notice{Kind: page.Wait, Text: w.Say("system.tenant.disabled.text")}
	default:
		p.Origin = h.PublicURL.Origin(t.Slug)
		p.Invite = inviteForm(c, w, in, wrong)
		if holds.people == 0 {
			p.Notice = &page.Notice{Kind: page.Info, Text: w.Say("system.tenant.nobody")}
		}
	}
	return page.SystemTenant.Show(c, status, p)
}

// menu is what can be done to a tenant. Nobody closes the one that they are in.
func menu(w words.Words, c *route.Call, t authmethods.Tenant) page.Menu {
	m := page.Menu{Name: t.Name}
	ask := func(key, kind string) {
		m.Actions = append(m.Actions, page.Action{Label: w.Say("system.menu." + key), Href: pathOf(t) + "/" + key, Kind: kind, Dialog: true})
	}
	if t.Disabled {
		ask("enable", "")
	} else if t.ID != c.Tenant.ID {
		ask("disable", "")
	}
	ask("freeze", "")
	if t.ID != c.Tenant.ID {
		ask("delete", "danger")
	}
	return m
}

// holding is what a tenant has.
type holding struct{ people, methods, connections, services, connectors int }

func (n holding) facts(w words.Words) []page.SystemFact {
	var all []page.SystemFact
	for _, each := range []struct {
		label string
		n     int
	}{
		{w.Say("section.users"), n.people}, {w.Say("section.methods"), n.methods}, {w.Say("section.connections"), n.connections},
		{w.Say("section.services"), n.services}, {w.Say("section.sso"), n.connectors},
	} {
		shown := w.Number(int64(each.n))
		if each.n >= counted {
			shown = w.Say("system.many", "n", counted)
		}
		all = append(all, fact(each.label, text(shown)))
	}
	return all
}

// counted is how many of a kind are counted; of more is said that they are more.
const counted = 500

// holds finds out what a tenant has.
func (h *Handlers) holds(c *route.Call, t authmethods.Tenant) (n holding, err error) {
	ctx, caller := c.Request().Context(), Within(c, t.ID)
	in, err := h.Store.For(caller)
	if err != nil {
		return n, err
	}
	people, err := h.Directory.For(caller)
	if err != nil {
		return n, err
	}
	users, err1 := people.Users(ctx, directory.UserQuery{Limit: counted})
	doors, err2 := people.Connectors(ctx)
	methods, err3 := in.Methods(ctx, "", counted)
	services, err4 := in.Services(ctx)
	connections, err5 := h.Consents.Connections(ctx, caller, consent.Query{Limit: counted})
	return holding{people: len(users), methods: len(methods), connections: len(connections), services: len(services), connectors: len(doors)},
		errors.Join(err1, err2, err3, err4, err5)
}

// NewTenant is GET /system/tenants/new.
func (h *Handlers) NewTenant(c *route.Call) error {
	return h.showNew(c, http.StatusOK, newTenant{}, nil)
}

// newTenant is what is typed.
type newTenant struct{ name, slug, hosts, callback string }

func (h *Handlers) showNew(c *route.Call, status int, in newTenant, wrong page.Corrections) error {
	w := page.Words(c)
	field := func(name, value, label, hint string) page.Field {
		return page.Field{Name: name, Value: value, Label: label, Hint: hint, Error: wrong.Of(name)}
	}
	name := field("name", in.name, w.Say("system.new.name"), w.Say("first_run.name.hint"))
	name.Maximum = 100
	slug := field("slug", in.slug, w.Say("system.new.slug"), w.Say("first_run.slug.hint", "address", h.PublicURL.Origin(w.Say("first_run.slug.word"))))
	slug.Mono, slug.Maximum = true, 63
	hosts := field("hosts", in.hosts, w.Say("system.new.hosts"), w.Say("system.new.hosts.hint"))
	hosts.Kind, hosts.Mono, hosts.Optional = "textarea", true, true
	callback := field("callback", in.callback, w.Say("system.new.callback"), w.Say("system.new.callback.hint"))
	callback.Mono, callback.Optional, callback.Placeholder = true, true, "hbdnakz/fzefdzs"
	return page.SystemNewTenant.Show(c, status, page.SystemFormPage{
		Crumbs: crumbs(w), Corrections: wrong, FormToken: c.FormToken(formPurpose), Fields: []page.Field{name, slug}, Folded: []page.Field{hosts, callback},
		Unfolded: in.hosts != "" || in.callback != "",
	})
}

// CreateTenant is POST /system/tenants/new.
func (h *Handlers) CreateTenant(c *route.Call) error {
	if err := c.OwnForm(formPurpose); err != nil {
		return err
	}
	r := c.Request()
	typed := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	in := newTenant{typed("name"), typed("slug"), typed("hosts"), typed("callback")}
	n := store.NewTenant{Name: in.name, Slug: in.slug, Hosts: strings.Fields(in.hosts)}
	if in.callback != "" {
		var pair bool
		if n.CallbackA, n.CallbackB, pair = strings.Cut(strings.Trim(in.callback, "/"), "/"); !pair {
			return h.showNew(c, http.StatusUnprocessableEntity, in, page.Corrections{{Field: "callback", Text: page.Words(c).Say("system.new.callback.wrong")}})
		}
	}
	t, err := h.Tenants.Create(r.Context(), c.Caller.Actor(), n)
	if err != nil {
		if wrong := refused(page.Words(c), err); len(wrong) > 0 {
			return h.showNew(c, http.StatusUnprocessableEntity, in, wrong)
		}
		return err
	}
	page.SetFlash(c, page.Good, "flash.tenant_created", "name", t.Name)
	return c.SeeOther(pathOf(t))
}

// refused puts a refusal into words beside the fields; none if it is no fault of the
// form.
func refused(w words.Words, err error) (wrong page.Corrections) {
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		return nil
	}
	if p.Kind == authmethods.Conflict {
		return page.Corrections{{Field: "slug", Text: w.Say("system.new.taken")}}
	}
	said := map[string]bool{}
	for _, f := range p.Fields {
		field, _, _ := strings.Cut(strings.TrimPrefix(f.Pointer, "/"), "/")
		if strings.HasPrefix(field, "callback") {
			field = "callback"
		}
		text := map[string]string{
			"name": w.Say("first_run.name.wrong"), "slug": w.Say("first_run.slug.wrong"), "hosts": w.Say("system.new.hosts.wrong"),
			"callback": w.Say("system.new.callback.wrong"), "user_name": w.Say("first_run.user.wrong"),
		}[field]
		if text == "" {
			text, field = f.Detail, ""
		}
		if !said[text] {
			said[text] = true
			wrong = append(wrong, page.Correction{Field: field, Text: text})
		}
	}
	return wrong
}
