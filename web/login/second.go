package login

import (
	"errors"
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
)

// ShowCode is GET /login/code: where a one-time code is entered.
func (h *Handlers) ShowCode(c *route.Call) error {
	if _, _, err := h.halfwayUser(c); err != nil {
		return startAgain(c, err)
	}
	return h.showCode(c, http.StatusOK, "")
}

func (h *Handlers) showCode(c *route.Call, status int, wrong authmethods.Code) error {
	token, err := h.formToken(c, formCode)
	if err != nil {
		return err
	}
	return page.LoginCode.Show(c, status, page.LoginCodePage{FormToken: token, Code: wrong})
}

// Code is POST /login/code: the second proof of somebody whose password was right.
func (h *Handlers) Code(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if !h.sentHere(c, formCode) {
		return seeOther(c, loginPath+"?notice=form-out-of-date")
	}
	held, u, err := h.halfwayUser(c)
	if err != nil {
		return startAgain(c, err)
	}
	err = h.Credentials.VerifyTOTP(c.Request().Context(), person(c, u), u, c.Request().PostFormValue("code"))
	switch kind := authmethods.KindOf(err); {
	case kind == authmethods.Exhausted:
		retryAfter(c, err)
		return h.showCode(c, http.StatusTooManyRequests, authmethods.CodeTooManyRequests)
	case kind == authmethods.Unauthenticated || kind == authmethods.Forbidden || kind == authmethods.Invalid:
		return h.showCode(c, http.StatusUnauthorized, authmethods.CodeSecondFactor)
	case err != nil:
		return err
	}
	if held.Expired { // and stays so: another code is no way around the new password
		held.Proven = true
		if err := h.keep(c, half, "", held, halfLife); err != nil {
			return err
		}
		return seeOther(c, "/login/password")
	}
	return h.complete(c, held, u, true)
}

func (h *Handlers) complete(c *route.Call, held halfway, u *sso.User, second bool) error {
	settings, err := h.settings(c)
	if err != nil {
		return err
	}
	return h.finish(c, u, secret.New(held.Device), held.ReturnTo, session.Start{
		Means: session.Password, SecondFactor: second, Settings: settings,
	})
}

// ShowChange is GET /login/password: the password has expired.
func (h *Handlers) ShowChange(c *route.Call) error {
	if _, _, err := h.halfwayUser(c); err != nil {
		return startAgain(c, err)
	}
	return h.showChange(c, http.StatusOK, nil)
}

func (h *Handlers) showChange(c *route.Call, status int, wrong error) error {
	token, err := h.formToken(c, formChange)
	if err != nil {
		return err
	}
	return page.LoginPassword.Show(c, status, page.LoginPasswordPage{FormToken: token, Faults: faultsOf(wrong)})
}

// Change is POST /login/password: an expired password is replaced, and who did so is
// signed in.
func (h *Handlers) Change(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if !h.sentHere(c, formChange) {
		return seeOther(c, loginPath+"?notice=form-out-of-date")
	}
	held, u, err := h.halfwayUser(c)
	if err != nil {
		return startAgain(c, err)
	}
	ctx, r := c.Request().Context(), c.Request()
	if has, err := h.Credentials.HasTOTP(ctx, person(c, u), u); err != nil || has && !held.Proven {
		if err == nil {
			err = seeOther(c, "/login/code")
		}
		return err
	}
	err = h.Credentials.Change(ctx, person(c, u), u, address(c), secret.New(r.PostFormValue("current")), secret.New(r.PostFormValue("password")),
		c.Tenant.Name, c.Tenant.Slug)
	if isInput(err) {
		return h.showChange(c, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	door, err := h.door(c)
	if err != nil {
		return err
	}
	fresh, err := door.User(ctx, u.ID)
	if err != nil {
		return err
	}
	return h.complete(c, held, &fresh, held.Proven)
}

// isInput reports whether what was typed can be mended by typing something else.
func isInput(err error) bool {
	switch authmethods.KindOf(err) {
	case authmethods.Invalid, authmethods.Exhausted:
		return true
	}
	return codeOf(err) == authmethods.CodeWrongPassword
}

// faultsOf puts a problem with what was typed into sentences.
func faultsOf(err error) []string {
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		return nil
	}
	var list []string
	for _, f := range p.Fields {
		list = append(list, f.Detail)
	}
	if len(list) == 0 {
		list = []string{p.Detail}
	}
	return list
}

// retryAfter says how long to wait where that is known.
func retryAfter(c *route.Call, err error) {
	var p *authmethods.Problem
	if errors.As(err, &p) && p.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", seconds(p.RetryAfter+time.Second))
	}
}
