package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/token"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// user is a person on the wire. Connectors are ids.
type user struct {
	ID          authmethods.ID   `json:"id"`
	UserName    string           `json:"user_name"`
	Email       string           `json:"email"`
	DisplayName string           `json:"display_name"`
	ExternalID  string           `json:"external_id"`
	Language    string           `json:"language"`
	Theme       string           `json:"theme"`
	Invited     bool             `json:"invited"`
	Disabled    bool             `json:"disabled"`
	Roles       []string         `json:"roles"`
	Connectors  []authmethods.ID `json:"connectors"`
	Identities  []identity       `json:"identities"`
	LastSeenAt  time.Time        `json:"last_seen_at,omitzero"`
	Rev         int64            `json:"rev"`
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
}

func showUser(u sso.User) user {
	shown := user{
		ID: u.ID, UserName: u.UserName, Email: u.Email, DisplayName: u.DisplayName, ExternalID: u.ExternalID,
		Language: u.Language, Theme: u.Theme, Invited: u.Invited, Disabled: u.Disabled,
		Roles: append([]string{}, u.Roles...), Connectors: append([]authmethods.ID{}, u.Connectors...), Identities: []identity{},
		LastSeenAt: u.LastSeenAt.UTC(), Rev: u.Rev, CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
	for _, i := range u.Identities {
		shown.Identities = append(shown.Identities, showIdentity(i))
	}
	return shown
}

// ListUsers lists people.
func (h *Handlers) ListUsers(c *route.Call) error {
	q := list.Read(c.Request(), "text", "connector", "role", "disabled")
	uq := directory.UserQuery{
		Text: q.Text("text", maxUserName), Role: q.Text("role", maxRef), Disabled: truth(q, "disabled"),
		After: q.AfterID("usr"), Limit: q.Limit + 1,
	}
	connector := q.Text("connector", maxRef)
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	if connector != "" {
		if uq.Connector, err = connectorID(c, t, connector); err != nil {
			return err
		}
	}
	return replyUsers(c, q, t, uq)
}

// replyUsers answers with a page of people.
func replyUsers(c *route.Call, q *list.Query, t *directory.Tenant, uq directory.UserQuery) error {
	found, err := t.Users(c.Request().Context(), uq)
	if err != nil {
		return err
	}
	page := list.PageOf(found, q.Limit, func(u sso.User) string { return list.IDCursor(u.ID) })
	return c.Reply(http.StatusOK, list.Show(page, showUser))
}

// truth returns a filter that is true or false; nil if it is absent.
func truth(q *list.Query, name string) *bool {
	s := list.Choice(q, name, "true", "false")
	if s == "" {
		return nil
	}
	is := s == "true"
	return &is
}

// connectorID returns the id of the connector that is named by id or reference. An
// id is taken as it is.
func connectorID(c *route.Call, t *directory.Tenant, ref string) (authmethods.ID, error) {
	if token.ValidID("sso", ref) {
		return authmethods.ID(ref), nil
	}
	found, err := t.Connector(c.Request().Context(), ref)
	return found.ID, err
}

// CreateUser makes a person.
func (h *Handlers) CreateUser(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	n, connectors := readNewUser(body)
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	if n.Connectors, err = connectorIDs(c, t, connectors); err != nil {
		return err
	}
	u, err := t.CreateUser(c.Request().Context(), n)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/v1/users/"+string(u.ID))
	return replyRev(c, http.StatusCreated, u.Rev, showUser(u))
}

// GetUser shows a person.
func (h *Handlers) GetUser(c *route.Call) error {
	u, _, err := h.user(c)
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, u.Rev, showUser(u))
}

// user reads the person whom the path names by id or user name.
func (h *Handlers) user(c *route.Call) (sso.User, *directory.Tenant, error) {
	t, err := h.people(c)
	if err != nil {
		return sso.User{}, nil, err
	}
	u, err := t.User(c.Request().Context(), c.Param("id"))
	return u, t, err
}

// ChangeUser applies a merge patch.
func (h *Handlers) ChangeUser(c *route.Call) error {
	rev, change, err := patch(c, readUserPatch)
	if err != nil {
		return err
	}
	return h.changeUser(c, rev, change)
}

// SetRoles gives a person these roles and no others.
func (h *Handlers) SetRoles(c *route.Call) error {
	rev, roles, err := patch(c, func(body *strict.Object) []string {
		body.Require("roles")
		return append([]string{}, body.Texts("roles", maxRoles, maxRef)...)
	})
	if err != nil {
		return err
	}
	return h.changeUser(c, rev, directory.UserChange{Roles: &roles})
}

func (h *Handlers) changeUser(c *route.Call, rev int64, change directory.UserChange) error {
	t, err := h.people(c)
	if err != nil {
		return err
	}
	u, err := t.ChangeUser(c.Request().Context(), c.Param("id"), rev, change)
	if err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, u.Rev, showUser(u))
}

// DeleteUser deletes a person. Nobody is ever given the user name again.
func (h *Handlers) DeleteUser(c *route.Call) error {
	return remove(c, h.people, (*directory.Tenant).DeleteUser)
}
