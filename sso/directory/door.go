package directory

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// Door is one tenant's people as far as signing in needs them: whoever signs in has
// no rights yet. What it returns is for the program and not for whoever knocks.
type Door struct {
	o      Options
	in     db.Tenant
	caller authmethods.Caller
}

// Door returns the door of the caller's tenant. The caller needs no rights.
func (d *Directory) Door(c authmethods.Caller) (*Door, error) {
	in, err := d.o.DB.For(c)
	if err != nil {
		return nil, err
	}
	return &Door{o: d.o, in: in, caller: c}, nil
}

// Connector returns the connector with this id or reference. It may be disabled.
func (d *Door) Connector(ctx context.Context, ref string) (sso.Connector, error) {
	row, err := connectorByRef(ctx, d.in, ref)
	if err != nil {
		return sso.Connector{}, err
	}
	return row.connector(), nil
}

// Connectors returns those that are not disabled.
func (d *Door) Connectors(ctx context.Context) ([]sso.Connector, error) {
	return connectorsIn(ctx, d.in, db.IsNull("disabled_at"))
}

// SettingsNow returns the settings as they are stored at this moment.
func (d *Door) SettingsNow(ctx context.Context) (sso.Settings, error) { return settingsIn(ctx, d.in) }

// User returns the user with this id, who may be disabled.
func (d *Door) User(ctx context.Context, id authmethods.ID) (sso.User, error) {
	if !token.ValidID("usr", string(id)) {
		return sso.User{}, authmethods.Missing()
	}
	return d.user(ctx, string(id))
}

// UserForLogin returns the user with this user name, in whatever way it is typed. The
// user may be disabled.
func (d *Door) UserForLogin(ctx context.Context, name string) (sso.User, error) {
	if token.ValidID("usr", name) {
		return sso.User{}, authmethods.Missing()
	}
	return d.user(ctx, name)
}

func (d *Door) user(ctx context.Context, ref string) (sso.User, error) {
	row, err := userByRef(ctx, d.in, ref)
	if err != nil {
		return sso.User{}, err
	}
	return wholeUser(ctx, d.in, row)
}

// RightsOf returns what the roles with these references give together. Roles that
// are not there give nothing.
func (d *Door) RightsOf(ctx context.Context, roles []string) (authmethods.Rights, error) {
	return rightsOf(ctx, d.in, roles)
}

// Touch writes down that a user was here now.
func (d *Door) Touch(ctx context.Context, user authmethods.ID) error {
	_, err := db.UpdateIf[userRow](ctx, d.in, user, seen())
	return doing("noting a visit", err)
}

// seen is a visit, which is no change of the user.
func seen() []db.Set { return []db.Set{db.ToFromNow("last_seen_at", 0), db.Plus("updated_at", 0)} }

// Evidence gathers what a sign-in is judged by. values are what the rule that is to
// be tried comes to.
func (d *Door) Evidence(ctx context.Context, c sso.Connector, s sso.Subject, values []sso.Value) (sso.Evidence, error) {
	return evidence(ctx, d.in, c, s, values)
}

func evidence(ctx context.Context, in db.Tenant, c sso.Connector, s sso.Subject, values []sso.Value) (sso.Evidence, error) {
	e := sso.Evidence{Connector: c, Subject: s, Values: values}
	pin, err := db.First[pinRow](ctx, in, db.Eq("issuer", s.Issuer), db.Eq("subject", s.ID))
	switch {
	case err == nil:
		row, err := db.Get[userRow](ctx, in, pin.UserID)
		if err != nil {
			return e, doing("reading a user", err)
		}
		u, err := wholeUser(ctx, in, row)
		e.Pinned = &u
		return e, err // nothing else counts any more
	case authmethods.KindOf(err) != authmethods.NotFound:
		return e, doing("reading an identity", err)
	}
	e.Found, err = usersBy(ctx, in, values)
	return e, err
}

// usersBy returns, value by value, the users who are meant.
func usersBy(ctx context.Context, in db.Tenant, values []sso.Value) ([][]sso.User, error) {
	columns := map[sso.Field]string{sso.ByUserName: "user_key", sso.ByEmail: "email_key", sso.ByExternalID: "external_id"}
	found := make([][]sso.User, len(values))
	for i, v := range values {
		column := columns[v.Field]
		if column == "" || v.Text == "" || v.Code != "" {
			continue
		}
		rows, err := db.List[userRow](ctx, in, db.Eq(column, v.Text))
		if err != nil {
			return nil, doing("finding users", err)
		}
		if found[i], err = wholeUsers(ctx, in, rows); err != nil {
			return nil, err
		}
	}
	return found, nil
}
