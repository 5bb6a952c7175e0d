package directory

import (
	"context"
	"errors"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/sso"
)

// Settings returns what the tenant decided about its people; the defaults if
// nothing.
func (t *Tenant) Settings(ctx context.Context) (sso.Settings, error) {
	if err := t.caller.May(authmethods.ViewSettings); err != nil {
		return sso.Settings{}, err
	}
	return settingsIn(ctx, t.in)
}

func settingsIn(ctx context.Context, in db.Tenant) (sso.Settings, error) {
	row, err := db.Get[settingsRow](ctx, in, authmethods.ID(in.ID()))
	if authmethods.KindOf(err) == authmethods.NotFound {
		return sso.DefaultSettings(), nil
	}
	if err != nil {
		return sso.Settings{}, doing("reading settings", err)
	}
	return row.settings(), nil
}

// ChangeSettings replaces the settings. rev is the revision that the caller has
// seen, 0 for the defaults of a tenant that decided nothing; -1: any.
func (t *Tenant) ChangeSettings(ctx context.Context, rev int64, s sso.Settings) (sso.Settings, error) {
	if err := t.caller.May(authmethods.ModifySettings); err != nil {
		return sso.Settings{}, err
	}
	if err := authmethods.Faults(s.Check()).Problem(); err != nil {
		return sso.Settings{}, err
	}
	err := t.alter(ctx, func(in db.Tenant) error {
		from, err := settingsIn(ctx, in)
		if err != nil {
			return err
		}
		if rev >= 0 && from.Rev != rev {
			return stale()
		}
		if s.StraightTo != "" {
			if _, err := connectorByRef(ctx, in, s.StraightTo); err != nil {
				return noSuch("/straight_to", "connector", s.StraightTo, err)
			}
		}
		noted := settingsChanges(from, s)
		if s.Rev = from.Rev; len(noted) == 0 {
			return errUnchanged
		}
		s.Rev++
		if err := storeSettings(ctx, in, s); err != nil {
			return err
		}
		return t.record(ctx, in, change{action: "settings.changed", kind: feed.Settings, object: authmethods.ID(in.ID()), changes: noted})
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return sso.Settings{}, err
	}
	return s, nil
}

func storeSettings(ctx context.Context, in db.Tenant, s sso.Settings) error {
	row := &settingsRow{Rev: s.Rev}
	row.ID, row.Settings.V = authmethods.ID(in.ID()), s
	if s.Rev == 1 {
		err := db.Insert(ctx, in, row)
		if errors.Is(err, db.ErrDuplicate) {
			return stale() // somebody else was first
		}
		return doing("storing settings", err)
	}
	sets := []db.Set{db.To("settings", row.Settings), db.Plus("rev", 1)}
	ok, err := db.UpdateIf[settingsRow](ctx, in, row.ID, sets, db.Eq("rev", s.Rev-1))
	if err == nil && !ok {
		return stale()
	}
	return doing("storing settings", err)
}

func settingsChanges(from, to sso.Settings) authmethods.Changes {
	noted := authmethods.Changes{}
	authmethods.Note(noted, "session_idle", from.SessionIdle.String(), to.SessionIdle.String())
	authmethods.Note(noted, "session_life", from.SessionLife.String(), to.SessionLife.String())
	if len(from.ReturnAddresses)+len(to.ReturnAddresses) > 0 {
		authmethods.Note(noted, "return_addresses", from.ReturnAddresses, to.ReturnAddresses)
	}
	authmethods.Note(noted, "password_days", from.PasswordDays, to.PasswordDays)
	authmethods.Note(noted, "local_login", from.LocalLogin, to.LocalLogin)
	authmethods.Note(noted, "straight_to", from.StraightTo, to.StraightTo)
	return noted
}
