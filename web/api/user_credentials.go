package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/mail"
	"latchkey/web/list"
	"latchkey/web/route"
)

// sentLink is how a link got to its person: by mail to SentTo, or as URL, shown this
// once.
type sentLink struct {
	Purpose   credentials.Purpose `json:"purpose"`
	SentTo    string              `json:"sent_to,omitempty"`
	URL       string              `json:"url,omitempty"`
	ExpiresAt time.Time           `json:"expires_at"`
}

// Invite invites a person to set a first password.
func (h *Handlers) Invite(c *route.Call) error { return h.link(c, credentials.Invitation) }

// ResetPassword has a person set a new password.
func (h *Handlers) ResetPassword(c *route.Call) error { return h.link(c, credentials.Reset) }

func (h *Handlers) link(c *route.Call, purpose credentials.Purpose) error {
	if err := noFields(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	to, err := h.target(c)
	if err != nil {
		return err
	}
	link, err := h.Credentials.Invite(ctx, c.Caller, c.Tenant.Slug, to, purpose)
	if err != nil {
		return err
	}
	sent := sentLink{Purpose: link.Purpose, ExpiresAt: link.ExpiresAt.UTC()}
	if h.Mail == nil || to.User.Email == "" {
		sent.URL = link.URL.Reveal()
		return c.Reply(http.StatusCreated, sent)
	}
	if err := h.Mail.Send(ctx, letter(c.Tenant, to.User, link)); err != nil {
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, Err: err,
			Detail: "The mail server did not take the mail, so the link reached nobody. Ask for another one.",
		}
	}
	sent.SentTo = to.User.Email
	return c.Reply(http.StatusCreated, sent)
}

// letter is the mail with a link.
func letter(in authmethods.Tenant, to *sso.User, link credentials.Link) mail.Message {
	kind := mail.Invitation
	if link.Purpose == credentials.Reset {
		kind = mail.Reset
	}
	return mail.Message{
		Kind: kind, To: to.Email, Name: to.DisplayName, Language: to.Language, Workspace: in.Name, UserName: to.UserName,
		Link: link.URL, Life: credentials.LinkLife,
	}
}

// target is the person whom the path names, to act upon, with the rights that whoever
// acts must have as well.
func (h *Handlers) target(c *route.Call) (credentials.Target, error) {
	u, t, err := h.user(c)
	if err != nil {
		return credentials.Target{}, err
	}
	rights, err := t.RightsOf(c.Request().Context(), u.Roles)
	return credentials.Target{User: &u, Rights: rights}, err
}

// RemoveTOTP turns the one-time codes of a person off who lost the authenticator.
func (h *Handlers) RemoveTOTP(c *route.Call) error {
	of, err := h.target(c)
	if err != nil {
		return err
	}
	if err := h.Credentials.RemoveTOTP(c.Request().Context(), c.Caller, of, ""); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// passkey is what may be shown of a passkey.
type passkey struct {
	ID         authmethods.ID `json:"id"`
	Name       string         `json:"name"`
	LastUsedAt time.Time      `json:"last_used_at,omitzero"`
	CreatedAt  time.Time      `json:"created_at"`
}

// ListPasskeys lists the passkeys of a person.
func (h *Handlers) ListPasskeys(c *route.Call) error {
	u, _, err := h.user(c)
	if err != nil {
		return err
	}
	found, err := h.Credentials.Passkeys(c.Request().Context(), c.Caller, &u)
	if err != nil {
		return err
	}
	show := func(p credentials.Passkey) passkey {
		return passkey{p.ID, p.Name, p.LastUsedAt.UTC(), p.CreatedAt.UTC()}
	}
	return c.Reply(http.StatusOK, list.Show(list.Page[credentials.Passkey]{Items: found}, show))
}

// RemovePasskey takes a passkey from a person who lost it.
func (h *Handlers) RemovePasskey(c *route.Call) error {
	of, err := h.target(c)
	if err != nil {
		return err
	}
	if err := h.Credentials.RemovePasskey(c.Request().Context(), c.Caller, of, authmethods.ID(c.Param("passkey_id"))); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
