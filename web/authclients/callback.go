package authclients

import (
	"crypto/subtle"
	"net/http"

	"latchkey/authmethods"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
)

// outOfDatePath is where a callback leads that fits no consent.
const outOfDatePath = "/consents/out-of-date"

// Callback is GET /api/authclients/:a/:b, the redirect URI (RFC 6749 section
// 3.1.2). Whatever comes of a callback, the browser goes on to an address without
// code and state.
func (h *Handlers) Callback(c *route.Call) error {
	tenant := c.Tenant
	if !same(c.Param("a"), tenant.CallbackA, c.Param("b"), tenant.CallbackB) {
		return authmethods.Missing()
	}
	// Scanners and previews ask for the head; they must not use up a code.
	if c.Request().URL.RawQuery == "" || c.Request().Method != http.MethodGet {
		return page.Ready.Show(c, http.StatusOK, page.ReadyPage{Address: h.PublicURL.RedirectURI(tenant)})
	}
	query, ok := route.Query(c.Request().URL.RawQuery)
	if !ok {
		c.Note("callback", "malformed")
		return page.Malformed.Show(c, http.StatusBadRequest, page.MalformedPage{})
	}
	a, err := h.Consents.Complete(c.Request().Context(), c.Caller, consent.Callback{
		Code: query.Get("code"), State: query.Get("state"), Issuer: query.Get("iss"),
		Error: query.Get("error"), ErrorDescription: query.Get("error_description"), Query: query.Get,
	}, h.browser(c))
	switch {
	case isOutOfDate(err):
		return seeOther(c, outOfDatePath)
	case err != nil:
		return err
	}
	return seeOther(c, path(a.ID, "result"))
}

// same compares the two halves of the pair in a time that tells nothing of them.
func same(a, wantA, b, wantB string) bool {
	halfA := subtle.ConstantTimeCompare([]byte(a), []byte(wantA))
	halfB := subtle.ConstantTimeCompare([]byte(b), []byte(wantB))
	return halfA&halfB == 1 && wantA != "" && wantB != ""
}

// OutOfDate is GET /consents/out-of-date.
func (h *Handlers) OutOfDate(*route.Call) error { return outOfDate() }
