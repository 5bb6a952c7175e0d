package directory

import (
	"context"
	"errors"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// NewRole is what a new role is made of.
type NewRole struct {
	Reference string // slug
	Name      string
	Rights    authmethods.Rights
}

// RoleChange is a change of a role. What is nil stays; the reference never changes.
type RoleChange struct {
	Name   *string
	Rights *authmethods.Rights
}

// Roles returns the ready-made roles and the tenant's own.
func (t *Tenant) Roles(ctx context.Context) ([]sso.Role, error) {
	if err := t.caller.May(authmethods.ViewUsers); err != nil {
		return nil, err
	}
	return allRoles(ctx, t.in)
}

func allRoles(ctx context.Context, in db.Tenant) ([]sso.Role, error) {
	rows, err := db.List[roleRow](ctx, in)
	roles := sso.ReadyRoles()
	for i := range rows {
		roles = append(roles, rows[i].role())
	}
	return roles, doing("listing roles", err)
}

// RightsOf returns what the roles with these references give together. Roles that
// are not there give nothing.
func (t *Tenant) RightsOf(ctx context.Context, roles []string) (authmethods.Rights, error) {
	if err := t.caller.May(authmethods.ViewUsers); err != nil {
		return nil, err
	}
	return rightsOf(ctx, t.in, roles)
}

// checkRights allows the rights that administrators have and brings them in order.
func checkRights(rights authmethods.Rights) (authmethods.Rights, string) {
	for _, r := range rights {
		if !authmethods.AdminRights.Has(r) {
			return nil, "There is no right " + string(r) + " for people."
		}
	}
	ordered := authmethods.Rights{}
	for _, r := range authmethods.AdminRights {
		if rights.Has(r) {
			ordered = append(ordered, r)
		}
	}
	return ordered, ""
}

// CreateRole makes a role. The caller must have every right in it.
func (t *Tenant) CreateRole(ctx context.Context, n NewRole) (sso.Role, error) {
	none := sso.Role{}
	if err := t.caller.May(authmethods.ModifySettings); err != nil {
		return none, err
	}
	row := &roleRow{Reference: strings.TrimSpace(n.Reference), Name: strings.TrimSpace(n.Name), Rev: 1}
	row.ID = authmethods.ID(token.NewID("rol"))
	var f authmethods.Faults
	f.Add("/name", wrongName(row.Name))
	if !authmethods.ValidSlug(row.Reference) {
		f.Add("/reference", "A reference is 1 to 63 characters: a-z, 0-9 and, inside, hyphens.")
	}
	if _, ready := sso.ReadyRole(row.Reference); ready {
		f.Add("/reference", "This is the reference of a ready-made role.")
	}
	var detail string
	row.Rights.V, detail = checkRights(n.Rights)
	f.Add("/rights", detail)
	if err := f.Problem(); err != nil {
		return none, err
	}
	if err := t.mayAll(row.Rights.V...); err != nil {
		return none, err
	}
	noted := authmethods.Changes{}
	authmethods.Note(noted, "name", "", row.Name)
	authmethods.Note(noted, "rights", nil, row.Rights.V)
	err := db.Tx(ctx, t.in, func(in db.Tenant) error {
		if err := take(ctx, in, takenRole, row.Reference); err != nil {
			return err
		}
		if err := db.Insert(ctx, in, row); err != nil {
			return doing("storing a role", err)
		}
		return t.recordRole(ctx, in, "role.created", row, noted)
	})
	return row.role(), err
}

// recordRole announces the change as one of users: of all who have the role, so of
// none in particular.
func (t *Tenant) recordRole(ctx context.Context, in db.Tenant, action string, row *roleRow, noted authmethods.Changes) error {
	return t.record(ctx, in, change{action: action, kind: feed.User, object: row.ID, ref: row.Reference, changes: noted})
}

// lockRole counts the role's revision up and returns it as it is then.
func lockRole(ctx context.Context, in db.Tenant, ref string, rev int64) (*roleRow, error) {
	by := db.Eq("reference", ref)
	if token.ValidID("rol", ref) {
		by = db.Eq("id", ref)
	}
	fs := []db.Filter{by}
	if rev != 0 {
		fs = append(fs, db.Eq("rev", rev))
	}
	n, err := db.UpdateAll[roleRow](ctx, in, []db.Set{db.Plus("rev", 1)}, fs...)
	if err != nil {
		return nil, doing("locking a role", err)
	}
	row, err := db.First[roleRow](ctx, in, by)
	if err == nil && n == 0 {
		return nil, stale()
	}
	return row, doing("reading a role", err)
}

// ChangeRole changes the role with this id or reference. rev is the revision that
// the caller has seen; 0: any. The caller must have every right that comes or goes.
// A change of rights ends the sessions of all who have the role.
func (t *Tenant) ChangeRole(ctx context.Context, ref string, rev int64, c RoleChange) (sso.Role, error) {
	if err := t.caller.May(authmethods.ModifySettings); err != nil {
		return sso.Role{}, err
	}
	var row *roleRow
	err := t.alter(ctx, func(in db.Tenant) (err error) {
		if row, err = lockRole(ctx, in, ref, rev); err != nil {
			return err
		}
		return t.changeRole(ctx, in, row, c)
	})
	if errors.Is(err, errUnchanged) {
		row.Rev--
		err = nil
	}
	if err != nil {
		return sso.Role{}, err
	}
	return row.role(), nil
}

func (t *Tenant) changeRole(ctx context.Context, in db.Tenant, row *roleRow, c RoleChange) error {
	var f authmethods.Faults
	noted, from := authmethods.Changes{}, row.Rights.V
	if c.Name != nil {
		name := strings.TrimSpace(*c.Name)
		set(noted, "name", &row.Name, &name)
		f.Add("/name", wrongName(name))
	}
	if c.Rights != nil {
		rights, detail := checkRights(*c.Rights)
		f.Add("/rights", detail)
		set(noted, "rights", &row.Rights.V, &rights)
	}
	if err := f.Problem(); err != nil {
		return err
	}
	if len(noted) == 0 {
		return errUnchanged
	}
	for _, r := range slices.Concat(from, row.Rights.V) {
		if from.Has(r) != row.Rights.V.Has(r) {
			if err := t.caller.May(r); err != nil {
				return err
			}
		}
	}
	if _, err := db.UpdateIf[roleRow](ctx, in, row.ID, []db.Set{db.To("name", row.Name), db.To("rights", row.Rights)}); err != nil {
		return doing("changing a role", err)
	}
	if !slices.Equal(from, row.Rights.V) {
		if _, err := db.Exec(ctx, in, raiseVersions, row.Reference); err != nil {
			return doing("ending sessions", err)
		}
	}
	return t.recordRole(ctx, in, "role.changed", row, noted)
}

var raiseVersions = db.Prepare(`UPDATE users SET version = version + 1, rev = rev + 1, updated_at = {now} WHERE users.tenant_id = {tenant}
	AND users.id IN (SELECT r.user_id FROM user_roles r WHERE r.tenant_id = {tenant} AND r.role = ?)`)

// mostRelated bounds how many of those who stand in the way an answer names.
const mostRelated = 50

// DeleteRole deletes the role with this id or reference. It is refused while
// somebody has it or a connector gives it. rev is the revision that the caller has
// seen; 0: any.
func (t *Tenant) DeleteRole(ctx context.Context, ref string, rev int64) error {
	if err := t.caller.May(authmethods.ModifySettings); err != nil {
		return err
	}
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := lockRole(ctx, in, ref, rev)
		if err != nil {
			return err
		}
		held, err := db.List[userRoleRow](ctx, in, db.Eq("role", row.Reference))
		if err != nil {
			return doing("listing who has a role", err)
		}
		given, err := db.List[connectorRow](ctx, in, db.Eq("default_role", row.Reference))
		if err != nil {
			return doing("listing connectors", err)
		}
		var related []string
		for _, h := range held {
			related = append(related, string(h.UserID))
		}
		for _, c := range given {
			related = append(related, string(c.ID))
		}
		if len(related) > 0 {
			return hasDependents("Somebody has this role, or a connector gives it.", related[:min(len(related), mostRelated)])
		}
		if _, err := db.DeleteIf[roleRow](ctx, in, db.Eq("id", row.ID)); err != nil {
			return doing("deleting a role", err)
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "name", row.Name, "")
		return t.recordRole(ctx, in, "role.deleted", row, noted)
	})
}
