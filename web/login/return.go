package login

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
)

// allowed returns where somebody wants to go on to after signing in, if people may be
// sent there; empty: nowhere in particular.
func allowed(wanted string, settings sso.Settings) (string, error) {
	if wanted != "" && !sso.MatchReturn(wanted, settings.ReturnAddresses) {
		return "", &authmethods.Problem{
			Kind: authmethods.Invalid, Code: authmethods.CodeInvalidRequest,
			Detail: "Nobody may be sent there after signing in: the address is not on the list of this workspace.",
			Fields: []authmethods.FieldError{{Pointer: "/return_to", Detail: "This is none of the allowed return addresses."}},
		}
	}
	return wanted, nil
}

// onward leads somebody who signed in to where they wanted. The platform, elsewhere,
// is given a ticket by which it learns who it is.
func (h *Handlers) onward(c *route.Call, returnTo string, in session.Session, signIn authmethods.ID) error {
	switch {
	case returnTo == "":
		return seeOther(c, homePath)
	case strings.HasPrefix(returnTo, "/"):
		return seeOther(c, returnTo)
	}
	ticket, err := h.Sessions.IssueTicket(c.Request().Context(), c.Caller, in.ID, signIn, returnTo)
	if err != nil {
		return err
	}
	u, err := url.Parse(returnTo)
	if err != nil {
		return seeOther(c, homePath)
	}
	q := u.Query()
	q.Set("ticket", ticket.Reveal())
	u.RawQuery = q.Encode()
	if c.Request().Method != http.MethodPost || fromScript(c) {
		return seeOther(c, u.String())
	}
	// The answer to a form leads on by a page and no redirect, which browsers would
	// hold against our form-action.
	c.Response().Header().Set("Refresh", "0; url="+u.String())
	return page.SignedIn.Show(c, http.StatusOK, page.SignedInPage{URL: u.String()})
}
