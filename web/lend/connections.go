package lend

import (
	"net/http"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/list"
	"latchkey/web/route"
)

// connection is what a borrower sees of one.
type connection struct {
	ID          authmethods.ID          `json:"connection"`
	Tenant      string                  `json:"tenant"`
	Method      string                  `json:"method"`
	Environment authmethods.Environment `json:"environment"`
	Subject     string                  `json:"subject"`
	State       tokens.State            `json:"state"`
	Reason      authmethods.Code        `json:"reason,omitempty"`
	Scopes      []string                `json:"scopes"`
	TokenID     authmethods.ID          `json:"token_id,omitempty"`
	ExpiresAt   time.Time               `json:"expires_at,omitzero"`
	RetryAt     time.Time               `json:"retry_at,omitzero"`
}

// Connections lists the states of what the service may borrow.
func (h *Handlers) Connections(c *route.Call) error {
	q := list.Read(c.Request(), "tenant", "method", "environment")
	environment := list.Choice(q, "environment", authmethods.Environments[:]...)
	after := q.AfterID("conn")
	method, ref := q.Text("method", maxRef), q.Text("tenant", maxRef)
	if err := q.Err(); err != nil {
		return err
	}
	tenant, err := h.Tenants.Named(c.Request().Context(), c.Service.Tenant, ref)
	if err != nil {
		return err
	}
	c.Note("tenant", tenant.Slug)
	actor := authmethods.Actor{Kind: authmethods.ActorService, ID: c.Service.ID, Name: c.Service.Name}
	caller := authmethods.NewCaller(tenant.ID, actor, authmethods.Rights{authmethods.ViewMethods}, c.RequestID)
	found, err := h.Consents.Connections(c.Request().Context(), caller, consent.Query{
		Method: method, Environment: environment, After: after, Limit: q.Limit + 1,
	})
	if err != nil {
		return err
	}
	page := list.PageOf(found, q.Limit, func(x tokens.Connection) string { return list.IDCursor(x.ID) })
	shown := []connection{}
	for _, each := range page.Items {
		loanable := authmethods.Loanable{TenantID: tenant.ID, TenantSlug: tenant.Slug, Method: each.Method, Environment: each.Environment}
		may := func(p authmethods.Permit) bool { return p.Allows(c.Service.Tenant, loanable) }
		if slices.ContainsFunc(c.Service.Permits, may) {
			shown = append(shown, shownTo(tenant.Slug, each))
		}
	}
	return c.Reply(http.StatusOK, list.Page[connection]{Items: shown, NextCursor: page.NextCursor})
}

func shownTo(tenant string, x tokens.Connection) connection {
	return connection{
		ID: x.ID, Tenant: tenant, Method: x.Method, Environment: x.Environment, Subject: x.Subject,
		State: x.State, Reason: x.Reason, Scopes: append([]string{}, x.Scopes...),
		TokenID: x.TokenID, ExpiresAt: x.TokenExpiresAt.UTC(), RetryAt: x.RetryAt.UTC(),
	}
}
