package system

import (
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
)

// The questions that are asked about a tenant; each is a page at its address below the
// tenant's.
const (
	askEnable  = "enable"
	askDisable = "disable"
	askDelete  = "delete"
)

// Ask returns GET /system/tenants/:slug/KEY, the question before something is done.
func (h *Handlers) Ask(key string) func(*route.Call) error {
	return func(c *route.Call) error {
		t, err := h.tenant(c)
		if err != nil {
			return err
		}
		if err := elsewhere(c, t, key); err != nil {
			return err
		}
		return h.ask(c, http.StatusOK, t, key, nil)
	}
}

func (h *Handlers) ask(c *route.Call, status int, t authmethods.Tenant, key string, wrong page.Corrections) error {
	w := page.Words(c)
	p := page.SystemAskPage{
		Crumbs: crumbs(w, page.Crumb{Label: t.Name, Href: pathOf(t)}), Key: key, Name: t.Name, Back: pathOf(t), Post: pathOf(t) + "/" + key,
		FormToken: c.FormToken(formPurpose), Corrections: wrong,
	}
	if key != askEnable {
		n, err := h.holds(c, t)
		if err != nil {
			return err
		}
		p.Holds = n.facts(w)
		if key == askDelete && n.connections > 0 {
			p.Choices = []page.Choice{{
				Name: "force", Legend: w.Say("system.force"), Many: true, Optional: true,
				Options: []page.Option{{Value: "yes", Label: w.Say("system.force.yes"), Hint: w.Say("system.force.hint"), Chosen: c.Request().PostFormValue("force") != ""}},
			}}
		}
	}
	if key == askDelete {
		p.Fields = []page.Field{{
			Name: "confirm", Label: w.Say("system.confirm"), Hint: w.Say("system.confirm.hint", "slug", t.Slug), Mono: true,
			Value: c.Request().PostFormValue("confirm"), Error: wrong.Of("confirm"),
		}}
	}
	return page.SystemAsk.Show(c, status, p)
}

// elsewhere refuses to close the tenant in which whoever asks is signed in.
func elsewhere(c *route.Call, t authmethods.Tenant, key string) error {
	if key == askEnable || t.ID != c.Tenant.ID {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.Conflict, Code: authmethods.CodeConflict,
		Detail: "You are signed in at this tenant. Do it from another one, or at the command line.",
	}
}

// Enable is POST /system/tenants/:slug/enable.
func (h *Handlers) Enable(c *route.Call) error {
	return h.alter(c, askEnable, "flash.tenant_enabled", func(t authmethods.Tenant) (page.Corrections, error) {
		return nil, h.Tenants.Enable(c.Request().Context(), c.Caller.Actor(), t.Slug)
	})
}

// Disable is POST /system/tenants/:slug/disable.
func (h *Handlers) Disable(c *route.Call) error {
	return h.alter(c, askDisable, "flash.tenant_disabled", func(t authmethods.Tenant) (page.Corrections, error) {
		return nil, h.Tenants.Disable(c.Request().Context(), c.Caller.Actor(), t.Slug)
	})
}

// Delete is POST /system/tenants/:slug/delete. The short name has to be typed.
func (h *Handlers) Delete(c *route.Call) error {
	return h.alter(c, askDelete, "flash.tenant_deleted", func(t authmethods.Tenant) (page.Corrections, error) {
		r, w := c.Request(), page.Words(c)
		if strings.TrimSpace(r.PostFormValue("confirm")) != t.Slug {
			return page.Corrections{{Field: "confirm", Text: w.Say("system.confirm.wrong", "slug", t.Slug)}}, nil
		}
		err := h.Tenants.Delete(r.Context(), c.Caller.Actor(), t.Slug, r.PostFormValue("force") != "")
		if authmethods.KindOf(err) == authmethods.Conflict {
			return page.Corrections{{Field: "force", Text: w.Say("system.force.needed")}}, nil
		}
		return nil, err
	})
}

// alter does something to a tenant by a form of ours, and says that it is done.
func (h *Handlers) alter(c *route.Call, key, done string, do func(authmethods.Tenant) (page.Corrections, error)) error {
	if err := c.OwnForm(formPurpose); err != nil {
		return err
	}
	t, err := h.tenant(c)
	if err != nil {
		return err
	}
	if err := elsewhere(c, t, key); err != nil {
		return err
	}
	wrong, err := do(t)
	switch {
	case err != nil:
		return err
	case len(wrong) > 0:
		return h.ask(c, http.StatusUnprocessableEntity, t, key, wrong)
	}
	page.SetFlash(c, page.Good, done, "name", t.Name)
	if key == askDelete {
		return c.SeeOther(tenantsPath)
	}
	return c.SeeOther(pathOf(t))
}
