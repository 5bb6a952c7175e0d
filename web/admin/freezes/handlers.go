package freezes

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Handlers answer for the pages. All fields are needed.
type Handlers struct {
	Store   *store.Store
	Tenants *store.Tenants
	// Outside is the caller as whom an operator acts on a tenant from outside it.
	Outside func(*route.Call, authmethods.TenantID) authmethods.Caller
	// Patience is how long an answer waits for the servers to heed a freeze.
	Patience time.Duration
}

// formPurpose is what the tokens of the forms are for.
const formPurpose = "freezes"

// Show answers GET of a scope's page: whether it is to be frozen, or what became of it.
func (h *Handlers) Show(find func(*route.Call) (*Scope, error)) func(*route.Call) error {
	return func(c *route.Call) error {
		s, err := find(c)
		if err != nil {
			return err
		}
		return s.show(c, http.StatusOK, nil)
	}
}

func (s *Scope) show(c *route.Call, status int, wrong page.Corrections) error {
	f, err := s.freeze(c.Request().Context())
	if err != nil {
		return err
	}
	w, p := page.Words(c), s.page
	p.Corrections = wrong
	if f != nil {
		p.Frozen = &page.FreezeState{
			At: f.At, By: f.By.Name, Reason: f.Reason, Lifter: f.Lifter, MayLift: f.Lifter == authmethods.LiftedByAdministrator || p.Operator,
		}
	}
	p.Reason = page.Field{
		Name: "reason", Label: w.Say("freeze.field.reason"), Hint: w.Say("freeze.field.reason.hint"), Optional: true, Maximum: store.MaxReason,
		Value: c.Request().PostFormValue("reason"), Error: wrong.Of("reason"),
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return page.Freeze[s.section].Show(c, status, p)
}

// freeze is that of the scope; nil if it is not frozen.
func (s *Scope) freeze(ctx context.Context) (*authmethods.Freeze, error) {
	all, err := s.in.Freezes(ctx)
	if err != nil {
		return nil, err
	}
	id, err := s.in.FreezeID(ctx, s.target)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].ID == id && all[i].Scope == s.page.Scope {
			return &all[i], nil
		}
	}
	return nil, nil
}

// Do answers POST of a scope's page: it freezes, lifts the freeze, or asks again who
// heeds it.
func (h *Handlers) Do(find func(*route.Call) (*Scope, error)) func(*route.Call) error {
	return func(c *route.Call) error {
		if err := c.OwnForm(formPurpose); err != nil {
			return err
		}
		s, err := find(c)
		if err != nil {
			return err
		}
		switch c.Request().PostFormValue("do") {
		case "freeze":
			return h.set(c, s)
		case "lift":
			return h.lift(c, s)
		case "ask":
			return h.told(c, s)
		}
		return c.SeeOther(s.page.Form.Action)
	}
}

func (h *Handlers) set(c *route.Call, s *Scope) error {
	_, _, err := s.in.Freeze(c.Request().Context(), s.target, c.Request().PostFormValue("reason"))
	var p *authmethods.Problem
	if errors.As(err, &p) && p.Kind == authmethods.Invalid {
		return s.show(c, http.StatusUnprocessableEntity, page.Corrections{{Field: "reason", Text: page.Words(c).Say("freeze.field.reason.wrong")}})
	}
	if err != nil {
		return err
	}
	return h.told(c, s)
}

// told waits until every server heeds what was frozen, and says so, or which do not.
func (h *Handlers) told(c *route.Call, s *Scope) error {
	report, all, err := s.in.SettleWithin(c.Request().Context(), h.Patience)
	if err != nil {
		return err
	}
	if !all {
		var missing []string
		for _, r := range report.Waiting {
			missing = append(missing, r.ID+" ("+r.Host+")")
		}
		page.SetFlash(c, page.Bad, "flash.frozen_partly", "servers", strings.Join(missing, ", "))
		return c.SeeOther(s.page.Form.Action)
	}
	page.SetFlash(c, page.Good, "flash.frozen."+string(s.page.Scope), "name", s.page.Name)
	return c.SeeOther(s.page.Back)
}

// thawed is how long it is waited for the servers when a freeze is lifted: one that does
// not answer goes on refusing, and harms nobody.
const thawed = 3 * time.Second

func (h *Handlers) lift(c *route.Call, s *Scope) error {
	ctx := c.Request().Context()
	id, err := s.in.FreezeID(ctx, s.target)
	if err != nil {
		return err
	}
	_, err = s.in.Unfreeze(ctx, id)
	switch authmethods.KindOf(err) {
	case authmethods.NotFound: // somebody else lifted it meanwhile
	case authmethods.Forbidden:
		return s.show(c, http.StatusForbidden, page.Corrections{{Text: page.Words(c).Say("freeze.operators_only")}})
	default:
		if err != nil {
			return err
		}
	}
	if _, _, err := s.in.SettleWithin(ctx, min(thawed, h.Patience)); err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.unfrozen."+string(s.page.Scope), "name", s.page.Name)
	return c.SeeOther(s.page.Back)
}
