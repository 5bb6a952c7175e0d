package authclients

import (
	"cmp"
	"errors"
	"net/http"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Result is GET /consents/:id/result, for the browser that the consent is bound to.
func (h *Handlers) Result(c *route.Call) error {
	own := h.browser(c)
	a, err := h.Consents.Result(c.Request().Context(), c.Caller, authmethods.ID(c.Param("id")), own)
	if err != nil {
		return err
	}
	switch a.Status {
	case consent.Completed:
		return h.completed(c, a)
	case consent.Failed, consent.Expired:
		return page.Failed.Show(c, http.StatusOK, page.FailedPage{
			Consent: common(a, 0), Card: *page.CardOf(page.Words(c), authmethods.Diagnose(a.Code)), Back: methodPath(c, a),
		})
	case consent.AwaitingOrganization:
		return choose(c, a, own, false)
	}
	waiting := page.WaitingPage{Consent: common(a, 2)}
	if a.Status == consent.Exchanging {
		waiting.Exchanging, waiting.Steps.At = true, 3
		c.Response().Header().Set("Refresh", "3")
	}
	return page.Waiting.Show(c, http.StatusOK, waiting)
}

func (h *Handlers) completed(c *route.Call, a consent.Attempt) error {
	tenant := c.Tenant
	p := page.CompletedPage{
		Consent: common(a, 4), Tenant: tenant.Name, TenantSlug: tenant.Slug, Reference: a.Method,
		Notes: a.Notes, DataCentre: h.dataCentre(page.Words(c), a), Scopes: a.Scopes,
		Approver: cmp.Or(a.Account.Email, a.Account.Name), Organization: shown(a.Organization), Back: methodPath(c, a),
	}
	if a.Code != "" {
		p.Lacking = page.CardOf(page.Words(c), authmethods.Diagnose(a.Code))
	}
	return page.Completed.Show(c, http.StatusOK, p)
}

// methodPath leads back to the method who is signed in here. Who approves by a link
// need not have an account; then it is empty.
func methodPath(c *route.Call, a consent.Attempt) string {
	if c.Person == nil {
		return ""
	}
	return "/methods/" + string(a.MethodID)
}

// dataCentre is how the data centre is called.
func (h *Handlers) dataCentre(w words.Words, a consent.Attempt) string {
	return page.DataCentre(w, h.kind(a), a.DataCentre)
}

func shown(o tokens.Organization) page.Organization {
	return page.Organization{ID: o.ID, Name: o.Name, Default: o.Default, Environment: o.Environment}
}

func choose(c *route.Call, a consent.Attempt, own secret.Text, unchosen bool) error {
	p := page.ChoosePage{
		Consent: common(a, 3), Unchosen: unchosen,
		Form: page.Form{Action: path(a.ID, "organization"), Token: formToken(own, a.ID)},
	}
	for _, o := range a.Organizations {
		p.Organizations = append(p.Organizations, shown(o))
	}
	status := http.StatusOK
	if unchosen {
		status = http.StatusBadRequest
	}
	return page.Choose.Show(c, status, p)
}

// Choose is POST /consents/:id/organization.
func (h *Handlers) Choose(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	id, own := authmethods.ID(c.Param("id")), h.browser(c)
	if !sentByOurForm(c, own, id) {
		return foreignForm(c)
	}
	ctx, caller := c.Request().Context(), c.Caller
	a, err := h.Consents.ChooseOrganization(ctx, caller, id, own, c.Request().PostFormValue("organization"))
	if errors.Is(err, authmethods.Invalid) {
		if a, err = h.Consents.Result(ctx, caller, id, own); err == nil && a.Status == consent.AwaitingOrganization {
			return choose(c, a, own, true)
		}
	}
	if err != nil {
		return err
	}
	return seeOther(c, path(a.ID, "result"))
}
