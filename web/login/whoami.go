package login

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/session"
	"latchkey/web/route"
)

// who is somebody on the wire.
type who struct {
	ID          authmethods.ID `json:"id"`
	UserName    string         `json:"user_name"`
	Email       string         `json:"email,omitempty"`
	DisplayName string         `json:"display_name,omitempty"`
	Roles       []string       `json:"roles"`
}

type stay struct {
	ID        authmethods.ID `json:"id"`
	Means     session.Means  `json:"means"`
	Connector string         `json:"connector,omitempty"`
	Since     time.Time      `json:"since"`
	ExpiresAt time.Time      `json:"expires_at"`
}

func showWho(p session.Present) (who, stay) {
	return who{
			ID: p.User.ID, UserName: p.User.UserName, Email: p.User.Email, DisplayName: p.User.DisplayName,
			Roles: append([]string{}, p.Roles...),
		}, stay{
			ID: p.Session.ID, Means: p.Session.Means, Connector: p.Connector,
			Since: p.Session.CreatedAt.UTC(), ExpiresAt: p.Session.ExpiresAt.UTC(),
		}
}

// Session is GET /api/sso/session: who is signed in, as JSON and, for proxies that
// ask before they let somebody through, in headers.
func (h *Handlers) Session(c *route.Call) error {
	p, err := h.present(c)
	if codeOf(err) == authmethods.CodeNotSignedIn && c.QueryParam("or") == "login" {
		return h.sendToLogin(c)
	}
	if err != nil {
		return err
	}
	identity, expires, err := h.Sessions.Identity(c.Request().Context(), p, c.Tenant)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	for name, value := range map[string]string{
		"X-Latchkey-User": p.User.UserName, "X-Latchkey-User-Id": string(p.User.ID), "X-Latchkey-Email": p.User.Email,
		"X-Latchkey-Name": p.User.DisplayName, "X-Latchkey-Roles": strings.Join(p.Roles, " "), "X-Latchkey-Token": identity,
	} {
		header.Set(name, headerText(value))
	}
	shown, in := showWho(p)
	return c.Reply(http.StatusOK, struct {
		User      who       `json:"user"`
		Session   stay      `json:"session"`
		Identity  string    `json:"identity"` // JWT
		ExpiresAt time.Time `json:"identity_expires_at"`
	}{shown, in, identity, expires.UTC()})
}

// headerText is text as a header may carry it: what is not plain ASCII is
// percent-encoded as UTF-8.
func headerText(text string) string {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' || text[i] == '%' {
			return url.PathEscape(text)
		}
	}
	return text
}

// sendToLogin is the answer for a proxy that shows the browser whatever it is
// answered. Where the browser was going is only ever a path on the same host.
func (h *Handlers) sendToLogin(c *route.Call) error {
	to := loginPath
	wanted := c.Request().Header.Get("X-Forwarded-Uri")
	if strings.HasPrefix(wanted, "/") && sso.MatchReturn(wanted, nil) {
		to += "?" + url.Values{"return_to": {wanted}}.Encode()
	}
	return seeOther(c, to)
}

// Keys is GET /.well-known/jwks.json: the keys that identities are signed with (RFC
// 7517).
func (h *Handlers) Keys(c *route.Call) error {
	set, life, err := h.Sessions.JWKS(c.Request().Context(), c.Tenant.ID)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Content-Type", "application/jwk-set+json")
	header.Set("Cache-Control", "public, max-age="+seconds(life))
	c.Response().WriteHeader(http.StatusOK)
	_, err = c.Response().Write(set)
	return err
}
