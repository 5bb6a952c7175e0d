package services

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/route"
)

// List is GET /service-accounts.
func (h *Handlers) List(c *route.Call) error {
	d, err := h.desk(c)
	if err != nil {
		return err
	}
	all, err := d.t.Services(c.Request().Context())
	if err != nil {
		return err
	}
	methods, err := d.methods()
	if err != nil {
		return err
	}
	p := page.ServicesPage{MayCreate: d.c.May(authmethods.CreateServices)}
	environment := authmethods.Environment(c.QueryParam("env"))
	for _, s := range all {
		if !environment.Valid() || borrowsIn(s, environment) {
			p.Rows = append(p.Rows, d.row(s, methods))
		}
	}
	slices.SortFunc(p.Rows, func(a, b page.ServiceRow) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	p.Empty = d.empty(len(all) > 0)
	return page.Services.Show(c, http.StatusOK, p)
}

// borrowsIn reports whether a service may borrow anything in an environment.
func borrowsIn(s authmethods.Service, e authmethods.Environment) bool {
	return slices.ContainsFunc(s.Permits, func(p authmethods.Permit) bool {
		return p.Environment == authmethods.Any || p.Environment == string(e)
	})
}

// row is a service in the list.
func (d *desk) row(s authmethods.Service, methods []authmethods.Method) page.ServiceRow {
	live, _ := showKeys(s.Keys, time.Now())
	return page.ServiceRow{
		ID: s.ID, Name: s.Name, Admin: s.Admin, State: stateOf(s, live), Keys: live,
		Permits: d.showPermits(s.Permits, methods), Menu: d.menu(s, true),
	}
}

// menu is what can be done with a service.
func (d *desk) menu(s authmethods.Service, open bool) page.Menu {
	m := page.Menu{Name: s.Name}
	if open {
		m.Actions = append(m.Actions, page.Action{Label: d.w.Say("services.open"), Href: pathOf(s.ID), Icon: "eye"})
	}
	m.Actions = append(m.Actions,
		page.Action{Label: d.w.Say("services.loans"), Href: loansOf(s.ID), Icon: "log"},
		page.Action{Label: d.w.Say("services.copy_id"), Href: pathOf(s.ID), Copy: string(s.ID), Icon: "copy"},
	)
	if d.c.May(authmethods.ModifyServices) {
		turn := page.Action{Label: d.w.Say("services.disable"), Post: pathOf(s.ID) + "/disable", Icon: "power", Apart: true, Name: "csrf", Value: d.c.FormToken(formPurpose)}
		if s.Disabled {
			turn.Label, turn.Post = d.w.Say("services.enable"), pathOf(s.ID)+"/enable"
		}
		m.Actions = append(m.Actions, turn)
	}
	if d.c.May(authmethods.ModifyFreezes) {
		m.Actions = append(m.Actions, page.Action{Label: d.w.Say("freeze.menu"), Href: pathOf(s.ID) + "/freeze", Icon: "snow", Dialog: true})
	}
	if d.c.May(authmethods.DeleteServices) {
		m.Actions = append(m.Actions, page.Action{Label: d.w.Say("services.delete"), Href: pathOf(s.ID) + "/delete", Icon: "trash", Kind: "danger", Dialog: true})
	}
	return m
}

// empty stands in place of the list: nothing in this environment, or nothing at all.
func (d *desk) empty(others bool) page.Empty {
	if others {
		return page.Empty{
			Icon: "filter", Title: d.w.Say("services.none_here"), Text: d.w.Say("services.none_here.text"),
			Actions: []page.Action{{Label: d.w.Say("services.show_all"), Href: listPath}},
		}
	}
	e := page.Empty{Icon: "terminal", Title: d.w.Say("services.empty"), Text: d.w.Say("services.empty.text")}
	if d.c.May(authmethods.CreateServices) {
		e.Actions = []page.Action{{Label: d.w.Say("services.create"), Href: listPath + "/new", Kind: "primary", Icon: "plus"}}
	}
	return e
}
