package login

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
)

// The purposes of forms that somebody fills in who is not signed in.
const (
	formLogin  = "login"
	formCode   = "code"
	formChange = "change"
)

// Show is GET /login: the ways to sign in.
func (h *Handlers) Show(c *route.Call) error {
	query, ok := route.Query(c.Request().URL.RawQuery)
	if !ok {
		return seeOther(c, loginPath)
	}
	settings, err := h.settings(c)
	if err != nil {
		return err
	}
	returnTo, err := allowed(query.Get("return_to"), settings)
	if err != nil {
		return err
	}
	if p, err := h.present(c); err == nil {
		return h.onward(c, returnTo, p.Session, "")
	}
	// Straight to the provider only for who just came: never after a sign-out or a
	// failure, or there would be no way off.
	if settings.StraightTo != "" && query.Get("notice") == "" && query.Get("stay") == "" {
		return seeOther(c, startOf(settings.StraightTo, returnTo))
	}
	return h.showLogin(c, http.StatusOK, page.LoginPage{Notice: query.Get("notice"), ReturnTo: returnTo, Local: settings.LocalLogin})
}

// startOf is the SSO login URL of a connector.
func startOf(reference, returnTo string) string {
	to := "/api/sso/login/" + reference
	if returnTo != "" {
		to += "?" + url.Values{"return_to": {returnTo}}.Encode()
	}
	return to
}

// showLogin fills in what the page shows whatever became of the last try.
func (h *Handlers) showLogin(c *route.Call, status int, p page.LoginPage) error {
	door, err := h.door(c)
	if err != nil {
		return err
	}
	connectors, err := door.Connectors(c.Request().Context())
	if err != nil {
		return err
	}
	for _, each := range connectors {
		p.Doors = append(p.Doors, page.LoginDoor{Name: each.Name, Href: startOf(each.Reference, p.ReturnTo)})
	}
	p.FormToken, err = h.formToken(c, formLogin)
	if err != nil {
		return err
	}
	return page.Login.Show(c, status, p)
}

// formToken binds a form to this browser, in which nobody is signed in.
func (h *Handlers) formToken(c *route.Call, purpose string) (string, error) {
	ctx := c.Request().Context()
	name := h.Sessions.CookieName(session.FormCookie)
	v, err := h.Sessions.FindVisitor(ctx, c.Tenant.ID, c.OnlyCookie(name))
	if codeOf(err) != "" || err == nil && v == (session.Visitor{}) {
		var value secret.Text
		if v, value, err = h.Sessions.NewVisitor(ctx, c.Tenant.ID); err == nil {
			h.set(c, name, value.Reveal(), 0)
		}
	}
	return v.FormToken(purpose), err
}

// sentHere reports whether a form was shown to this browser.
func (h *Handlers) sentHere(c *route.Call, purpose string) bool {
	name := h.Sessions.CookieName(session.FormCookie)
	v, err := h.Sessions.FindVisitor(c.Request().Context(), c.Tenant.ID, c.OnlyCookie(name))
	return err == nil && v.CheckFormToken(purpose, c.Request().PostFormValue("csrf"))
}

// halfway is somebody whose password was right, before what else is needed.
type halfway struct {
	User     authmethods.ID `json:"u"`
	Version  int64          `json:"v"`
	ReturnTo string         `json:"r,omitempty"`
	Device   string         `json:"d,omitempty"`
	Expired  bool           `json:"e,omitempty"` // the password must be changed
	Proven   bool           `json:"p,omitempty"` // a one-time code was right as well
}

// halfLife is how long somebody may take over that.
const halfLife = 5 * time.Minute

// Login is POST /login: a user name and a password.
func (h *Handlers) Login(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	ctx, r := c.Request().Context(), c.Request()
	settings, err := h.settings(c)
	if err != nil {
		return err
	}
	name := limited(r.PostFormValue("name"), 320)
	again := page.LoginPage{Name: name, Local: settings.LocalLogin}
	if !h.sentHere(c, formLogin) {
		again.Notice = "form-out-of-date"
		return h.showLogin(c, http.StatusForbidden, again)
	}
	returnTo, err := allowed(r.PostFormValue("return_to"), settings)
	if err != nil {
		return err
	}
	again.ReturnTo = returnTo
	if !settings.LocalLogin {
		return authmethods.Missing()
	}
	u, outcome, err := h.checkPassword(ctx, c, name, secret.New(r.PostFormValue("password")))
	if err != nil {
		return h.showProblem(c, again, err)
	}
	expired := credentials.Expired(settings, outcome.SetAt, time.Now())
	if outcome.SecondFactor || expired {
		to := "/login/code"
		if !outcome.SecondFactor {
			to = "/login/password"
		}
		held := halfway{User: u.ID, Version: u.Version, ReturnTo: returnTo, Device: outcome.Device.Reveal(), Expired: expired}
		if err := h.keep(c, half, "", held, halfLife); err != nil {
			return err
		}
		return seeOther(c, to)
	}
	return h.finish(c, u, outcome.Device, returnTo, session.Start{Means: session.Password, Settings: settings})
}

func (h *Handlers) checkPassword(ctx context.Context, c *route.Call, name string, password secret.Text) (*sso.User, credentials.Outcome, error) {
	door, err := h.door(c)
	if err != nil {
		return nil, credentials.Outcome{}, err
	}
	canonical, err := sso.Canonical(name)
	if err != nil {
		canonical = "" // no user is named so; the password is looked at all the same
	}
	var found *sso.User
	u, err := door.UserForLogin(ctx, name)
	switch kind := authmethods.KindOf(err); {
	case err == nil:
		found = &u
	case kind != authmethods.NotFound && kind != authmethods.Invalid:
		return nil, credentials.Outcome{}, err
	}
	outcome, err := h.Credentials.Verify(ctx, c.Caller, credentials.Attempt{
		Name: canonical, User: found, Password: password, From: address(c), Device: secret.New(c.OnlyCookie(h.deviceName())),
	})
	return found, outcome, err
}

// showProblem shows what is wrong with what was typed on the form itself.
func (h *Handlers) showProblem(c *route.Call, p page.LoginPage, err error) error {
	switch kind := authmethods.KindOf(err); {
	case codeOf(err) == authmethods.CodeWrongPassword || codeOf(err) == authmethods.CodeUserDisabled:
		p.Code = codeOf(err)
		c.Note("code", string(p.Code))
		return h.showLogin(c, http.StatusUnauthorized, p)
	case kind == authmethods.Exhausted:
		p.Code = authmethods.CodeTooManyRequests
		c.Note("code", string(p.Code))
		retryAfter(c, err)
		return h.showLogin(c, http.StatusTooManyRequests, p)
	}
	return err
}

// finish signs somebody in who proved who they are.
func (h *Handlers) finish(c *route.Call, u *sso.User, device secret.Text, returnTo string, from session.Start) error {
	from.User, from.UserVersion = u.ID, u.Version
	c.Caller = person(c, u)
	begun, err := h.signIn(c, from)
	if err != nil {
		return err
	}
	h.remember(c, device, credentials.DeviceLife)
	h.unset(c, h.nameOf(half, ""))
	door, err := h.door(c)
	if err != nil {
		return err
	}
	if err := door.Touch(c.Request().Context(), u.ID); err != nil {
		return err
	}
	return h.onward(c, returnTo, begun, "")
}

// halfwayUser returns who is half signed in in this browser, as they are now.
func (h *Handlers) halfwayUser(c *route.Call) (halfway, *sso.User, error) {
	var held halfway
	if err := h.recall(c, half, "", &held, halfLife); err != nil {
		return held, nil, err
	}
	door, err := h.door(c)
	if err != nil {
		return held, nil, err
	}
	u, err := door.User(c.Request().Context(), held.User)
	if err == nil && (u.Version != held.Version || u.Disabled) {
		err = authmethods.Missing()
	}
	return held, &u, err
}

// startAgain leads somebody to the beginning whose first half is out of date.
func startAgain(c *route.Call, err error) error {
	if codeOf(err) == authmethods.CodeSignInOutOfDate || authmethods.KindOf(err) == authmethods.NotFound {
		return seeOther(c, loginPath+"?notice=out-of-date")
	}
	return err
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
