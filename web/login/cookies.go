package login

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso/session"
	"latchkey/web/route"
)

// set gives the browser a cookie; a life of zero is that of the browser's session.
func (h *Handlers) set(c *route.Call, name, value string, life time.Duration) {
	c.SetCookie(&http.Cookie{
		Name: name, Value: value, Path: "/", Secure: h.PublicURL.Secure(), HttpOnly: true, MaxAge: int(life.Seconds()),
		SameSite: http.SameSiteLaxMode, // Strict would not come back from the provider
	})
}

func (h *Handlers) unset(c *route.Call, name string) {
	c.SetCookie(&http.Cookie{
		Name: name, Path: "/", Secure: h.PublicURL.Secure(), HttpOnly: true, MaxAge: -1, SameSite: http.SameSiteLaxMode,
	})
}

// kind says what a sealed value is, so that none passes for another.
type kind string

const (
	attempt  kind = "attempt"  // a sign-in at a provider
	refusal  kind = "refusal"  // one that was refused in this browser
	half     kind = "half"     // a right password, before what else is needed
	ceremony kind = "ceremony" // a passkey being made or used
)

// kept is a value that the browser keeps, sealed.
type kept struct {
	Kind  kind            `json:"k"`
	Value json.RawMessage `json:"v"`
}

// nameOf is the name of the cookie for a kind; of several of a kind each has a mark.
func (h *Handlers) nameOf(k kind, mark string) string {
	name := h.Sessions.CookieName(session.StateCookie) + "-" + string(k)
	if mark != "" {
		name += "-" + mark
	}
	return name
}

// keep has the browser keep v.
func (h *Handlers) keep(c *route.Call, k kind, mark string, v any, life time.Duration) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("login: encoding what the browser keeps: %w", err)
	}
	sealed, err := h.Sessions.SealState(c.Request().Context(), c.Tenant.ID, kept{k, text})
	if err != nil {
		return err
	}
	h.set(c, h.nameOf(k, mark), sealed, life)
	return nil
}

// recall reads what the browser kept into v.
func (h *Handlers) recall(c *route.Call, k kind, mark string, v any, life time.Duration) error {
	var held kept
	err := h.Sessions.OpenState(c.Request().Context(), c.Tenant.ID, c.OnlyCookie(h.nameOf(k, mark)), &held, life)
	if err != nil {
		return err
	}
	if held.Kind != k || json.Unmarshal(held.Value, v) != nil {
		return &authmethods.Problem{
			Kind: authmethods.Invalid, Code: authmethods.CodeSignInOutOfDate, Detail: "This sign-in is out of date.",
		}
	}
	return nil
}

// sessionName is the name of the cookie with somebody's session.
func (h *Handlers) sessionName() string { return h.Sessions.CookieName(session.SessionCookie) }

// present returns who is signed in.
func (h *Handlers) present(c *route.Call) (session.Present, error) {
	return h.Sessions.Find(c.Request().Context(), c.Tenant.ID, c.OnlyCookie(h.sessionName()))
}

// deviceName is the name of the cookie that tells a known device from a stranger's.
func (h *Handlers) deviceName() string { return h.Sessions.CookieName("latchkey-device") }

// signIn begins a session in this browser and ends the one that was there: who signs
// in never goes on with a session that somebody else may know.
func (h *Handlers) signIn(c *route.Call, from session.Start) (session.Session, error) {
	ctx := c.Request().Context()
	before, err := h.present(c)
	found := err == nil
	v := visitor(c)
	from.Address, from.UserAgent = v.Address, v.UserAgent
	value, begun, err := h.Sessions.Begin(ctx, c.Caller, from)
	if err != nil {
		return session.Session{}, err
	}
	if found {
		if err := h.Sessions.End(ctx, presentCaller(c, before, nil), before.Session.ID); err != nil && authmethods.KindOf(err) != authmethods.NotFound {
			return session.Session{}, err
		}
	}
	h.set(c, h.sessionName(), value.Reveal(), 0)
	return begun, nil
}

// remember keeps the mark of a known device.
func (h *Handlers) remember(c *route.Call, device secret.Text, life time.Duration) {
	if !device.IsZero() {
		h.set(c, h.deviceName(), device.Reveal(), life)
	}
}
