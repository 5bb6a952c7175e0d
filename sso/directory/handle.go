package directory

import (
	"context"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

// rightsOf returns what the roles give together.
func rightsOf(ctx context.Context, in db.Tenant, roles []string) (authmethods.Rights, error) {
	var rights authmethods.Rights
	var own []string
	for _, ref := range roles {
		if ready, ok := sso.ReadyRole(ref); ok {
			rights = append(rights, ready.Rights...)
		} else {
			own = append(own, ref)
		}
	}
	rows, err := among[roleRow](ctx, in, "reference", own)
	for _, r := range rows {
		rights = append(rights, r.Rights.V...)
	}
	return tidyList(rights), doing("reading roles", err)
}

// mayHandle lets only those give or take roles, or change somebody who has them, who
// have every right in them: a new e-mail address or connector would make the rights
// of that person their own. So operators are handled by operators.
func (t *Tenant) mayHandle(ctx context.Context, in db.Tenant, roles []string) error {
	rights, err := rightsOf(ctx, in, roles)
	if err != nil {
		return err
	}
	return t.mayAll(rights...)
}

// rolesOf returns the references of a user's roles.
func rolesOf(ctx context.Context, in db.Tenant, user authmethods.ID) ([]string, error) {
	rows, err := db.List[userRoleRow](ctx, in, db.Eq("user_id", user))
	roles := make([]string, len(rows))
	for i, r := range rows {
		roles[i] = r.Role
	}
	slices.Sort(roles)
	return roles, doing("reading roles", err)
}

// handled locks a user whom the caller may change, and returns the roles as well.
func (t *Tenant) handled(ctx context.Context, in db.Tenant, ref string, rev int64) (*userRow, []string, error) {
	row, err := lockUser(ctx, in, ref, rev)
	if err != nil {
		return nil, nil, err
	}
	roles, err := rolesOf(ctx, in, row.ID)
	if err != nil {
		return nil, nil, err
	}
	return row, roles, t.mayHandle(ctx, in, roles)
}

// giveRole gives a role.
func giveRole(ctx context.Context, in db.Tenant, user authmethods.ID, reference string) error {
	if err := holdRole(ctx, in, "/roles", reference); err != nil {
		return err
	}
	return doing("giving a role", db.Insert(ctx, in, newUserRoleRow(user, reference)))
}

// holdRole keeps a role from being deleted until the transaction ends. pointer is
// where the request names it.
func holdRole(ctx context.Context, in db.Tenant, pointer, reference string) error {
	if _, ready := sso.ReadyRole(reference); ready {
		return nil
	}
	still := []db.Set{db.Plus("rev", 0), db.Plus("updated_at", 0)}
	n, err := db.UpdateAll[roleRow](ctx, in, still, db.Eq("reference", reference))
	if err == nil && n == 0 {
		return authmethods.InvalidField(pointer, "There is no role "+reference+".")
	}
	return doing("locking a role", err)
}
