package login

import (
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
)

const formLogout = "logout"

// SignedOutPath is where people are after signing out, also by way of the provider:
// it is to be registered there as a post-logout redirect URI.
const SignedOutPath = loginPath + "?notice=signed-out"

// Logout is POST /api/sso/logout, and /logout from our own pages: it ends the session
// here, and leads on to where the provider ends its own.
func (h *Handlers) Logout(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	p, err := h.present(c)
	if codeOf(err) == authmethods.CodeNotSignedIn {
		h.unset(c, h.sessionName())
		return h.left(c, "")
	}
	if err != nil {
		return err
	}
	if !fromHere(c, p) {
		return &authmethods.Problem{
			Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden, Detail: "This request did not come from a page of this host. Nothing was done.",
		}
	}
	c.Caller = presentCaller(c, p, nil)
	ctx := c.Request().Context()
	if err := h.Sessions.End(ctx, c.Caller, p.Session.ID); err != nil && authmethods.KindOf(err) != authmethods.NotFound {
		return err
	}
	h.unset(c, h.sessionName())
	var away string
	if p.Session.Connector != "" {
		// The session here is over whatever the provider's description says.
		if away, err = h.SignIn.LogoutURL(ctx, c.Caller, p.Session.Connector, h.origin(c)+SignedOutPath); err != nil {
			c.Note("provider_logout", "unknown")
		}
	}
	return h.left(c, away)
}

// fromHere reports whether a page of this host sent the request: by a form with its
// token, or as browsers say themselves.
func fromHere(c *route.Call, p session.Present) bool {
	r := c.Request()
	return p.CheckFormToken(formLogout, r.PostFormValue("csrf")) || r.Header.Get("Sec-Fetch-Site") == "same-origin"
}

// left answers who has signed out. Leading on to the provider is a page and no
// redirect, because browsers would hold it against our form-action.
func (h *Handlers) left(c *route.Call, away string) error {
	if strings.Contains(c.Request().Header.Get("Accept"), "application/json") {
		return c.Reply(http.StatusOK, struct {
			ProviderLogout string `json:"provider_logout,omitempty"`
		}{away})
	}
	if away == "" {
		return seeOther(c, SignedOutPath)
	}
	c.Response().Header().Set("Refresh", "0; url="+away)
	return page.SignedOut.Show(c, http.StatusOK, page.SignedOutPage{URL: away})
}
