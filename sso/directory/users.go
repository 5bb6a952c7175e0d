package directory

import (
	"context"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// UserQuery narrows a list of users. The zero value narrows nothing.
type UserQuery struct {
	Text      string         // in user name, e-mail address or display name
	Connector authmethods.ID // associated with it
	Role      string         // a reference
	Disabled  *bool
	After     authmethods.ID // the last one of the page before
	Limit     int            // 0: 100; at most 500
}

// Users returns users in the order of their making.
func (t *Tenant) Users(ctx context.Context, q UserQuery) ([]sso.User, error) {
	if err := t.caller.May(authmethods.ViewUsers); err != nil {
		return nil, err
	}
	state := "any"
	if q.Disabled != nil {
		state = map[bool]string{true: "disabled", false: "enabled"}[*q.Disabled]
	}
	text, lower := pattern(q.Text), pattern(strings.ToLower(q.Text))
	var ids []string
	err := db.Query(ctx, t.in, findUsers, []any{
		q.After, lower, lower, text, lower, q.Connector, q.Connector, q.Role, q.Role, state, state, state, pageSize(q.Limit),
	}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil || len(ids) == 0 {
		return nil, doing("listing users", err)
	}
	rows, err := among[userRow](ctx, t.in, "id", ids)
	if err != nil {
		return nil, doing("listing users", err)
	}
	return wholeUsers(ctx, t.in, rows)
}

// pattern is what LIKE finds s with anywhere.
func pattern(s string) string {
	return "%" + strings.NewReplacer(`!`, `!!`, `%`, `!%`, `_`, `!_`).Replace(strings.TrimSpace(s)) + "%"
}

// findUsers compares lower case with what is stored in lower case, and display names
// as far as the database knows what that is.
var findUsers = db.Prepare(`SELECT u.id FROM users u WHERE u.tenant_id = {tenant} AND u.id > ?
	AND (u.user_key LIKE ? ESCAPE '!' OR u.email_key LIKE ? ESCAPE '!'
		OR u.display_name LIKE ? ESCAPE '!' OR lower(u.display_name) LIKE ? ESCAPE '!')
	AND (? = '' OR u.id IN (SELECT c.user_id FROM user_connectors c WHERE c.tenant_id = {tenant} AND c.connector_id = ?))
	AND (? = '' OR u.id IN (SELECT r.user_id FROM user_roles r WHERE r.tenant_id = {tenant} AND r.role = ?))
	AND (? = 'any' OR (? = 'disabled' AND u.disabled_at IS NOT NULL) OR (? = 'enabled' AND u.disabled_at IS NULL))
	ORDER BY u.id LIMIT ?`)

// User returns the user with this id or user name.
func (t *Tenant) User(ctx context.Context, ref string) (sso.User, error) {
	if err := t.caller.May(authmethods.ViewUsers); err != nil {
		return sso.User{}, err
	}
	row, err := userByRef(ctx, t.in, ref)
	if err != nil {
		return sso.User{}, err
	}
	return wholeUser(ctx, t.in, row)
}

// History returns what happened to the user, role or connector with this id, the
// newest first, behind the event with the number beforeSeq (0: from the newest on).
// It needs the right to view users or connectors.
func (t *Tenant) History(ctx context.Context, object authmethods.ID, beforeSeq int64, limit int) ([]authmethods.Event, error) {
	var right authmethods.Right
	switch id := string(object); {
	case token.ValidID("usr", id), token.ValidID("rol", id):
		right = authmethods.ViewUsers
	case token.ValidID(connectorPrefix, id):
		right = authmethods.ViewConnectors
	default: // something else's history is for others to show
		return nil, authmethods.Missing()
	}
	if err := t.caller.May(right); err != nil {
		return nil, err
	}
	return audit.List(ctx, t.in, audit.Query{Object: object, BeforeSeq: beforeSeq, Limit: limit})
}
