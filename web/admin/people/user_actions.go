package people

import (
	"context"
	"net/http"
	"slices"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/mail"
	"latchkey/web/page"
	"latchkey/web/route"
)

func userActions() []Action {
	const at = "/users/:id"
	modify := func(path, operation, key string, danger bool, do func(*Handlers, *route.Call, object) error) Action {
		return Action{Path: at + path, Right: authmethods.ModifyUsers, Operation: operation, key: key, danger: danger, users: true, find: findUser, do: do}
	}
	remove := modify("/delete", "DeleteUser", "user_delete", true, func(_ *Handlers, c *route.Call, o object) error {
		return o.people.DeleteUser(c.Request().Context(), string(o.user.ID), revision(c))
	})
	remove.Right, remove.after = authmethods.DeleteUsers, usersPath
	invite := modify("/invite", "InviteUser", "user_invite", false, sendLink(credentials.Invitation))
	invite.Right = authmethods.CreateUsers
	return []Action{
		modify("/disable", "DisableUser", "user_disable", true, change(directory.UserChange{Disabled: new(true)})),
		modify("/enable", "EnableUser", "user_enable", false, change(directory.UserChange{Disabled: new(false)})),
		remove, invite,
		modify("/reset", "ResetUserPassword", "user_reset", false, sendLink(credentials.Reset)),
		modify("/sign-out", "SignUserOut", "user_sign_out", false, act(endSessions)),
		modify("/sessions/:item/end", "EndUserSession", "session_end", false, act(endSession)),
		modify("/accounts/:item/unpin", "UnpinUserAccount", "account_unpin", true, act(unpin)),
		modify("/codes/remove", "RemoveUserCodes", "codes_remove", true, act(removeCodes)),
		modify("/passkeys/:item/remove", "RemoveUserPasskey", "passkey_remove", true, act(removePasskey)),
		modify("/connectors/:item/remove", "RemoveUserConnector", "user_dissociate", false, act(dissociate)),
	}
}

func endSessions(ctx context.Context, h *Handlers, c *route.Call, o object) error {
	_, err := h.Sessions.EndAllOf(ctx, c.Caller, o.user.ID)
	return err
}

func endSession(ctx context.Context, h *Handlers, c *route.Call, o object) error {
	id, err := identified(c, "item", "ses")
	if err != nil {
		return err
	}
	theirs, err := h.Sessions.List(ctx, c.Caller, o.user.ID)
	if err != nil {
		return err
	}
	for _, s := range theirs {
		if s.ID == id {
			return h.Sessions.End(ctx, c.Caller, id)
		}
	}
	return authmethods.Missing()
}

func unpin(ctx context.Context, _ *Handlers, c *route.Call, o object) error {
	return o.people.Unpin(ctx, string(o.user.ID), authmethods.ID(c.Param("item")))
}

func dissociate(ctx context.Context, _ *Handlers, c *route.Call, o object) error {
	id, err := identified(c, "item", "sso")
	if err != nil {
		return err
	}
	n, err := o.people.Dissociate(ctx, string(id), []authmethods.ID{o.user.ID})
	if err == nil && n == 0 {
		return authmethods.Missing()
	}
	return err
}

func removeCodes(ctx context.Context, h *Handlers, c *route.Call, o object) error {
	of, err := target(ctx, c, o)
	if err != nil {
		return err
	}
	return h.Credentials.RemoveTOTP(ctx, c.Caller, of, "")
}

func removePasskey(ctx context.Context, h *Handlers, c *route.Call, o object) error {
	of, err := target(ctx, c, o)
	if err != nil {
		return err
	}
	return h.Credentials.RemovePasskey(ctx, c.Caller, of, authmethods.ID(c.Param("item")))
}

// target is somebody whose credentials are acted upon. Who has the credentials of an
// operator is one, so operators are left to operators.
func target(ctx context.Context, c *route.Call, o object) (credentials.Target, error) {
	if sso.Operates(o.user.Roles) && !sso.Operates(c.Person.Roles) {
		return credentials.Target{}, &authmethods.Problem{
			Kind: authmethods.Forbidden, Code: authmethods.CodeForbidden, Detail: "Only an operator may do this to an operator.",
		}
	}
	rights, err := o.people.RightsOf(ctx, o.user.Roles)
	return credentials.Target{User: &o.user, Rights: rights}, err
}

// sendLink makes a link by which somebody sets a password. It goes by mail where there
// is mail and an address, and is shown once where there is not.
func sendLink(purpose credentials.Purpose) func(*Handlers, *route.Call, object) error {
	return func(h *Handlers, c *route.Call, o object) error {
		ctx, w := c.Request().Context(), page.Words(c)
		to, err := target(ctx, c, o)
		if err != nil {
			return err
		}
		link, err := h.Credentials.Invite(ctx, c.Caller, c.Tenant.Slug, to, purpose)
		if err != nil {
			return err
		}
		p := page.UserLinkPage{
			Crumbs: []page.Crumb{{Label: w.Say("section.users"), Href: usersPath}, {Label: o.name, Href: o.at}},
			Name:   o.name, Purpose: "reset", ExpiresAt: link.ExpiresAt, Back: o.at,
		}
		kind := mail.Reset
		if purpose == credentials.Invitation {
			p.Purpose, kind = "invitation", mail.Invitation
		}
		if h.Mail == nil || to.User.Email == "" {
			p.Copied = page.Copied{ID: "link", Label: w.Say("people.link.label"), Hint: w.Say("people.link.once"), Value: link.URL.Reveal()}
			return page.UserLink.Show(c, http.StatusOK, p)
		}
		err = h.Mail.Send(ctx, mail.Message{
			Kind: kind, To: to.User.Email, Name: to.User.DisplayName, Language: to.User.Language, Workspace: c.Tenant.Name,
			UserName: to.User.UserName, Link: link.URL, Life: credentials.LinkLife,
		})
		if err != nil {
			return &authmethods.Problem{
				Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, Err: err,
				Detail: "The mail server did not take the mail, so the link reached nobody. Ask for another one.",
			}
		}
		p.SentTo = to.User.Email
		return page.UserLink.Show(c, http.StatusOK, p)
	}
}

// mayHandle reports whether whoever asks may act upon somebody with these roles: with
// every right that they give.
func mayHandle(c *route.Call, roles []string, all []sso.Role) bool {
	for _, r := range all {
		if slices.Contains(roles, r.Reference) && !mayGive(c, r) {
			return false
		}
	}
	return true
}
