package directory

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

// alter runs f in a transaction and undoes it if it leaves nobody who can sign in and
// put the tenant in order again, where there was somebody before. f is to record its
// event, or nothing is safe: writers of the audit log pass one at a time, so of two
// who each take one of the last two administrators away the second sees what the
// first did.
func (t *Tenant) alter(ctx context.Context, f func(in db.Tenant) error) error {
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		before, err := administered(ctx, in)
		if err != nil {
			return err
		}
		if err := f(in); err != nil || !before {
			return err
		}
		after, err := administered(ctx, in)
		if err != nil || after {
			return err
		}
		return &authmethods.Problem{
			Kind: authmethods.Conflict, Code: authmethods.CodeLastAdministrator,
			Detail: "Nobody would be left who can sign in and administer users and settings.",
		}
	})
}

// administered reports whether somebody can sign in who administers.
func administered(ctx context.Context, in db.Tenant) (bool, error) {
	settings, err := settingsIn(ctx, in)
	if err != nil {
		return false, err
	}
	// All of them can change settings, and few others can.
	roles, err := rolesWith(ctx, in, authmethods.ModifySettings)
	if err != nil {
		return false, err
	}
	held, err := among[userRoleRow](ctx, in, "role", roles)
	if err != nil {
		return false, doing("finding administrators", err)
	}
	seen := map[authmethods.ID]bool{}
	for _, h := range held {
		if seen[h.UserID] {
			continue
		}
		seen[h.UserID] = true
		if ok, err := administers(ctx, in, h.UserID, settings); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// rolesWith lists the roles that give a right.
func rolesWith(ctx context.Context, in db.Tenant, right authmethods.Right) ([]string, error) {
	var found []string
	all, err := allRoles(ctx, in)
	for _, r := range all {
		if r.Rights.Has(right) {
			found = append(found, r.Reference)
		}
	}
	return found, err
}

// administers reports whether a user can sign in and administer.
func administers(ctx context.Context, in db.Tenant, id authmethods.ID, settings sso.Settings) (bool, error) {
	row, err := db.Get[userRow](ctx, in, id)
	switch {
	case authmethods.KindOf(err) == authmethods.NotFound:
		return false, nil // deleted meanwhile
	case err != nil:
		return false, doing("finding administrators", err)
	case row.DisabledAt != 0:
		return false, nil
	}
	u, err := wholeUser(ctx, in, row)
	if err != nil {
		return false, err
	}
	rights, err := rightsOf(ctx, in, u.Roles)
	if err != nil || !sso.Administers(rights) {
		return false, err
	}
	if settings.LocalLogin && !u.Invited {
		return true, nil
	}
	return hasDoor(ctx, in, u)
}

// hasDoor reports whether a connector is open to a user, by association or pin. Who
// has not accepted an invitation yet is found by no rule, so only a pin counts.
func hasDoor(ctx context.Context, in db.Tenant, u sso.User) (bool, error) {
	var ids []string
	if !u.Invited {
		for _, id := range u.Connectors {
			ids = append(ids, string(id))
		}
	}
	for _, identity := range u.Identities {
		ids = append(ids, string(identity.Connector))
	}
	open, err := among[connectorRow](ctx, in, "id", tidyList(ids), db.IsNull("disabled_at"))
	return len(open) > 0, doing("finding administrators", err)
}
