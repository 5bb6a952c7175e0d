package system

import (
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// guest is who is to be invited.
type guest struct{ userName, displayName string }

func inviteForm(c *route.Call, w words.Words, in guest, wrong page.Corrections) *page.SystemInvite {
	return &page.SystemInvite{FormToken: c.FormToken(formPurpose), Fields: []page.Field{
		{Name: "user_name", Label: w.Say("first_run.user"), Hint: w.Say("system.invite.user.hint"), Value: in.userName, Error: wrong.Of("user_name"), Maximum: 100},
		{Name: "display_name", Label: w.Say("system.invite.name"), Value: in.displayName, Error: wrong.Of("display_name"), Optional: true, Maximum: 100},
	}}
}

// Invite is POST /system/tenants/:slug/invite: it makes an administrator of the tenant
// and shows, once, the link by which they set their password.
func (h *Handlers) Invite(c *route.Call) error {
	if err := c.OwnForm(formPurpose); err != nil {
		return err
	}
	t, err := h.tenant(c)
	if err != nil {
		return err
	}
	if t.Disabled {
		return &authmethods.Problem{Kind: authmethods.Conflict, Code: authmethods.CodeConflict, Detail: "This tenant is disabled, so that no link to it opens. Enable it first."}
	}
	r, w := c.Request(), page.Words(c)
	in := guest{strings.TrimSpace(r.PostFormValue("user_name")), strings.TrimSpace(r.PostFormValue("display_name"))}
	n := directory.NewUser{UserName: in.userName, DisplayName: in.displayName, Invited: true, Roles: []string{sso.RoleWorkspaceAdmin}}
	if _, err := sso.CanonicalEmail(in.userName); err == nil {
		n.Email = in.userName
	}
	caller := Within(c, t.ID)
	people, err := h.Directory.For(caller)
	if err != nil {
		return err
	}
	u, err := people.CreateUser(r.Context(), n)
	if err != nil {
		wrong := refused(w, err)
		if authmethods.KindOf(err) == authmethods.Conflict {
			wrong = page.Corrections{{Field: "user_name", Text: w.Say("system.invite.taken")}}
		}
		if len(wrong) > 0 {
			return h.showTenant(c, http.StatusUnprocessableEntity, t, in, wrong)
		}
		return err
	}
	link, err := h.Credentials.Invite(r.Context(), caller, t.Slug, credentials.Target{User: &u, Rights: authmethods.AdminRights}, credentials.Invitation)
	if err != nil {
		return err
	}
	return page.SystemInvitation.Show(c, http.StatusOK, page.SystemInvitationPage{
		Crumbs: crumbs(w, page.Crumb{Label: t.Name, Href: pathOf(t)}), Tenant: t.Name, UserName: u.UserName, ExpiresAt: link.ExpiresAt, Back: pathOf(t),
		Copied: page.Copied{ID: "link", Label: w.Say("people.link.label"), Hint: w.Say("people.link.once"), Value: link.URL.Reveal()},
	})
}
