package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// identity is a pinned account on the wire.
type identity struct {
	ID         authmethods.ID `json:"id"`
	Connector  authmethods.ID `json:"connector"`
	Issuer     string         `json:"issuer"`
	Subject    string         `json:"subject"`
	Email      string         `json:"email,omitempty"`
	ByHand     bool           `json:"by_hand"`
	LastUsedAt time.Time      `json:"last_used_at,omitzero"`
	CreatedAt  time.Time      `json:"created_at"`
}

func showIdentity(i sso.Identity) identity {
	return identity{
		i.ID, i.Connector, i.Subject.Issuer, i.Subject.ID, i.Email, i.ByHand, i.LastUsedAt.UTC(), i.CreatedAt.UTC(),
	}
}

// ListIdentities lists a person's accounts at providers.
func (h *Handlers) ListIdentities(c *route.Call) error {
	u, _, err := h.user(c)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, list.Show(list.Page[sso.Identity]{Items: u.Identities}, showIdentity))
}

// PinIdentity links a person to an account at a provider by hand.
func (h *Handlers) PinIdentity(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("connector", "issuer", "subject")
	connector := body.Line("connector", maxRef)
	subject := sso.Subject{Issuer: body.Line("issuer", maxIssuer), ID: body.Line("subject", maxSubject)}
	if err := body.Err(); err != nil {
		return err
	}
	return h.pin(c, c.Param("id"), connector, subject)
}

// pin links a person to an account and shows the link.
func (h *Handlers) pin(c *route.Call, user, connector string, s sso.Subject) error {
	t, err := h.people(c)
	if err != nil {
		return err
	}
	pinned, err := t.Pin(c.Request().Context(), user, connector, s)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusCreated, showIdentity(pinned))
}

// UnpinIdentity takes an account from a person. The next sign-in is judged by the
// mapping rule again.
func (h *Handlers) UnpinIdentity(c *route.Call) error {
	t, err := h.people(c)
	if err != nil {
		return err
	}
	if err := t.Unpin(c.Request().Context(), c.Param("id"), authmethods.ID(c.Param("identity_id"))); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
