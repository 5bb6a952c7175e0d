package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/sso"
)

// UserChange is a change of a user. What is nil stays.
type UserChange struct {
	UserName    *string
	Email       *string
	DisplayName *string
	ExternalID  *string
	Language    *string
	Theme       *string
	Disabled    *bool
	Roles       *[]string // all of them, by reference
}

// ChangeUser changes the user with this id or user name. rev is the revision that
// the caller has seen; 0: any. A change of name, roles or state ends the user's
// sessions.
func (t *Tenant) ChangeUser(ctx context.Context, ref string, rev int64, uc UserChange) (sso.User, error) {
	if err := t.caller.May(authmethods.ModifyUsers); err != nil {
		return sso.User{}, err
	}
	var changed sso.User
	err := t.alter(ctx, func(in db.Tenant) (err error) {
		e := userEdit{Tenant: t, in: in, noted: authmethods.Changes{}}
		changed, err = e.apply(ctx, ref, rev, uc)
		return err
	})
	if errors.Is(err, errUnchanged) {
		row, err := userByRef(ctx, t.in, ref)
		if err != nil {
			return sso.User{}, err
		}
		return wholeUser(ctx, t.in, row)
	}
	return changed, err
}

// userEdit is one change of one user in its transaction.
type userEdit struct {
	*Tenant
	in    db.Tenant
	noted authmethods.Changes
	// ends says that sessions end by the change.
	ends bool
}

func (e *userEdit) apply(ctx context.Context, ref string, rev int64, uc UserChange) (sso.User, error) {
	none := sso.User{}
	row, roles, err := e.handled(ctx, e.in, ref, rev)
	if err != nil {
		return none, err
	}
	was := row.UserKey
	if err := e.edit(row, uc).Problem(); err != nil {
		return none, err
	}
	if uc.Roles != nil {
		if err := e.setRoles(ctx, row.ID, roles, tidyList(*uc.Roles)); err != nil {
			return none, err
		}
	}
	if len(e.noted) == 0 {
		return none, errUnchanged
	}
	if err := e.store(ctx, row, was); err != nil {
		return none, err
	}
	what := change{action: "user.changed", kind: feed.User, object: row.ID, ref: row.UserName, changes: e.noted}
	if err := e.record(ctx, e.in, what); err != nil {
		return none, err
	}
	if row, err = db.Get[userRow](ctx, e.in, row.ID); err != nil {
		return none, doing("reading a user", err)
	}
	return wholeUser(ctx, e.in, row)
}

// edit changes the row as wanted and notes what differs.
func (e *userEdit) edit(row *userRow, uc UserChange) authmethods.Faults {
	from := *row
	for at, to := range map[*string]*string{
		&row.UserName: uc.UserName, &row.Email: uc.Email, &row.DisplayName: uc.DisplayName,
		&row.Language: uc.Language, &row.Theme: uc.Theme,
	} {
		if to != nil {
			*at = *to
		}
	}
	if uc.ExternalID != nil {
		row.setExternalID(*uc.ExternalID)
	}
	wrong := row.tidy()
	e.ends = authmethods.Note(e.noted, "user_name", from.UserName, row.UserName)
	authmethods.Note(e.noted, "email", from.Email, row.Email)
	authmethods.Note(e.noted, "display_name", from.DisplayName, row.DisplayName)
	authmethods.Note(e.noted, "external_id", from.externalID(), row.externalID())
	authmethods.Note(e.noted, "language", from.Language, row.Language)
	authmethods.Note(e.noted, "theme", from.Theme, row.Theme)
	if uc.Disabled != nil && authmethods.Note(e.noted, "disabled", row.DisabledAt != 0, *uc.Disabled) {
		e.ends = true
		row.DisabledAt = 0
		if *uc.Disabled {
			row.DisabledAt = db.At(time.Now())
		}
	}
	return wrong
}

// setRoles gives and takes roles. The caller must have every right in those that
// come or go.
func (e *userEdit) setRoles(ctx context.Context, user authmethods.ID, have, want []string) error {
	if !authmethods.Note(e.noted, "roles", have, want) {
		return nil
	}
	e.ends = true
	come := without(want, have)
	leave := without(have, want)
	// Before anything is given: what is given here must not count for the giving.
	if err := e.mayHandle(ctx, e.in, slices.Concat(come, leave)); err != nil {
		return err
	}
	for _, role := range come {
		if err := giveRole(ctx, e.in, user, role); err != nil {
			return err
		}
	}
	for _, role := range leave {
		if _, err := db.DeleteIf[userRoleRow](ctx, e.in, db.Eq("user_id", user), db.Eq("role", role)); err != nil {
			return doing("taking a role", err)
		}
	}
	return nil
}

// without returns what is in list and not in other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// store writes a row that was changed. was is the name it was known by.
func (e *userEdit) store(ctx context.Context, row *userRow, was string) error {
	sets := []db.Set{
		db.To("user_name", row.UserName), db.To("user_key", row.UserKey), db.To("email", row.Email), db.To("email_key", row.EmailKey),
		db.To("display_name", row.DisplayName), db.To("external_id", row.ExternalID), db.To("language", row.Language),
		db.To("theme", row.Theme), db.To("disabled_at", row.DisabledAt),
	}
	if e.ends {
		sets = append(sets, db.Plus("version", 1))
	}
	_, err := db.UpdateIf[userRow](ctx, e.in, row.ID, sets)
	if err := userTaken(row, err); err != nil || row.UserKey == was {
		return err
	}
	if err := claim(ctx, e.in, row.ID, row.UserKey); err != nil {
		return err
	}
	return retire(ctx, e.in, row.ID, was)
}
