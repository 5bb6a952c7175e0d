package people

import (
	"cmp"
	"net/http"
	"slices"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/api"
	"latchkey/web/list"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

func userPath(id authmethods.ID) string { return usersPath + "/" + string(id) }

// user reads the person whom the path names.
func (h *Handlers) user(c *route.Call) (sso.User, *directory.Tenant, error) {
	id, err := identified(c, "id", "usr")
	if err != nil {
		return sso.User{}, nil, err
	}
	t, err := h.in(c)
	if err != nil {
		return sso.User{}, nil, err
	}
	u, err := t.User(c.Request().Context(), string(id))
	return u, t, err
}

func userStatus(c *route.Call, u sso.User) page.Mark {
	w := page.Words(c)
	switch {
	case u.Disabled:
		return page.Mark{Kind: "off", Icon: "off", Text: w.Say("people.status.disabled")}
	case u.Invited:
		return page.Mark{Kind: page.Wait, Icon: "mail", Text: w.Say("people.status.invited")}
	}
	return page.Mark{Kind: page.Good, Icon: "active", Text: w.Say("people.status.active")}
}

// Users is GET /users: the list of people.
func (h *Handlers) Users(c *route.Call) error {
	q := list.Read(c.Request(), "text", "connector", "role", "disabled", "env")
	uq := directory.UserQuery{Text: q.Text("text", 256), Role: q.Text("role", 64), After: q.AfterID("usr"), Limit: q.Limit + 1}
	if s := list.Choice(q, "disabled", "true", "false"); s != "" {
		uq.Disabled = new(s == "true")
	}
	if s := q.Text("connector", 64); token.ValidID("sso", s) {
		uq.Connector = authmethods.ID(s)
	}
	if err := q.Err(); err != nil {
		return err
	}
	ctx, w := c.Request().Context(), page.Words(c)
	t, err := h.in(c)
	if err != nil {
		return err
	}
	found, err := t.Users(ctx, uq)
	if err != nil {
		return err
	}
	roles, err := t.Roles(ctx)
	if err != nil {
		return err
	}
	connectors, err := h.connectors(c, t)
	if err != nil {
		return err
	}
	shown := list.PageOf(found, q.Limit, func(u sso.User) string { return list.IDCursor(u.ID) })
	p := page.UsersPage{Roles: rolesPath, Pager: pager(c, len(shown.Items), shown.NextCursor), Actions: listActions(c)}
	if c.May(authmethods.ViewConnectors) {
		p.Export = usersPath + "/export"
	}
	p.Filter = userFilter(c, connectors, roles)
	for _, u := range shown.Items {
		p.Rows = append(p.Rows, userRow(c, u, connectors, roles))
	}
	if len(p.Rows) == 0 {
		p.Empty = &page.Empty{Icon: "people", Title: w.Say("people.users.empty.title"), Text: w.Say("people.users.empty.text")}
		if p.Filter.Clear != "" {
			p.Empty = &page.Empty{Icon: "search", Title: w.Say("people.users.none.title"), Text: w.Say("people.users.none.text")}
		}
	}
	return page.Users.Show(c, http.StatusOK, p)
}

// listActions is what may be done on the list of people.
func listActions(c *route.Call) []page.Action {
	w := page.Words(c)
	var all []page.Action
	if c.May(authmethods.CreateUsers) {
		if c.May(authmethods.ModifyUsers) {
			all = append(all, page.Action{Label: w.Say("people.users.import"), Href: usersPath + "/import"})
		}
		all = append(all, page.Action{Label: w.Say("people.users.new"), Href: usersPath + "/new", Icon: "plus", Kind: "primary"})
	}
	return all
}

// connectors are those that whoever asks may see.
func (h *Handlers) connectors(c *route.Call, t *directory.Tenant) ([]sso.Connector, error) {
	if !c.May(authmethods.ViewConnectors) {
		return nil, nil
	}
	return t.Connectors(c.Request().Context())
}

func userFilter(c *route.Call, connectors []sso.Connector, roles []sso.Role) page.PeopleFilter {
	values := c.Request().URL.Query()
	f := fields{w: page.Words(c), values: values}
	anyOf := func() []page.Option { return []page.Option{{Value: "", Label: f.w.Say("people.any")}} }
	by, with := anyOf(), anyOf()
	for _, r := range roles {
		by = append(by, page.Option{Value: r.Reference, Label: roleName(f.w, r)})
	}
	for _, of := range connectors {
		with = append(with, page.Option{Value: string(of.ID), Label: of.Name})
	}
	state := append(anyOf(), page.Option{Value: "false", Label: f.w.Say("people.status.active")}, page.Option{Value: "true", Label: f.w.Say("people.status.disabled")})
	text := f.text("text", "text", optional, atMost(256))
	text.Field.Kind = "search"
	filter := page.PeopleFilter{Action: usersPath, Fields: []page.Field{*text.Field, *f.text("role", "role", optional, oneOf(by...)).Field}}
	if connectors != nil {
		filter.Fields = append(filter.Fields, *f.text("connector", "connector", optional, oneOf(with...)).Field)
	}
	filter.Fields = append(filter.Fields, *f.text("disabled", "disabled", optional, oneOf(state...)).Field)
	for _, name := range []string{"text", "role", "connector", "disabled"} {
		if values.Get(name) != "" {
			filter.Clear = usersPath
		}
	}
	return filter
}

func userRow(c *route.Call, u sso.User, connectors []sso.Connector, roles []sso.Role) page.UserRow {
	row := page.UserRow{
		Name: cmp.Or(u.DisplayName, u.UserName), UserName: u.UserName, Email: u.Email, Href: userPath(u.ID), Roles: roleNames(page.Words(c), u.Roles, roles),
		SeenAt: u.LastSeenAt, Status: userStatus(c, u), Menu: userMenu(c, u, roles),
	}
	for _, of := range connectors {
		if slices.Contains(u.Connectors, of.ID) {
			row.Connectors = append(row.Connectors, page.Linked{Name: of.Name, Href: connectorPath(of.ID)})
		}
	}
	return row
}

// userMenu is what may be done with a person.
func userMenu(c *route.Call, u sso.User, roles []sso.Role) page.Menu {
	w, at := page.Words(c), userPath(u.ID)
	m := page.Menu{Name: cmp.Or(u.DisplayName, u.UserName), Actions: []page.Action{{Label: w.Say("people.users.card"), Href: at, Icon: "person"}}}
	if !mayHandle(c, u.Roles, roles) {
		return m
	}
	add := func(right authmethods.Right, a page.Action) {
		if a.Dialog = a.Dialog || a.Href != at; c.May(right) {
			m.Actions = append(m.Actions, a)
		}
	}
	add(authmethods.CreateUsers, page.Action{Label: w.Say("people.users.invite"), Href: at + "/invite", Icon: "mail"})
	add(authmethods.ModifyUsers, page.Action{Label: w.Say("people.users.reset"), Href: at + "/reset", Icon: "key"})
	add(authmethods.ModifyUsers, page.Action{Label: w.Say("people.users.sign_out"), Href: at + "/sign-out", Icon: "out"})
	if u.Disabled {
		add(authmethods.ModifyUsers, page.Action{Label: w.Say("people.enable"), Href: at + "/enable", Icon: "power", Apart: true})
	} else {
		add(authmethods.ModifyUsers, page.Action{Label: w.Say("people.disable"), Href: at + "/disable", Icon: "power", Apart: true})
	}
	add(authmethods.DeleteUsers, page.Action{Label: w.Say("people.delete"), Href: at + "/delete", Icon: "trash", Kind: "danger"})
	return m
}

func roleNames(w words.Words, held []string, all []sso.Role) []string {
	var names []string
	for _, r := range all {
		if slices.Contains(held, r.Reference) {
			names = append(names, roleName(w, r))
		}
	}
	return names
}

// ExportUsers is GET /users/export: everybody as CSV, in the form that is imported.
func (h *Handlers) ExportUsers(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	return api.SendUsers(c, t)
}
