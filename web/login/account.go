package login

import (
	"context"
	"encoding/base64"
	"html/template"
	"net/http"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/web/page"
	"latchkey/web/route"
)

const (
	accountPath = "/account"
	formAccount = "account"
)

// Account is GET /account: what people manage of their own account.
func (h *Handlers) Account(c *route.Call) error { return h.showAccount(c, http.StatusOK, nil, nil) }

// own returns the user who is signed in, whole.
func (h *Handlers) own(c *route.Call) (*sso.User, error) {
	door, err := h.door(c)
	if err != nil {
		return nil, err
	}
	u, err := door.User(c.Request().Context(), c.Person.User.ID)
	return &u, err
}

func (h *Handlers) showAccount(c *route.Call, status int, begun *page.BegunCodes, wrong error) error {
	ctx := c.Request().Context()
	u, err := h.own(c)
	if err != nil {
		return err
	}
	p := page.AccountPage{
		UserName: u.UserName, Begun: begun, Faults: faultsOf(wrong),
		Tokens: page.AccountTokens{Account: c.FormToken(formAccount), Logout: c.FormToken(formLogout)},
	}
	if p.PasswordSet, err = h.Credentials.PasswordSet(ctx, c.Caller, u); err != nil {
		return err
	}
	if p.Codes, err = h.Credentials.HasTOTP(ctx, c.Caller, u); err != nil {
		return err
	}
	keys, err := h.Credentials.Passkeys(ctx, c.Caller, u)
	if err != nil {
		return err
	}
	for _, k := range keys {
		p.Passkeys = append(p.Passkeys, page.AccountPasskey{ID: string(k.ID), Name: k.Name, UsedAt: k.LastUsedAt})
	}
	sessions, err := h.Sessions.List(ctx, c.Caller, u.ID)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		p.Sessions = append(p.Sessions, page.AccountSession{
			ID: string(s.ID), UserAgent: s.UserAgent, Address: s.Address, Since: s.CreatedAt, Here: s.ID == c.Person.Session.ID,
		})
	}
	return page.Account.Show(c, status, p)
}

// change does something to the account of who is signed in. What was typed wrongly is
// shown on the page itself; a change that ends sessions goes on in this browser.
func (h *Handlers) change(c *route.Call, flash string, do func(context.Context, *sso.User) error) error {
	if err := c.OwnForm(formAccount); err != nil {
		return err
	}
	ctx := c.Request().Context()
	u, err := h.own(c)
	if err != nil {
		return err
	}
	err = do(ctx, u)
	if isInput(err) || codeOf(err) == authmethods.CodeSecondFactor {
		return h.showAccount(c, http.StatusUnprocessableEntity, nil, err)
	}
	if err != nil {
		return err
	}
	if err := h.stay(c, ctx, u); err != nil {
		return err
	}
	page.SetFlash(c, page.Good, flash)
	return seeOther(c, accountPath)
}

// stay gives this browser's session a new secret if the change ended the user's
// sessions: all others are over, this one goes on.
func (h *Handlers) stay(c *route.Call, ctx context.Context, before *sso.User) error {
	now, err := h.own(c)
	if err != nil || now.Version == before.Version {
		return err
	}
	value, err := h.Sessions.Rotate(ctx, c.Caller, c.Person.Session.ID, now.Version)
	if err != nil {
		return err
	}
	h.set(c, h.sessionName(), value.Reveal(), 0)
	return nil
}

// ChangePassword is POST /account/password.
func (h *Handlers) ChangePassword(c *route.Call) error {
	return h.change(c, "flash.password_changed", func(ctx context.Context, u *sso.User) error {
		r := c.Request()
		return h.Credentials.Change(ctx, c.Caller, u, address(c), secret.New(r.PostFormValue("current")), secret.New(r.PostFormValue("password")),
			c.Tenant.Name, c.Tenant.Slug)
	})
}

// BeginCodes is POST /account/codes: the secret of one-time codes, shown once.
func (h *Handlers) BeginCodes(c *route.Call) error {
	if err := c.OwnForm(formAccount); err != nil {
		return err
	}
	u, err := h.own(c)
	if err != nil {
		return err
	}
	made, err := h.Credentials.BeginTOTP(c.Request().Context(), c.Caller, u, c.Tenant.Name)
	if err != nil {
		return err
	}
	return h.showAccount(c, http.StatusOK, &page.BegunCodes{
		Secret:  made.Secret.Reveal(),
		Picture: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(made.PNG)), // #nosec G203 -- made here
	}, nil)
}

// ConfirmCodes is POST /account/codes/confirm.
func (h *Handlers) ConfirmCodes(c *route.Call) error {
	return h.change(c, "flash.codes_on", func(ctx context.Context, u *sso.User) error {
		return h.Credentials.ConfirmTOTP(ctx, c.Caller, u, c.Request().PostFormValue("code"))
	})
}

// RemoveCodes is POST /account/codes/remove.
func (h *Handlers) RemoveCodes(c *route.Call) error {
	return h.change(c, "flash.codes_off", func(ctx context.Context, u *sso.User) error {
		return h.Credentials.RemoveTOTP(ctx, c.Caller, credentials.Target{User: u}, c.Request().PostFormValue("code"))
	})
}

// RemovePasskey is POST /account/passkeys/:id/remove.
func (h *Handlers) RemovePasskey(c *route.Call) error {
	return h.change(c, "flash.passkey_removed", func(ctx context.Context, u *sso.User) error {
		return h.Credentials.RemovePasskey(ctx, c.Caller, credentials.Target{User: u}, authmethods.ID(c.Param("id")))
	})
}

// EndSession is POST /account/sessions/:id/end.
func (h *Handlers) EndSession(c *route.Call) error {
	return h.change(c, "flash.session_ended", func(ctx context.Context, u *sso.User) error {
		id := authmethods.ID(c.Param("id"))
		own, err := h.Sessions.List(ctx, c.Caller, u.ID)
		if err != nil {
			return err
		}
		for _, s := range own {
			if s.ID == id {
				return h.Sessions.End(ctx, c.Caller, id)
			}
		}
		return authmethods.Missing()
	})
}

// EndSessions is POST /account/sessions/end: everywhere but here.
func (h *Handlers) EndSessions(c *route.Call) error {
	return h.change(c, "flash.sessions_ended", func(ctx context.Context, _ *sso.User) error {
		_, err := h.Sessions.EndOthers(ctx, c.Caller, c.Person.Session.ID)
		return err
	})
}
