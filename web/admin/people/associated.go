package people

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/list"
	"latchkey/web/page"
	"latchkey/web/route"
)

// Associated is GET /sso/:id/people: whose card names the connector.
func (h *Handlers) Associated(c *route.Call) error {
	of, t, err := h.connector(c)
	if err != nil {
		return err
	}
	return h.showAssociated(c, http.StatusOK, of, t, url.Values{}, nil)
}

func (h *Handlers) showAssociated(c *route.Call, status int, of sso.Connector, t *directory.Tenant, values url.Values, wrong page.Corrections) error {
	q := list.Read(c.Request(), "env")
	after := q.AfterID("usr")
	if err := q.Err(); err != nil {
		return err
	}
	found, err := t.Users(c.Request().Context(), directory.UserQuery{Connector: of.ID, After: after, Limit: q.Limit + 1})
	if err != nil {
		return err
	}
	f, at := fields{page.Words(c), values, wrong}, connectorPath(of.ID)
	p := page.ConnectorPeoplePage{
		Head: h.connectorHead(c, of, "people"), Anyone: of.Admission == sso.AnyoneMapped, Corrections: wrong, Check: at + "/check",
		Names: *f.text("users", "users", area, mono, like("marie@acme.fr")).Field,
	}
	if c.May(authmethods.ModifyUsers) {
		p.Form, p.Remove = new(form(c, at+"/people")), form(c, at+"/people/remove")
	}
	shown := list.PageOf(found, q.Limit, func(u sso.User) string { return list.IDCursor(u.ID) })
	for _, u := range shown.Items {
		row := page.AssociatedRow{User: *linkOf(u), ID: string(u.ID), Name: u.DisplayName, Email: u.Email, Status: userStatus(c, u)}
		row.Pinned = slices.ContainsFunc(u.Identities, func(i sso.Identity) bool { return i.Connector == of.ID })
		p.Rows = append(p.Rows, row)
	}
	p.Pager = pager(c, len(shown.Items), shown.NextCursor)
	return page.ConnectorPeople.Show(c, status, p)
}

// Associate is POST /sso/:id/people: puts the connector on the cards of those who are
// named, one in a line.
func (h *Handlers) Associate(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	of, t, err := h.connector(c)
	if err != nil {
		return err
	}
	ctx, w := c.Request().Context(), page.Words(c)
	ids, unknown, err := named(ctx, t, c.Request().PostFormValue("users"))
	if err != nil {
		return err
	}
	var n int
	switch {
	case len(unknown) > 0:
		err = authmethods.InvalidField("/users", w.Say("people.associate.unknown", "names", unknown))
	case len(ids) == 0:
		err = authmethods.InvalidField("/users", w.Say("people.associate.nobody"))
	default:
		n, err = t.Associate(ctx, string(of.ID), ids)
	}
	if err != nil {
		wrong, status, ok := correctable(err)
		if !ok {
			return err
		}
		return h.showAssociated(c, status, of, t, c.Request().PostForm, wrong)
	}
	return done(c, connectorPath(of.ID)+"/people", "associated", "count", w.Number(int64(n)), "name", of.Name)
}

// named finds the people who are named, one in a line or with commas between them.
func named(ctx context.Context, t *directory.Tenant, text string) (ids []authmethods.ID, unknown []string, err error) {
	names := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ';' || r == '\t' })
	for _, name := range names {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		u, err := t.User(ctx, name)
		switch {
		case authmethods.KindOf(err) == authmethods.NotFound:
			unknown = append(unknown, name)
		case err != nil:
			return nil, nil, err
		default:
			ids = append(ids, u.ID)
		}
		if len(ids)+len(unknown) > most {
			break
		}
	}
	return ids, unknown[:min(len(unknown), 20)], nil
}

// Dissociate is POST /sso/:id/people/remove: takes the connector from the cards that
// are ticked.
func (h *Handlers) Dissociate(c *route.Call) error {
	if err := posted(c); err != nil {
		return err
	}
	of, t, err := h.connector(c)
	if err != nil {
		return err
	}
	var ids []authmethods.ID
	for _, id := range c.Request().PostForm["user"] {
		ids = append(ids, authmethods.ID(id))
	}
	w := page.Words(c)
	var n int
	if len(ids) == 0 {
		err = authmethods.InvalidField("", w.Say("people.dissociate.nobody"))
	} else {
		n, err = t.Dissociate(c.Request().Context(), string(of.ID), ids)
	}
	if err != nil {
		wrong, status, ok := correctable(err)
		if !ok {
			return err
		}
		return h.showAssociated(c, status, of, t, url.Values{}, wrong)
	}
	return done(c, connectorPath(of.ID)+"/people", "dissociated", "count", w.Number(int64(n)), "name", of.Name)
}

// pager leads on behind a cursor, and back to the beginning; nil where all is shown.
func pager(c *route.Call, n int, next string) *page.Pager {
	q := c.Request().URL.Query()
	if next == "" && q.Get("cursor") == "" {
		return nil
	}
	p := &page.Pager{Summary: page.Words(c).Say("people.shown", "n", n)}
	at := c.Request().URL.Path
	if next != "" {
		q.Set("cursor", next)
		p.Next = at + "?" + q.Encode()
	}
	if c.QueryParam("cursor") != "" {
		q.Del("cursor")
		p.Previous = at + "?" + q.Encode()
	}
	return p
}
