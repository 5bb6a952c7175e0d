package methods

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/tokens"
	"latchkey/web/page"
	"latchkey/web/route"
)

// ShowDisable is GET /methods/:id/disable: what disabling would stop.
func (h *Handlers) ShowDisable(c *route.Call) error {
	s, err := h.see(c)
	if err != nil {
		return err
	}
	e, ok := s.environment(c.QueryParam("environment"))
	if !ok {
		return c.SeeOther(pathOf(s.method.ID, ""))
	}
	connections, err := h.connections(c, string(s.method.ID))
	if err != nil {
		return err
	}
	d, err := s.Dependents(c.Request().Context(), string(s.method.ID))
	if err != nil {
		return err
	}
	x := connections[place{s.method.ID, e}]
	p := page.MethodDisablePage{
		Crumbs: s.crumbs(true), Form: ours(c, pathOf(s.method.ID, "disable")), Method: s.method.Name, Provider: s.kind.Name,
		Environment: e, Back: pathOf(s.method.ID, ""),
	}
	if s := stateOf(x); works(s) {
		p.Connection = string(x.ID)
	}
	impact(c, &p, d)
	if p.Holders, err = h.holders(c, x.ID); err != nil {
		return err
	}
	chrome := page.ChromeOf(c)
	chrome.Environment = e
	c.Response().Header().Set("Cache-Control", "no-store")
	return page.MethodDisable.Write(c.Response(), http.StatusOK, chrome, p)
}

// impact adds who would notice.
func impact(c *route.Call, p *page.MethodDisablePage, d store.Dependents) {
	if c.May(authmethods.ViewServices) {
		for _, x := range d.Permits {
			if x.Environment == authmethods.Any || x.Environment == string(p.Environment) {
				p.Services = append(p.Services, x.ServiceName)
			}
		}
	}
	for _, x := range d.Connectors {
		if x.Environment == p.Environment && !x.Disabled {
			p.Connectors = append(p.Connectors, x.Name)
		}
	}
}

// holders are the services that hold a token of a connection which still lives.
func (h *Handlers) holders(c *route.Call, connection authmethods.ID) ([]page.MethodHolder, error) {
	if connection == "" || !c.May(authmethods.ViewServices) {
		return nil, nil
	}
	held, err := h.Ledger.Loans(c.Request().Context(), c.Caller, tokens.LoanQuery{Connection: connection, Limit: most})
	if err != nil {
		return nil, err
	}
	var list []page.MethodHolder
	byName := map[string]int{}
	for _, x := range held {
		i, ok := byName[x.ServiceName]
		if !ok {
			i = len(list)
			byName[x.ServiceName], list = i, append(list, page.MethodHolder{Name: x.ServiceName})
		}
		list[i].Loans += x.Loans
	}
	return list, nil
}

// Disable is POST /methods/:id/disable. What was approved stays, unless it is to be
// revoked as well.
func (h *Handlers) Disable(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	s, err := h.see(c)
	if err != nil {
		return err
	}
	e, ok := s.environment(typed(c, "environment"))
	if !ok {
		return c.SeeOther(pathOf(s.method.ID, ""))
	}
	ctx := c.Request().Context()
	if err := h.Consents.Disable(ctx, c.Caller, string(s.method.ID), e); err != nil {
		return err
	}
	flash := "flash.method_disabled"
	if typed(c, "do") == "revoke" {
		connections, err := h.connections(c, string(s.method.ID))
		if err != nil {
			return err
		}
		if x, ok := connections[place{s.method.ID, e}]; ok {
			if _, err := h.Consents.Revoke(ctx, c.Caller, x.ID); err != nil {
				return err
			}
		}
		flash = "flash.method_revoked"
	}
	page.SetFlash(c, page.Good, flash, "name", s.method.Name, "environment", s.named(e))
	return c.SeeOther(pathOf(s.method.ID, ""))
}
