package people

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// mayGive reports whether whoever asks may give a role: with every right that it
// gives, and only operators make operators.
func mayGive(c *route.Call, r sso.Role) bool {
	if r.Reference == sso.RoleOperator && r.ID == "" && !(c.Person != nil && sso.Operates(c.Person.Roles)) {
		return false
	}
	for _, right := range r.Rights {
		if !c.May(right) {
			return false
		}
	}
	return true
}

// roleName is what people call a role; the ready-made ones have a name in each
// language.
func roleName(w words.Words, r sso.Role) string {
	if r.ID == "" {
		return w.Say("people.role." + r.Reference)
	}
	return r.Name
}

// roleHint says what a ready-made role is for.
func roleHint(w words.Words, r sso.Role) string {
	if r.ID == "" {
		return w.Say("people.rolehint." + r.Reference)
	}
	return ""
}

func rolePath(r sso.Role) string {
	if r.ID == "" {
		return rolesPath + "/" + r.Reference
	}
	return rolesPath + "/" + string(r.ID)
}

// Roles is GET /roles.
func (h *Handlers) Roles(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	all, err := t.Roles(c.Request().Context())
	if err != nil {
		return err
	}
	w := page.Words(c)
	p := page.RolesPage{Crumbs: []page.Crumb{{Label: w.Say("section.users"), Href: usersPath}}}
	if c.May(authmethods.ModifySettings) {
		p.New = &page.Action{Label: w.Say("people.roles.new"), Href: rolesPath + "/new", Icon: "plus", Kind: "primary"}
	}
	for _, r := range all {
		row := page.RoleRow{Name: roleName(w, r), Reference: r.Reference, Href: rolePath(r), Ready: r.ID == "", Rights: len(r.Rights)}
		if r.ID != "" && p.New != nil {
			row.Menu = &page.Menu{Name: r.Name, Actions: []page.Action{
				{Label: w.Say("people.edit"), Href: row.Href, Icon: "pencil"},
				{Label: w.Say("people.delete"), Href: row.Href + "/delete", Icon: "trash", Kind: "danger", Dialog: true},
			}}
		}
		p.Rows = append(p.Rows, row)
	}
	return page.Roles.Show(c, http.StatusOK, p)
}

// role reads the role that the path names, by id or reference.
func (h *Handlers) role(c *route.Call) (sso.Role, *directory.Tenant, error) {
	t, err := h.in(c)
	if err != nil {
		return sso.Role{}, nil, err
	}
	all, err := t.Roles(c.Request().Context())
	if err != nil {
		return sso.Role{}, nil, err
	}
	ref := c.Param("id")
	i := slices.IndexFunc(all, func(r sso.Role) bool { return r.ID == "" && r.Reference == ref || r.ID != "" && string(r.ID) == ref })
	if i < 0 {
		return sso.Role{}, nil, authmethods.Missing()
	}
	return all[i], t, nil
}

// Role is GET /roles/:id.
func (h *Handlers) Role(c *route.Call) error {
	r, _, err := h.role(c)
	if err != nil {
		return err
	}
	return h.askRole(c, http.StatusOK, &r, url.Values{"name": {r.Name}, "rights": rightTexts(r.Rights)}, nil)
}

// NewRole is GET /roles/new.
func (h *Handlers) NewRole(c *route.Call) error {
	return h.askRole(c, http.StatusOK, nil, url.Values{}, nil)
}

// askRole shows the form of a role; nil is a new one.
func (h *Handlers) askRole(c *route.Call, status int, r *sso.Role, values url.Values, wrong page.Corrections) error {
	w := page.Words(c)
	f := fields{w, values, wrong}
	p := page.RolePage{
		Crumbs: []page.Crumb{{Label: w.Say("section.users"), Href: usersPath}, {Label: w.Say("people.roles.title"), Href: rolesPath}},
		Title:  w.Say("people.roles.new"), Corrections: wrong, Submit: w.Say("people.save"), Cancel: rolesPath,
	}
	name := f.text("name", "role_name", atMost(100))
	switch {
	case r == nil:
		p.Form, p.Fields = form(c, rolesPath+"/new"), []page.Input{name, f.text("reference", "role_reference", mono, atMost(63), like("team-lead"))}
	case r.ID == "":
		p.Title, p.Lead = roleName(w, *r), w.Say("people.role.ready")
	default:
		p.Title, p.Lead = r.Name, w.Say("people.role.own")
		if c.May(authmethods.ModifySettings) {
			p.Form, p.Fields, p.Delete = form(c, rolePath(*r), revHidden(r.Rev)), []page.Input{name}, rolePath(*r)+"/delete"
		}
	}
	p.Modules = matrix(c, values["rights"], p.Form.Post != "")
	return page.Role.Show(c, status, p)
}

// verbs are what may be done to the things of a module.
var verbs = [...]string{"view", "create", "modify", "delete"}

// matrix has a row for each module and a cell for each verb.
func matrix(c *route.Call, held []string, changeable bool) []page.RightsRow {
	var rows []page.RightsRow
	for _, right := range authmethods.AdminRights {
		module, verb, _ := strings.Cut(string(right), ".")
		if len(rows) == 0 || rows[len(rows)-1].Module != module {
			rows = append(rows, page.RightsRow{Module: module, Cells: make([]page.RightCell, len(verbs))})
		}
		at := slices.Index(verbs[:], verb)
		if at < 0 {
			continue
		}
		rows[len(rows)-1].Cells[at] = page.RightCell{
			Right: string(right), Verb: verb, Held: slices.Contains(held, string(right)), Disabled: !changeable || !c.May(right),
		}
	}
	return rows
}

func rightTexts(rights authmethods.Rights) []string {
	texts := make([]string, len(rights))
	for i, r := range rights {
		texts[i] = string(r)
	}
	return texts
}

// rightsGiven are the rights that are ticked. Those that whoever asks does not have
// stay as they are.
func rightsGiven(c *route.Call, values url.Values, held authmethods.Rights) authmethods.Rights {
	rights := authmethods.Rights{}
	for _, r := range authmethods.AdminRights {
		if c.May(r) && slices.Contains(values["rights"], string(r)) || !c.May(r) && held.Has(r) {
			rights = append(rights, r)
		}
	}
	return rights
}

// CreateRole is POST /roles/new.
func (h *Handlers) CreateRole(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	t, err := h.in(c)
	if err != nil {
		return err
	}
	values := c.Request().PostForm
	made, err := t.CreateRole(c.Request().Context(), directory.NewRole{
		Reference: strings.TrimSpace(values.Get("reference")), Name: strings.TrimSpace(values.Get("name")), Rights: rightsGiven(c, values, nil),
	})
	if err == nil {
		return done(c, rolePath(made), "role_saved", "name", made.Name)
	}
	wrong, status, ok := correctable(err)
	if !ok {
		return err
	}
	return h.askRole(c, status, nil, values, wrong)
}

// ChangeRole is POST /roles/:id.
func (h *Handlers) ChangeRole(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	r, t, err := h.role(c)
	if err != nil {
		return err
	}
	values := c.Request().PostForm
	changed, err := t.ChangeRole(c.Request().Context(), c.Param("id"), revision(c), directory.RoleChange{
		Name: new(strings.TrimSpace(values.Get("name"))), Rights: new(rightsGiven(c, values, r.Rights)),
	})
	if err == nil {
		return done(c, rolePath(changed), "role_saved", "name", changed.Name)
	}
	wrong, status, ok := correctable(err)
	if !ok {
		return err
	}
	return h.askRole(c, status, &r, values, wrong)
}
