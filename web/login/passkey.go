package login

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso/credentials"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
)

// begun is a ceremony that the browser is in the middle of.
type begun struct {
	Purpose  string `json:"p"`
	Name     string `json:"n,omitempty"` // of the passkey that is being made
	ReturnTo string `json:"r,omitempty"`
	State    []byte `json:"s"`
}

// fromScript reports whether a script of ours sent a request: other sites' cannot set
// the header, and forms cannot either.
func fromScript(c *route.Call) bool {
	return c.Request().Header.Get("Latchkey-Request") == "script" && strings.HasPrefix(c.Request().Header.Get("Content-Type"), "application/json")
}

func body(c *route.Call, into any) error {
	text, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, into) != nil {
		return authmethods.InvalidField("", "The body is not the JSON that belongs here.")
	}
	return nil
}

// hand gives the browser the options of a ceremony and keeps its state there.
func (h *Handlers) hand(c *route.Call, b begun, options []byte) error {
	if err := h.keep(c, ceremony, "", b, credentials.CeremonyLife); err != nil {
		return err
	}
	return c.ReplyBytes(http.StatusOK, options)
}

// BeginPasskeyLogin is POST /login/passkey.
func (h *Handlers) BeginPasskeyLogin(c *route.Call) error {
	var in struct {
		ReturnTo string `json:"return_to"`
	}
	if !fromScript(c) {
		return route.ForeignForm()
	}
	if err := body(c, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	settings, err := h.settings(c)
	if err != nil {
		return err
	}
	returnTo, err := allowed(in.ReturnTo, settings)
	if err != nil {
		return err
	}
	if !settings.LocalLogin {
		return authmethods.Missing()
	}
	made, err := h.Credentials.BeginLogin(ctx, c.Caller, h.origin(c))
	if err != nil {
		return err
	}
	return h.hand(c, begun{Purpose: "login", ReturnTo: returnTo, State: made.State}, made.Options)
}

// FinishPasskeyLogin is POST /login/passkey/finish. The browser goes on by itself to
// where the answer says.
func (h *Handlers) FinishPasskeyLogin(c *route.Call) error {
	if !fromScript(c) {
		return route.ForeignForm()
	}
	response, b, err := h.answered(c, "login")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	settings, err := h.settings(c)
	if err != nil {
		return err
	}
	if !settings.LocalLogin {
		return authmethods.Missing()
	}
	signer, err := h.Credentials.FinishLogin(ctx, c.Caller, h.origin(c), address(c), b.State, response)
	if err != nil {
		return err
	}
	door, err := h.door(c)
	if err != nil {
		return err
	}
	u, err := door.User(ctx, signer.User)
	if err != nil {
		return err
	}
	return h.finish(c, &u, secret.Text{}, b.ReturnTo, session.Start{Means: session.Passkey, Settings: settings})
}

// answered returns what the browser answered in a ceremony, which ends with that.
func (h *Handlers) answered(c *route.Call, purpose string) ([]byte, begun, error) {
	var b begun
	if err := h.recall(c, ceremony, "", &b, credentials.CeremonyLife); err != nil {
		return nil, b, err
	}
	h.unset(c, h.nameOf(ceremony, ""))
	if b.Purpose != purpose {
		return nil, b, route.ForeignForm()
	}
	response, err := io.ReadAll(c.Request().Body)
	return response, b, err
}

// BeginPasskey is POST /account/passkeys.
func (h *Handlers) BeginPasskey(c *route.Call) error {
	var in struct {
		Name string `json:"name"`
	}
	if !fromScript(c) {
		return route.ForeignForm()
	}
	if err := body(c, &in); err != nil {
		return err
	}
	u, err := h.own(c)
	if err != nil {
		return err
	}
	made, err := h.Credentials.BeginRegistration(c.Request().Context(), c.Caller, u, h.origin(c))
	if err != nil {
		return err
	}
	return h.hand(c, begun{Purpose: "add", Name: limited(in.Name, 400), State: made.State}, made.Options)
}

// FinishPasskey is POST /account/passkeys/finish.
func (h *Handlers) FinishPasskey(c *route.Call) error {
	if !fromScript(c) {
		return route.ForeignForm()
	}
	response, b, err := h.answered(c, "add")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	u, err := h.own(c)
	if err != nil {
		return err
	}
	if _, err := h.Credentials.FinishRegistration(ctx, c.Caller, u, h.origin(c), b.Name, b.State, response); err != nil {
		return err
	}
	if err := h.stay(c, ctx, u); err != nil {
		return err
	}
	page.SetFlash(c, page.Good, "flash.passkey_added")
	return seeOther(c, accountPath)
}
