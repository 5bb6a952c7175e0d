package login

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// FirstRunPath is the pattern of the address at which an empty installation is set up,
// at the host that stands for [authmethods.SetupSlug].
const FirstRunPath = "/first-run/:secret"

// FirstRun answers for the setting up of an empty installation: whoever has the link
// that the program showed at its start makes the first tenant and becomes its
// administrator, and the operator of the installation. All fields are needed.
type FirstRun struct {
	Tenants     *store.Tenants
	Directory   *directory.Directory
	Credentials *credentials.Credentials
	PublicURL   authmethods.PublicURL
}

// founding is what is typed.
type founding struct{ name, slug, userName, displayName string }

// Show is GET /first-run/:secret. It changes nothing.
func (h *FirstRun) Show(c *route.Call) error {
	if err := h.open(c); err != nil {
		return err
	}
	return h.show(c, http.StatusOK, founding{}, nil)
}

// open refuses who has no link that is good. The secret in the address proves at once
// that a form was ours: nobody else can know where to send one.
func (h *FirstRun) open(c *route.Call) error {
	if c.Tenant.ID != "" {
		return authmethods.Missing()
	}
	return h.Tenants.OpenFirst(c.Request().Context(), secret.New(c.Param("secret")))
}

func (h *FirstRun) show(c *route.Call, status int, in founding, wrong page.Corrections) error {
	w := page.Words(c)
	field := func(name, value string) page.Field {
		return page.Field{Name: name, Value: value, Error: wrong.Of(name), Maximum: 100}
	}
	name, slug, user, person := field("name", in.name), field("slug", in.slug), field("user_name", in.userName), field("display_name", in.displayName)
	name.Label, name.Hint, name.Placeholder = w.Say("first_run.name"), w.Say("first_run.name.hint"), w.Say("first_run.name.example")
	slug.Label, slug.Mono, slug.Maximum = w.Say("first_run.slug"), true, 63
	slug.Hint = w.Say("first_run.slug.hint", "address", h.PublicURL.Origin(w.Say("first_run.slug.word")))
	user.Label, user.Hint, user.Autocomplete = w.Say("first_run.user"), w.Say("first_run.user.hint"), "username"
	person.Label, person.Optional, person.Autocomplete = w.Say("first_run.person"), true, "name"
	return page.FirstRun.Show(c, status, page.FirstRunPage{
		Action: c.Request().URL.Path, Corrections: wrong, Workspace: []page.Field{name, slug}, Person: []page.Field{person, user},
	})
}

// Found is POST /first-run/:secret.
func (h *FirstRun) Found(c *route.Call) error {
	if err := h.open(c); err != nil {
		return err
	}
	if err := c.ReadForm(); err != nil {
		return err
	}
	r := c.Request()
	in := founding{
		name: limited(strings.TrimSpace(r.PostFormValue("name")), 400), slug: limited(strings.TrimSpace(r.PostFormValue("slug")), 100),
		userName: limited(strings.TrimSpace(r.PostFormValue("user_name")), 400), displayName: limited(strings.TrimSpace(r.PostFormValue("display_name")), 400),
	}
	wanted := directory.NewUser{
		UserName: in.userName, DisplayName: in.displayName, Email: in.email(), Invited: true, Roles: []string{sso.RoleOperator, sso.RoleWorkspaceAdmin},
	}
	// Before the tenant is made, which could not be made once more.
	wrong := h.corrections(c, wanted.Check())
	if in.name == "" {
		wrong = append(wrong, page.Correction{Field: "name", Text: page.Words(c).Say("first_run.name.wrong")})
	}
	if len(wrong) > 0 {
		return h.show(c, http.StatusUnprocessableEntity, in, wrong)
	}
	tenant, err := h.Tenants.CreateFirst(r.Context(), secret.New(c.Param("secret")), firstActor, store.NewTenant{Slug: in.slug, Name: in.name})
	if err != nil {
		if wrong = h.corrections(c, err); len(wrong) > 0 {
			return h.show(c, http.StatusUnprocessableEntity, in, wrong)
		}
		return err
	}
	link, err := h.admit(c, tenant, wanted)
	if err != nil {
		return err
	}
	// The answer to a form leads on to another host by a page and no redirect, which
	// browsers would hold against our form-action.
	c.Response().Header().Set("Refresh", "0; url="+link.URL.Reveal())
	return page.FirstRunDone.Show(c, http.StatusOK, page.FirstRunDonePage{Name: tenant.Name, URL: link.URL.Reveal()})
}

// email is the user name, if that is an e-mail address.
func (f founding) email() string {
	if _, err := sso.CanonicalEmail(f.userName); err != nil {
		return ""
	}
	return f.userName
}

// admit makes the first administrator, and the link by which they set a password.
func (h *FirstRun) admit(c *route.Call, tenant authmethods.Tenant, wanted directory.NewUser) (credentials.Link, error) {
	ctx, caller := c.Request().Context(), founder(c, tenant.ID)
	people, err := h.Directory.For(caller)
	if err != nil {
		return credentials.Link{}, err
	}
	u, err := people.CreateUser(ctx, wanted)
	if err != nil {
		return credentials.Link{}, err
	}
	return h.Credentials.Invite(ctx, caller, tenant.Slug, credentials.Target{User: &u, Rights: authmethods.OperatorRights}, credentials.Invitation)
}

// corrections puts a refusal into words beside the fields; none if it is no fault of
// the form.
func (h *FirstRun) corrections(c *route.Call, err error) (wrong page.Corrections) {
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		return nil
	}
	w := page.Words(c)
	if p.Kind == authmethods.Conflict {
		return page.Corrections{{Field: "slug", Text: w.Say("first_run.slug.taken")}}
	}
	for _, f := range p.Fields {
		field := strings.TrimPrefix(f.Pointer, "/")
		text := map[string]string{
			"name": w.Say("first_run.name.wrong"), "slug": w.Say("first_run.slug.wrong"),
			"user_name": w.Say("first_run.user.wrong"), "display_name": w.Say("first_run.person.wrong"),
		}[field]
		wrong = append(wrong, page.Correction{Field: field, Text: cmp.Or(text, f.Detail)})
	}
	return wrong
}
