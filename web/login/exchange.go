package login

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso/session"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// Exchange answers the platform's services, which know no browser.
type Exchange struct {
	Sessions *session.Sessions
	Tenants  *store.Tenants
}

// Bounds of what a request may hold; api.yaml repeats them.
const (
	maxTenant = 64
	maxTicket = 100
)

// Redeem is POST /internal/v1/sign-ins/exchange: a ticket becomes the user that it was
// issued for, once.
func (h *Exchange) Redeem(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("ticket")
	ref, ticket := body.Line("tenant", maxTenant), body.Secret("ticket", maxTicket)
	if err := body.Err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	tenant, err := h.Tenants.Named(ctx, c.Service.Tenant, ref)
	if err != nil {
		return err
	}
	c.Note("tenant", tenant.Slug)
	r, err := h.Sessions.Redeem(ctx, service(c, tenant.ID), ticket)
	if err != nil {
		return err
	}
	identity, expires, err := h.Sessions.Identity(ctx, r.Present, tenant)
	if err != nil {
		return err
	}
	shown, in := showWho(r.Present)
	return c.Reply(http.StatusOK, struct {
		Tenant    string         `json:"tenant"`
		User      who            `json:"user"`
		Session   stay           `json:"session"`
		SignIn    authmethods.ID `json:"sign_in,omitempty"`
		ReturnTo  string         `json:"return_to"`
		Identity  string         `json:"identity"` // JWT
		ExpiresAt time.Time      `json:"identity_expires_at"`
	}{tenant.Slug, shown, in, r.SignIn, r.ReturnTo, identity, expires.UTC()})
}
