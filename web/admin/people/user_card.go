package people

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
)

// recent is how many sign-ins and events a card has.
const recent = 10

// User is GET /users/:id: the card of a person.
func (h *Handlers) User(c *route.Call) error {
	u, t, err := h.user(c)
	if err != nil {
		return err
	}
	return h.showUser(c, http.StatusOK, u, t, userValues(u), nil)
}

// userValues is a person as the form has them.
func userValues(u sso.User) url.Values {
	return url.Values{
		"user_name": {u.UserName}, "email": {u.Email}, "display_name": {u.DisplayName}, "external_id": {u.ExternalID}, "language": {u.Language},
	}
}

func (h *Handlers) showUser(c *route.Call, status int, u sso.User, t *directory.Tenant, values url.Values, wrong page.Corrections) error {
	ctx, w := c.Request().Context(), page.Words(c)
	roles, err := t.Roles(ctx)
	if err != nil {
		return err
	}
	f, at := fields{w, values, wrong}, userPath(u.ID)
	p := page.UserPage{
		Crumbs: []page.Crumb{{Label: w.Say("section.users"), Href: usersPath}},
		Name:   cmp.Or(u.DisplayName, u.UserName), UserName: u.UserName, ID: string(u.ID), Status: userStatus(c, u), SeenAt: u.LastSeenAt,
		Menu: userMenu(c, u, roles), Corrections: wrong, Fields: f.profile(), RoleNames: roleNames(w, u.Roles, roles),
	}
	ticks, err := h.roleTicks(c, f, t, u.Roles)
	if err != nil {
		return err
	}
	p.RoleChoice = *ticks.Choice
	handles := c.May(authmethods.ModifyUsers) && mayHandle(c, u.Roles, roles)
	if handles {
		p.Profile, p.Roles = form(c, at, revHidden(u.Rev)), form(c, at+"/roles", revHidden(u.Rev))
	}
	if u.ID == c.Person.User.ID {
		p.Notices = append(p.Notices, page.Notice{Kind: page.Info, Text: w.Say("people.user.you")})
	}
	for _, part := range []func(context.Context, *route.Call, *page.UserPage, sso.User, *directory.Tenant, bool) error{
		h.fillConnectors, h.fillCredentials, h.fillSessions, h.fillPast,
	} {
		if err := part(ctx, c, &p, u, t, handles); err != nil {
			return err
		}
	}
	return page.User.Show(c, status, p)
}

// fillConnectors puts the connectors and pinned accounts of a person on the card.
func (h *Handlers) fillConnectors(_ context.Context, c *route.Call, p *page.UserPage, u sso.User, t *directory.Tenant, handles bool) error {
	connectors, err := h.connectors(c, t)
	if err != nil {
		return err
	}
	w, at := page.Words(c), userPath(u.ID)
	names := map[authmethods.ID]string{}
	others := []page.Option{{Value: "", Label: w.Say("people.choose")}}
	for _, of := range connectors {
		names[of.ID] = of.Name
		if !slices.Contains(u.Connectors, of.ID) {
			others = append(others, page.Option{Value: string(of.ID), Label: of.Name})
			continue
		}
		row := page.UserConnector{Connector: page.Linked{Name: of.Name, Href: connectorPath(of.ID)}, Off: of.Disabled}
		row.Claim, row.As, row.Pinned = expected(of, u)
		if handles {
			row.Remove = at + "/connectors/" + string(of.ID) + "/remove"
		}
		p.Connectors = append(p.Connectors, row)
	}
	if handles && len(others) > 1 {
		p.Add = form(c, at+"/connectors")
		p.AddField = *fields{w: w, values: url.Values{}, wrong: p.Corrections}.text("connector", "add_connector", oneOf(others...)).Field
	}
	for _, i := range u.Identities {
		one := page.UserIdentity{
			Connector: names[i.Connector], Email: i.Email, Issuer: i.Subject.Issuer, Subject: i.Subject.ID, ByHand: i.ByHand, Since: i.CreatedAt, UsedAt: i.LastUsedAt,
		}
		if handles {
			one.Unpin = at + "/accounts/" + string(i.ID) + "/unpin"
		}
		p.Identities = append(p.Identities, one)
	}
	return nil
}

// fillCredentials puts on the card what somebody can prove who they are with.
func (h *Handlers) fillCredentials(ctx context.Context, c *route.Call, p *page.UserPage, u sso.User, _ *directory.Tenant, handles bool) (err error) {
	if p.PasswordSet, err = h.Credentials.PasswordSet(ctx, c.Caller, &u); err != nil {
		return err
	}
	if p.Codes, err = h.Credentials.HasTOTP(ctx, c.Caller, &u); err != nil {
		return err
	}
	at := userPath(u.ID)
	if p.Codes && handles {
		p.NoCodes = at + "/codes/remove"
	}
	keys, err := h.Credentials.Passkeys(ctx, c.Caller, &u)
	for _, k := range keys {
		one := page.UserThing{Name: k.Name, At: k.LastUsedAt}
		if handles {
			one.Remove = at + "/passkeys/" + string(k.ID) + "/remove"
		}
		p.Passkeys = append(p.Passkeys, one)
	}
	return err
}

// fillSessions puts on the card where somebody is signed in.
func (h *Handlers) fillSessions(ctx context.Context, c *route.Call, p *page.UserPage, u sso.User, _ *directory.Tenant, handles bool) error {
	sessions, err := h.Sessions.List(ctx, c.Caller, u.ID)
	for _, s := range sessions {
		one := page.UserThing{Name: s.UserAgent, More: s.Address, At: s.SeenAt, Here: s.ID == c.Person.Session.ID}
		if handles {
			one.Remove = userPath(u.ID) + "/sessions/" + string(s.ID) + "/end"
		}
		p.Sessions = append(p.Sessions, one)
	}
	if handles && len(sessions) > 0 {
		p.EndAll = userPath(u.ID) + "/sign-out"
	}
	return err
}

// fillPast puts on the card what somebody did, and what was done to them.
func (h *Handlers) fillPast(ctx context.Context, c *route.Call, p *page.UserPage, u sso.User, t *directory.Tenant, _ bool) error {
	if c.May(authmethods.ViewConnectors) {
		past, err := h.signInList(ctx, c, sso.SignInQuery{User: u.ID, Limit: recent}, recent)
		if err != nil {
			return err
		}
		past.Pager, p.SignIns = nil, &past
	}
	events, err := t.History(ctx, u.ID, 0, recent)
	for _, e := range events {
		p.Activity = append(p.Activity, page.UserEvent{Action: e.Action, By: e.Actor.Name, At: e.At})
	}
	return err
}

// ChangeUser is POST /users/:id: who somebody is.
func (h *Handlers) ChangeUser(c *route.Call) error {
	return h.changeUser(c, func(values url.Values, _ sso.User) (directory.UserChange, error) {
		return directory.UserChange{
			UserName: new(values.Get("user_name")), Email: new(values.Get("email")), DisplayName: new(values.Get("display_name")),
			ExternalID: new(strings.TrimSpace(values.Get("external_id"))), Language: new(values.Get("language")),
		}, nil
	})
}

// SetRoles is POST /users/:id/roles. Roles that whoever asks may not give stay as they
// are.
func (h *Handlers) SetRoles(c *route.Call) error {
	t, err := h.in(c)
	if err != nil {
		return err
	}
	return h.changeUser(c, func(values url.Values, u sso.User) (directory.UserChange, error) {
		all, err := t.Roles(c.Request().Context())
		roles := []string{}
		for _, r := range all {
			from := values["roles"]
			if !mayGive(c, r) {
				from = u.Roles
			}
			if slices.Contains(from, r.Reference) {
				roles = append(roles, r.Reference)
			}
		}
		return directory.UserChange{Roles: &roles}, err
	})
}

// stay gives this browser's session a new secret if somebody changed themselves, which
// ends their sessions: all others are over, this one goes on with the rights that are
// left.
func (h *Handlers) stay(c *route.Call, before, now sso.User) error {
	if now.ID != c.Person.User.ID || now.Version == before.Version {
		return nil
	}
	value, err := h.Sessions.Rotate(c.Request().Context(), c.Caller, c.Person.Session.ID, now.Version)
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{
		Name: h.Sessions.CookieName(session.SessionCookie), Value: value.Reveal(), Path: "/",
		Secure: h.PublicURL.Secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return nil
}

func (h *Handlers) changeUser(c *route.Call, read func(url.Values, sso.User) (directory.UserChange, error)) error {
	if err := posted(c); err != nil {
		return err
	}
	u, t, err := h.user(c)
	if err != nil {
		return err
	}
	change, err := read(c.Request().PostForm, u)
	if err != nil {
		return err
	}
	changed, err := t.ChangeUser(c.Request().Context(), string(u.ID), revision(c), change)
	if err == nil {
		if err := h.stay(c, u, changed); err != nil {
			return err
		}
		return done(c, userPath(u.ID), "user_saved", "name", changed.UserName)
	}
	wrong, status, ok := correctable(err)
	if !ok {
		return err
	}
	values := userValues(u)
	if change.Roles == nil {
		values = c.Request().PostForm
	}
	return h.showUser(c, status, u, t, values, wrong)
}

// AddConnector is POST /users/:id/connectors.
func (h *Handlers) AddConnector(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	u, t, err := h.user(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	of, err := t.Connector(ctx, c.Request().PostFormValue("connector"))
	if err == nil {
		_, err = t.Associate(ctx, string(of.ID), []authmethods.ID{u.ID})
	}
	if authmethods.KindOf(err) == authmethods.NotFound {
		err = authmethods.InvalidField("/connector", page.Words(c).Say("people.choose.one"))
	}
	if err == nil {
		return done(c, userPath(u.ID), "associated", "count", "1", "name", of.Name)
	}
	wrong, status, ok := correctable(err)
	if !ok {
		return err
	}
	return h.showUser(c, status, u, t, userValues(u), wrong)
}
