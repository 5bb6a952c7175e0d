package people

import (
	"net/http"
	"net/url"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// NewUser is GET /users/new.
func (h *Handlers) NewUser(c *route.Call) error {
	return h.askUser(c, http.StatusOK, url.Values{}, nil)
}

func (h *Handlers) askUser(c *route.Call, status int, values url.Values, wrong page.Corrections) error {
	w := page.Words(c)
	f := fields{w, values, wrong}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	connectors, err := h.connectors(c, t)
	if err != nil {
		return err
	}
	var doors []page.Option
	for _, of := range connectors {
		doors = append(doors, page.Option{Value: string(of.ID), Label: of.Name})
	}
	access := page.FormPart{Title: w.Say("people.part.access")}
	if len(doors) > 0 {
		access.Inputs = append(access.Inputs, f.choice("connectors", "connectors", true, doors))
	}
	if c.May(authmethods.ViewUsers) {
		roles, err := h.roleTicks(c, f, t, values["roles"])
		if err != nil {
			return err
		}
		access.Inputs = append(access.Inputs, roles)
	}
	access.Inputs = append(access.Inputs, f.choice("invite", "invite", true, []page.Option{{Value: "yes", Label: w.Say("people.invite"), Hint: w.Say("people.invite.hint")}}))
	p := page.PeopleFormPage{
		Crumbs: []page.Crumb{{Label: w.Say("section.users"), Href: usersPath}}, Title: w.Say("people.users.new.title"), Corrections: wrong,
		Form: form(c, usersPath+"/new"), Submit: w.Say("people.users.create"), Cancel: usersPath,
		Parts: []page.FormPart{{Inputs: f.profile()}, access},
	}
	return page.PeopleUserForm.Show(c, status, p)
}

// profile are the questions about who somebody is.
func (f fields) profile() []page.Input {
	email := f.text("email", "email", optional, atMost(254), like("marie@acme.fr"))
	email.Field.Kind = "email"
	return []page.Input{
		f.text("display_name", "display_name", optional, atMost(100), like("Marie Dupont")),
		f.text("user_name", "user_name", mono, atMost(256), like("marie@acme.fr")),
		email,
		f.text("external_id", "external_id", mono, optional, atMost(255)),
		f.text("language", "language", optional, oneOf(
			page.Option{Value: "", Label: f.w.Say("people.language.browser")},
			page.Option{Value: "en", Label: f.w.Say("language.en")}, page.Option{Value: "fr", Label: f.w.Say("language.fr")})),
	}
}

// roleTicks are the roles to choose from. Those that whoever asks may not give cannot
// be ticked.
func (h *Handlers) roleTicks(c *route.Call, f fields, t *directory.Tenant, held []string) (page.Input, error) {
	all, err := t.Roles(c.Request().Context())
	if err != nil {
		return page.Input{}, err
	}
	f.values = url.Values{"roles": held}
	var options []page.Option
	for _, r := range all {
		o := page.Option{Value: r.Reference, Label: roleName(f.w, r), Hint: roleHint(f.w, r), Disabled: !mayGive(c, r)}
		options = append(options, o)
	}
	return f.choice("roles", "roles", true, options), nil
}

// CreateUser is POST /users/new.
func (h *Handlers) CreateUser(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	values := c.Request().PostForm
	n := directory.NewUser{
		UserName: values.Get("user_name"), Email: values.Get("email"), DisplayName: values.Get("display_name"),
		ExternalID: strings.TrimSpace(values.Get("external_id")), Language: values.Get("language"), Invited: values.Get("invite") == "yes",
		Roles: values["roles"],
	}
	for _, id := range values["connectors"] {
		n.Connectors = append(n.Connectors, authmethods.ID(id))
	}
	made, err := t.CreateUser(c.Request().Context(), n)
	if err != nil {
		wrong, status, ok := correctable(err)
		if !ok {
			return err
		}
		return h.askUser(c, status, values, wrong)
	}
	if n.Invited {
		return done(c, userPath(made.ID)+"/invite", "user_created", "name", made.UserName)
	}
	return done(c, userPath(made.ID), "user_created", "name", made.UserName)
}
