package people

import (
	"context"
	"net/http"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Action is something that is done to one object after a question: GET on its path
// asks, POST does it.
type Action struct {
	Path      string
	Right     authmethods.Right
	Operation string // "DisableUser"

	key    string // of the texts people.ask.KEY and flash.people.KEY
	danger bool
	after  string // where it leads on to; empty: back to the object
	users  bool   // it is about a user and not a connector
	find   func(h *Handlers, c *route.Call) (object, error)
	do     func(h *Handlers, c *route.Call, o object) error
}

// object is what an action is done to.
type object struct {
	name, at  string
	rev       int64
	facts     []string
	people    *directory.Tenant
	user      sso.User
	connector sso.Connector
	role      sso.Role
}

// Actions are all actions.
func Actions() []Action {
	return append(connectorActions(), append(userActions(), roleActions()...)...)
}

// Ask shows the question of an action.
func (h *Handlers) Ask(a Action) func(*route.Call) error {
	return func(c *route.Call) error {
		o, err := a.find(h, c)
		if err != nil {
			return err
		}
		return a.ask(c, http.StatusOK, o, nil)
	}
}

func (a Action) ask(c *route.Call, status int, o object, wrong page.Corrections) error {
	w := page.Words(c)
	p := page.PeopleAskPage{
		Key: a.key, Name: o.name, Facts: o.facts, Corrections: wrong, Form: form(c, c.Request().URL.Path, revHidden(o.rev)), Cancel: o.at, Danger: a.danger,
	}
	if a.users {
		p.Crumbs = []page.Crumb{{Label: w.Say("section.users"), Href: usersPath}, {Label: o.name, Href: o.at}}
		return page.PeopleAskUser.Show(c, status, p)
	}
	p.Crumbs = []page.Crumb{{Label: w.Say("section.sso"), Href: connectorsPath}, {Label: o.name, Href: o.at}}
	return page.PeopleAskConnector.Show(c, status, p)
}

// Do does what the question asked.
func (h *Handlers) Do(a Action) func(*route.Call) error {
	return func(c *route.Call) error {
		if err := posted(c); err != nil {
			return err
		}
		o, err := a.find(h, c)
		if err != nil {
			return err
		}
		if err := a.do(h, c, o); err != nil {
			wrong, status, ok := correctable(err)
			if !ok {
				return err
			}
			return a.ask(c, status, o, wrong)
		}
		if c.Response().Committed {
			return nil // it had more to show than that it was done
		}
		to := a.after
		if to == "" {
			to = o.at
		}
		page.SetFlash(c, page.Good, "flash.people."+a.key, "name", o.name)
		return c.SeeOther(to)
	}
}

func findConnector(h *Handlers, c *route.Call) (object, error) {
	of, t, err := h.connector(c)
	if err != nil {
		return object{}, err
	}
	o := object{name: of.Name, at: connectorPath(of.ID), rev: of.Rev, people: t, connector: of}
	if c.May(authmethods.ViewUsers) {
		users, err := t.Users(c.Request().Context(), directory.UserQuery{Connector: of.ID, Limit: most})
		if err != nil {
			return o, err
		}
		o.facts = []string{page.Words(c).Say("people.ask.fact.associated", "n", len(users))}
	}
	return o, nil
}

func connectorActions() []Action {
	const at = "/sso/:id"
	set := func(disabled bool) func(h *Handlers, c *route.Call, o object) error {
		return func(_ *Handlers, c *route.Call, o object) error {
			_, _, err := o.people.ChangeConnector(c.Request().Context(), string(o.connector.ID), revision(c), directory.ConnectorChange{Disabled: &disabled})
			return err
		}
	}
	remove := func(_ *Handlers, c *route.Call, o object) error {
		return o.people.DeleteConnector(c.Request().Context(), string(o.connector.ID), revision(c))
	}
	return []Action{
		{Path: at + "/disable", Right: authmethods.ModifyConnectors, Operation: "DisableConnector", key: "connector_disable", find: findConnector, do: set(true)},
		{Path: at + "/enable", Right: authmethods.ModifyConnectors, Operation: "EnableConnector", key: "connector_enable", find: findConnector, do: set(false)},
		{Path: at + "/delete", Right: authmethods.DeleteConnectors, Operation: "DeleteConnector", key: "connector_delete", danger: true, after: connectorsPath, find: findConnector, do: remove},
	}
}

func findUser(h *Handlers, c *route.Call) (object, error) {
	u, t, err := h.user(c)
	return object{name: u.UserName, at: userPath(u.ID), rev: u.Rev, people: t, user: u}, err
}

func findRole(h *Handlers, c *route.Call) (object, error) {
	r, t, err := h.role(c)
	if err == nil && r.ID == "" {
		err = authmethods.Missing()
	}
	return object{name: r.Name, at: rolePath(r), rev: r.Rev, people: t, role: r}, err
}

func roleActions() []Action {
	remove := func(_ *Handlers, c *route.Call, o object) error {
		return o.people.DeleteRole(c.Request().Context(), string(o.role.ID), revision(c))
	}
	return []Action{{
		Path: "/roles/:id/delete", Right: authmethods.ModifySettings, Operation: "DeleteRole", key: "role_delete", danger: true, users: true, after: rolesPath,
		find: findRole, do: remove,
	}}
}

// change is an action that changes what is stored of a user.
func change(uc directory.UserChange) func(*Handlers, *route.Call, object) error {
	return func(_ *Handlers, c *route.Call, o object) error {
		_, err := o.people.ChangeUser(c.Request().Context(), string(o.user.ID), revision(c), uc)
		return err
	}
}

// act is an action upon somebody's credentials or sessions.
func act(do func(ctx context.Context, h *Handlers, c *route.Call, o object) error) func(*Handlers, *route.Call, object) error {
	return func(h *Handlers, c *route.Call, o object) error { return do(c.Request().Context(), h, c, o) }
}
