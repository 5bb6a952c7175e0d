package api

import (
	"net/http"

	"latchkey/authmethods"
	"latchkey/sso/directory"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// ListAssociated lists the people whose card names a connector.
func (h *Handlers) ListAssociated(c *route.Call) error {
	q := list.Read(c.Request())
	after := q.AfterID("usr")
	if err := q.Err(); err != nil {
		return err
	}
	of, t, err := h.connector(c)
	if err != nil {
		return err
	}
	return replyUsers(c, q, t, directory.UserQuery{Connector: of.ID, After: after, Limit: q.Limit + 1})
}

// changedPeople says how many people differ by what was done.
type changedPeople struct {
	Changed int `json:"changed"`
}

// Associate puts a connector on people's cards.
func (h *Handlers) Associate(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("users")
	var users []authmethods.ID
	for _, ref := range body.Texts("users", maxAtOnce, maxUserName) {
		users = append(users, authmethods.ID(ref))
	}
	if err := body.Err(); err != nil {
		return err
	}
	of, t, err := h.connector(c)
	if err != nil {
		return err
	}
	n, err := t.Associate(c.Request().Context(), string(of.ID), users)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, changedPeople{n})
}

// Dissociate takes a connector from somebody's card.
func (h *Handlers) Dissociate(c *route.Call) error {
	of, t, err := h.connector(c)
	if err != nil {
		return err
	}
	return dissociate(c, t, string(of.ID), c.Param("user_id"))
}

// AddConnector puts a connector on the card that the path names.
func (h *Handlers) AddConnector(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("connector")
	connector := body.Line("connector", maxRef)
	if err := body.Err(); err != nil {
		return err
	}
	u, t, err := h.user(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err = t.Associate(ctx, connector, []authmethods.ID{u.ID}); err != nil {
		return missingField(err, "/connector", "There is no such connector.")
	}
	if u, err = t.User(ctx, string(u.ID)); err != nil {
		return err
	}
	return replyRev(c, http.StatusOK, u.Rev, showUser(u))
}

// RemoveConnector takes a connector from the card that the path names.
func (h *Handlers) RemoveConnector(c *route.Call) error {
	t, err := h.people(c)
	if err != nil {
		return err
	}
	return dissociate(c, t, c.Param("connector_id"), c.Param("id"))
}

// dissociate answers with nothing if somebody's card no longer names a connector that
// it did name.
func dissociate(c *route.Call, t *directory.Tenant, connector, user string) error {
	u, err := t.User(c.Request().Context(), user)
	if err != nil {
		return err
	}
	n, err := t.Dissociate(c.Request().Context(), connector, []authmethods.ID{u.ID})
	if err != nil {
		return err
	}
	if n == 0 {
		return authmethods.Missing()
	}
	return c.NoContent(http.StatusNoContent)
}

// missingField turns a missing object that a body names into a fault of the body.
func missingField(err error, pointer, detail string) error {
	if authmethods.KindOf(err) == authmethods.NotFound {
		return authmethods.InvalidField(pointer, detail)
	}
	return err
}
