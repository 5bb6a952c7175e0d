package services

import (
	"net/http"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Change is POST /service-accounts/:id: its name, and whether it administers.
func (h *Handlers) Change(c *route.Call) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	name := d.typed("name")
	change := store.ServiceChange{Name: &name}
	if d.c.May(authmethods.AdminRights...) {
		change.Admin = new(d.typed("admin") != "")
	}
	if text := d.wrongName(name); text != "" {
		return d.showService(http.StatusUnprocessableEntity, s, page.Corrections{{Field: "name", Text: text}})
	}
	_, err = d.t.ChangeService(c.Request().Context(), string(s.ID), d.seen(), change)
	if authmethods.KindOf(err) == authmethods.Conflict {
		return d.showService(http.StatusUnprocessableEntity, s, page.Corrections{{Field: "name", Text: d.w.Say("services.name.taken")}})
	}
	return d.done(s.ID, err, "flash.saved", name)
}

// seen is the revision that the form was made of; -1 if it says none, which no object
// has.
func (d *desk) seen() int64 {
	rev, err := strconv.ParseInt(d.typed("rev"), 10, 64)
	if err != nil || rev < 1 {
		return -1
	}
	return rev
}

// done goes back to the service, telling what was done, or that somebody else changed
// it meanwhile.
func (d *desk) done(service authmethods.ID, err error, flash, name string) error {
	switch {
	case authmethods.KindOf(err) == authmethods.Stale:
		page.SetFlash(d.c, page.Wait, "flash.service_changed", "name", name)
	case err != nil:
		return err
	default:
		page.SetFlash(d.c, page.Good, flash, "name", name)
	}
	return d.c.SeeOther(pathOf(service))
}

// Disable is POST /service-accounts/:id/disable.
func (h *Handlers) Disable(c *route.Call) error { return h.turn(c, true, "flash.service_disabled") }

// Enable is POST /service-accounts/:id/enable.
func (h *Handlers) Enable(c *route.Call) error { return h.turn(c, false, "flash.service_enabled") }

func (h *Handlers) turn(c *route.Call, disabled bool, flash string) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	if s.Disabled != disabled {
		_, err = d.t.ChangeService(c.Request().Context(), string(s.ID), 0, store.ServiceChange{Disabled: &disabled})
	}
	return d.done(s.ID, err, flash, s.Name)
}

// AddPermit is POST /service-accounts/:id/permits.
func (h *Handlers) AddPermit(c *route.Call) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	p := authmethods.Permit{Method: d.typed("method"), Environment: d.typed("environment")}
	var wrong page.Corrections
	if p.Method == "" {
		wrong = append(wrong, page.Correction{Field: "method", Text: d.w.Say("services.method.missing")})
	}
	if p.Environment == "" {
		wrong = append(wrong, page.Correction{Field: "environment", Text: d.w.Say("services.environment.missing")})
	}
	scopes, odd := d.readScopes(d.typed("scopes"))
	if p.Scopes = scopes; odd != "" {
		wrong = append(wrong, page.Correction{Field: "scopes", Text: odd})
	}
	if len(wrong) == 0 {
		_, err = d.t.AddPermit(c.Request().Context(), string(s.ID), p)
		if authmethods.KindOf(err) == authmethods.Conflict {
			wrong = page.Corrections{{Field: "method", Text: d.w.Say("services.permit.taken")}}
		} else if err != nil {
			if wrong, err = d.refused(err); err != nil {
				return err
			}
		}
	}
	if len(wrong) > 0 {
		return d.showService(http.StatusUnprocessableEntity, s, wrong)
	}
	return d.done(s.ID, nil, "flash.permit_added", s.Name)
}

// RemovePermit is POST /service-accounts/:id/permits/:permit_id/remove.
func (h *Handlers) RemovePermit(c *route.Call) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	err = d.t.RemovePermit(c.Request().Context(), string(s.ID), authmethods.ID(c.Param("permit_id")))
	return d.done(s.ID, err, "flash.permit_removed", s.Name)
}

// ShowDelete is GET /service-accounts/:id/delete.
func (h *Handlers) ShowDelete(c *route.Call) error {
	d, s, err := h.look(c)
	if err != nil {
		return err
	}
	live, _ := showKeys(s.Keys, time.Now())
	p := page.DeleteServicePage{ID: s.ID, Name: s.Name, Rev: s.Rev, Keys: len(live), FormToken: c.FormToken(formPurpose)}
	if d.c.May(authmethods.ViewServices) {
		if p.Used, err = d.used(s.ID); err != nil {
			return err
		}
	}
	return page.DeleteService.Show(c, http.StatusOK, p)
}

// Delete is POST /service-accounts/:id/delete.
func (h *Handlers) Delete(c *route.Call) error {
	d, s, err := h.change(c)
	if err != nil {
		return err
	}
	if err := d.t.DeleteService(c.Request().Context(), string(s.ID), d.seen()); err != nil {
		return d.done(s.ID, err, "", s.Name)
	}
	page.SetFlash(c, page.Good, "flash.service_deleted", "name", s.Name)
	return c.SeeOther(listPath)
}
