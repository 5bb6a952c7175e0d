package login

import (
	"errors"
	"net/http"
	"strconv"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso/session"
	"latchkey/web/route"
)

// BackChannelLogout is POST /api/sso/logout/:reference, which a provider calls when
// somebody has signed out there (OpenID Connect Back-Channel Logout 1.0 section 2.5):
// their sessions here that began with that sign-in end. Who asks proves it by the
// signature of the logout token and needs nothing else.
func (h *Handlers) BackChannelLogout(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	r, header := c.Request(), c.Response().Header()
	header.Set("Cache-Control", "no-store") // section 2.8
	given := r.PostForm["logout_token"]
	if len(given) != 1 || given[0] == "" {
		return authmethods.InvalidField("/logout_token", "One logout_token is needed, in the body as a form.")
	}
	c.Caller = provider(c)
	out, err := h.SignIn.ProviderLogout(r.Context(), c.Caller, c.Param("reference"), secret.New(given[0]))
	var unproved *authmethods.Problem
	if errors.As(err, &unproved) && unproved.Code == authmethods.CodeIdentityUnproved {
		return authmethods.InvalidField("/logout_token", unproved.Detail) // 400, as section 2.8 has it
	}
	if err != nil {
		return err
	}
	n, err := h.Sessions.EndByProvider(r.Context(), c.Caller, session.ProviderLogout{
		Issuer: out.Issuer, SID: out.SessionID, Subject: out.Subject, Until: out.IssuedAt,
	})
	if err != nil {
		return err
	}
	c.Note("sessions_ended", strconv.Itoa(n))
	return c.Reply(http.StatusOK, struct{}{})
}
