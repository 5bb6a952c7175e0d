package authclients

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"regexp"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/web/page"
	"latchkey/web/route"
)

// cookieName is the name of the cookie with the browser's secret. With TLS its
// prefix makes browsers see to it that nobody but this host can have set it.
func (h *Handlers) cookieName() string {
	if h.PublicURL.Secure() {
		return "__Host-latchkey-consent"
	}
	return "latchkey-consent"
}

// wellFormed is what token.Random(32) gives.
var wellFormed = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// browser returns the secret of the browser; the absent one if it has none, or
// more than one, of which somebody else has planted all but ours.
func (h *Handlers) browser(c *route.Call) secret.Text {
	given := c.OnlyCookie(h.cookieName())
	if !wellFormed.MatchString(given) {
		return secret.Text{}
	}
	return secret.New(given)
}

// bind returns the browser's secret and gives it one if it has none. One that it
// has stays, so that several consents can go on beside one another.
func (h *Handlers) bind(c *route.Call) secret.Text {
	own := h.browser(c)
	if !own.IsZero() {
		return own
	}
	own = token.Random(32)
	c.SetCookie(&http.Cookie{
		Name: h.cookieName(), Value: own.Reveal(), Path: "/", Secure: h.PublicURL.Secure(), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, // Strict would not come back from the provider
	})
	return own
}

// formToken proves that a form of a consent was shown to the browser with the
// secret. It needs nothing stored, and another site can neither read nor make it.
func formToken(own secret.Text, id authmethods.ID) string { return token.Mask(proof(own, id)) }

func proof(own secret.Text, id authmethods.ID) []byte {
	mac := hmac.New(sha256.New, []byte(own.Reveal()))
	mac.Write([]byte("latchkey form of consent " + string(id)))
	return mac.Sum(nil)
}

// sentByOurForm reports whether a form came from a page of ours in this browser.
func sentByOurForm(c *route.Call, own secret.Text, id authmethods.ID) bool {
	sent := c.Request().PostFormValue("csrf")
	return !own.IsZero() && hmac.Equal(token.Unmask(sent), proof(own, id))
}

// foreignForm answers a form that was not sent by ours.
func foreignForm(c *route.Call) error {
	if wantsJSON(c) {
		return &authmethods.Problem{
			Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden,
			Detail: "A browser must send the form of the start page. Nothing was changed.",
		}
	}
	return page.Foreign.Show(c, http.StatusForbidden, page.ForeignPage{})
}

// fromBrowser reports whether the request carries what only browsers send.
func fromBrowser(c *route.Call) bool {
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Referer"} {
		if _, ok := c.Request().Header[name]; ok {
			return true
		}
	}
	return false
}
