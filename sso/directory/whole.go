package directory

import (
	"context"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// lengths are those that a list of ids is filled up to: each length is a statement
// of its own to the database.
var lengths = [...]int{1, 10, 100, 500}

// eachPart calls f with the values in parts of one of the lengths; what is missing
// in the last is filled up with its first value.
func eachPart(values []string, f func(part []string) error) error {
	for len(values) > 0 {
		size := lengths[len(lengths)-1]
		for _, l := range lengths {
			if len(values) <= l {
				size = l
				break
			}
		}
		part := make([]string, 0, size)
		part = append(part, values[:min(size, len(values))]...)
		values = values[len(part):]
		for len(part) < size {
			part = append(part, part[0])
		}
		if err := f(part); err != nil {
			return err
		}
	}
	return nil
}

// among lists the rows whose column is one of the values.
func among[T any, P db.Row[T]](ctx context.Context, in db.Tenant, column string, values []string, fs ...db.Filter) ([]T, error) {
	var all []T
	err := eachPart(values, func(part []string) error {
		rows, err := db.List[T, P](ctx, in, append([]db.Filter{db.In(column, part)}, fs...)...)
		all = append(all, rows...)
		return err
	})
	return all, err
}

// wholeUsers adds to the rows of users what hangs on them.
func wholeUsers(ctx context.Context, in db.Tenant, rows []userRow) ([]sso.User, error) {
	users, at, ids := make([]sso.User, len(rows)), make(map[authmethods.ID]int, len(rows)), make([]string, len(rows))
	for i := range rows {
		users[i], at[rows[i].ID], ids[i] = rows[i].user(), i, string(rows[i].ID)
	}
	roles, err := among[userRoleRow](ctx, in, "user_id", ids)
	if err != nil {
		return nil, doing("reading users", err)
	}
	for _, r := range roles {
		u := &users[at[r.UserID]]
		u.Roles = append(u.Roles, r.Role)
	}
	connectors, err := among[userConnectorRow](ctx, in, "user_id", ids)
	if err != nil {
		return nil, doing("reading users", err)
	}
	for _, c := range connectors {
		u := &users[at[c.UserID]]
		u.Connectors = append(u.Connectors, c.ConnectorID)
	}
	pins, err := among[pinRow](ctx, in, "user_id", ids)
	if err != nil {
		return nil, doing("reading users", err)
	}
	for _, p := range pins {
		u := &users[at[p.UserID]]
		u.Identities = append(u.Identities, p.identity())
	}
	for i := range users {
		slices.Sort(users[i].Roles)
		slices.Sort(users[i].Connectors)
	}
	return users, nil
}

func wholeUser(ctx context.Context, in db.Tenant, row *userRow) (sso.User, error) {
	users, err := wholeUsers(ctx, in, []userRow{*row})
	if err != nil {
		return sso.User{}, err
	}
	return users[0], nil
}

// userByRef finds a user by id or user name.
func userByRef(ctx context.Context, in db.Tenant, ref string) (*userRow, error) {
	by := db.Eq("id", ref)
	if !token.ValidID("usr", ref) {
		key, err := sso.Canonical(strings.TrimSpace(ref))
		if err != nil {
			return nil, authmethods.Missing()
		}
		by = db.Eq("user_key", key)
	}
	row, err := db.First[userRow](ctx, in, by)
	return row, doing("reading a user", err)
}

// lockUser counts the user's revision up, which makes every other writer of the user
// wait for this transaction, and returns the row as it is then. rev is the revision
// that the caller has seen; 0: any.
func lockUser(ctx context.Context, in db.Tenant, ref string, rev int64) (*userRow, error) {
	row, err := userByRef(ctx, in, ref)
	if err != nil {
		return nil, err
	}
	var guards []db.Filter
	if rev != 0 {
		guards = append(guards, db.Eq("rev", rev))
	}
	ok, err := db.UpdateIf[userRow](ctx, in, row.ID, []db.Set{db.Plus("rev", 1)}, guards...)
	if err != nil {
		return nil, doing("locking a user", err)
	}
	id := row.ID
	if row, err = db.Get[userRow](ctx, in, id); err != nil {
		return nil, doing("locking a user", err) // deleted meanwhile
	}
	if !ok {
		return nil, stale()
	}
	return row, nil
}
