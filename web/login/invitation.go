package login

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso/credentials"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
)

const formInvitation = "invitation"

// ShowInvitation is GET /invitations/:secret: where a first or a new password is set.
// It changes nothing: whoever previews the link must not use it up.
func (h *Handlers) ShowInvitation(c *route.Call) error {
	return h.showInvitation(c, http.StatusOK, nil)
}

func (h *Handlers) showInvitation(c *route.Call, status int, wrong error) error {
	ctx := c.Request().Context()
	opened, err := h.Credentials.Open(ctx, c.Caller, secret.New(c.Param("secret")))
	if authmethods.KindOf(err) == authmethods.NotFound {
		return page.InvitationOver.Show(c, http.StatusNotFound, page.InvitationOverPage{})
	}
	if err != nil {
		return err
	}
	door, err := h.door(c)
	if err != nil {
		return err
	}
	u, err := door.User(ctx, opened.User)
	if err != nil {
		return err
	}
	token, err := h.formToken(c, formInvitation)
	if err != nil {
		return err
	}
	return page.Invitation.Show(c, status, page.InvitationPage{
		UserName: u.UserName, First: opened.Purpose == credentials.Invitation, FormToken: token, Faults: faultsOf(wrong), Action: c.Request().URL.Path,
	})
}

// Accept is POST /invitations/:secret.
func (h *Handlers) Accept(c *route.Call) error {
	if err := c.ReadForm(); err != nil {
		return err
	}
	if !h.sentHere(c, formInvitation) {
		return seeOther(c, c.Request().URL.Path)
	}
	r := c.Request()
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		return h.showInvitation(c, http.StatusUnprocessableEntity, authmethods.InvalidField("/again", "The two passwords differ."))
	}
	link := secret.New(c.Param("secret"))
	opened, err := h.Credentials.Open(r.Context(), c.Caller, link)
	if err == nil {
		_, err = h.Credentials.Accept(r.Context(), c.Caller, link, secret.New(password), c.Tenant.Name, c.Tenant.Slug)
	}
	switch {
	case isInput(err):
		return h.showInvitation(c, http.StatusUnprocessableEntity, err)
	case authmethods.KindOf(err) == authmethods.NotFound:
		return page.InvitationOver.Show(c, http.StatusNotFound, page.InvitationOverPage{})
	case err != nil:
		return err
	}
	if opened.Purpose == credentials.Invitation {
		return h.welcome(c, opened.User)
	}
	return seeOther(c, loginPath+"?notice=password-set")
}

// welcome signs somebody in who has just set their first password: the link and the
// password are the proof. Where more is needed they sign in as everybody does.
func (h *Handlers) welcome(c *route.Call, user authmethods.ID) error {
	ctx := c.Request().Context()
	settings, err := h.settings(c)
	if err != nil {
		return err
	}
	door, err := h.door(c)
	if err != nil {
		return err
	}
	u, err := door.User(ctx, user)
	if err != nil {
		return err
	}
	codes, err := h.Credentials.HasTOTP(ctx, person(c, &u), &u)
	if err != nil {
		return err
	}
	if codes || !settings.LocalLogin {
		return seeOther(c, loginPath+"?notice=password-set")
	}
	page.SetFlash(c, page.Good, "flash.welcome")
	return h.finish(c, &u, secret.Text{}, "", session.Start{Means: session.Password, Settings: settings})
}
