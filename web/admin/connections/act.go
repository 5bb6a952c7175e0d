package connections

import (
	"errors"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Test is POST /connections/:id/test.
func (h *Handlers) Test(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	x, err := h.found(c)
	if err != nil {
		return err
	}
	r, err := h.Consents.Test(c.Request().Context(), c.Caller, x.ID)
	if err != nil {
		return err
	}
	w := page.Words(c)
	switch {
	case !r.OK:
		page.SetFlash(c, page.Bad, "flash.connection_test_failed", "why", w.Diagnosis(authmethods.Diagnose(r.Code)).Title)
	case r.Status == 0:
		page.SetFlash(c, page.Good, "flash.connection_token")
	default:
		page.SetFlash(c, page.Good, "flash.connection_tested", "ms", w.Number(r.Duration.Milliseconds()))
	}
	return back(c, x.ID)
}

// ShowRefresh is GET /connections/:id/refresh: what a refresh costs.
func (h *Handlers) ShowRefresh(c *route.Call) error {
	s, err := h.sight(c, aDay)
	if err != nil {
		return err
	}
	p := page.ConnectionRefreshPage{
		Crumbs: crumbs(s.w, s.method.Name, s.x.ID), Name: s.method.Name, Environment: s.x.Environment, Provider: s.provider,
		Form: page.Form{Action: PathOf(s.x.ID) + "/refresh", Token: c.FormToken(formName)}, Token: string(s.x.TokenID), Back: PathOf(s.x.ID),
	}
	p.Budget, p.BudgetText = s.budget()
	p.Spent = p.Budget != nil && p.Budget.Value >= p.Budget.Max
	if x := s.x.TokenExpiresAt; x.After(s.course.Now) {
		p.ExpiresAt = x.UTC()
	}
	return show(s, page.ConnectionRefresh, p)
}

// Refresh is POST /connections/:id/refresh.
func (h *Handlers) Refresh(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	x, err := h.found(c)
	if err != nil {
		return err
	}
	old := c.Request().PostFormValue("token")
	if old != "" && !token.ValidID("tok", old) {
		return authmethods.InvalidField("/token", "This is the id of no token.")
	}
	_, err = h.Consents.Refresh(c.Request().Context(), c.Caller, x.ID, authmethods.ID(old))
	var p *authmethods.Problem
	if errors.As(err, &p) && (p.Kind == authmethods.Unavailable || p.Kind == authmethods.HumanNeeded || p.Kind == authmethods.Conflict || p.Kind == authmethods.Exhausted) {
		why := p.Reason
		if why == "" {
			why = p.Code
		}
		page.SetFlash(c, page.Bad, "flash.connection_unrefreshed", "why", page.Words(c).Diagnosis(authmethods.Diagnose(why)).Title)
		return back(c, x.ID)
	}
	if err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.connection_refreshed")
	return back(c, x.ID)
}

// ShowRevoke is GET /connections/:id/revoke: what a revocation breaks.
func (h *Handlers) ShowRevoke(c *route.Call) error {
	s, err := h.sight(c, aDay)
	if err != nil {
		return err
	}
	in, err := h.Store.For(c.Caller)
	if err != nil {
		return err
	}
	rest, err := in.Dependents(s.ctx, string(s.x.MethodID))
	if err != nil {
		return err
	}
	p := page.ConnectionRevokePage{
		Crumbs: crumbs(s.w, s.method.Name, s.x.ID), Name: s.method.Name, Environment: s.x.Environment, Provider: s.provider,
		Borrowers: s.lent.Borrowers, Loans: s.lent.Loans,
		Form: page.Form{Action: PathOf(s.x.ID) + "/revoke", Token: c.FormToken(formName)}, Back: PathOf(s.x.ID),
	}
	for _, connector := range rest.Connectors {
		if connector.Environment == s.x.Environment && !connector.Disabled {
			p.Connectors = append(p.Connectors, connector.Name)
		}
	}
	return show(s, page.ConnectionRevoke, p)
}

// Revoke is POST /connections/:id/revoke.
func (h *Handlers) Revoke(c *route.Call) error {
	if err := c.OwnForm(formName); err != nil {
		return err
	}
	x, err := h.found(c)
	if err != nil {
		return err
	}
	if _, err := h.Consents.Revoke(c.Request().Context(), c.Caller, x.ID); err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.connection_revoked")
	return back(c, x.ID)
}
