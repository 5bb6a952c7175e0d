package login

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	"latchkey/web/route"
)

// Handlers answer for signing in. All fields are needed.
type Handlers struct {
	SignIn      *signin.Service
	Sessions    *session.Sessions
	Directory   *directory.Directory
	Credentials *credentials.Credentials
	PublicURL   authmethods.PublicURL
}

// The pages that others lead to.
const (
	loginPath = "/login"
	homePath  = "/"
)

// seeOther leads the browser on, away from whatever stands in the address. A script
// is told where to and goes there itself: a redirect would be followed behind its
// back.
func seeOther(c *route.Call, address string) error {
	if fromScript(c) {
		return c.Reply(http.StatusOK, struct {
			Next string `json:"next"`
		}{address})
	}
	return c.SeeOther(address)
}

// origin is the tenant's address.
func (h *Handlers) origin(c *route.Call) string { return h.PublicURL.Origin(c.Tenant.Slug) }

// door is what signing in needs of the tenant's people.
func (h *Handlers) door(c *route.Call) (*directory.Door, error) { return h.Directory.Door(c.Caller) }

func visitor(c *route.Call) signin.Visitor {
	return signin.Visitor{Address: c.RealIP(), UserAgent: limited(c.Request().UserAgent(), 256)}
}

// address is where the browser is; the zero address if that is not known.
func address(c *route.Call) netip.Addr {
	a, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// limited is text as it may be stored: valid, printable and not longer than n bytes.
func limited(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "")
	}
	return text
}

// codeOf is the code of a problem, empty for anything else.
func codeOf(err error) authmethods.Code {
	var p *authmethods.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}
