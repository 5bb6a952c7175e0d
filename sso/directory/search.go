package directory

import (
	"bytes"
	"context"
	"encoding/json"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

// UsersBy returns, value by value, the users whom the values mean.
func (t *Tenant) UsersBy(ctx context.Context, values []sso.Value) ([][]sso.User, error) {
	if err := t.caller.May(authmethods.ViewUsers); err != nil {
		return nil, err
	}
	return usersBy(ctx, t.in, values)
}

// Known is a pinned account with what its provider last said of it; there are no
// Claims if it was pinned by hand and never used.
type Known struct {
	Identity sso.Identity
	Claims   sso.Claims
}

// KnownTo returns the accounts pinned at the connector with this id or reference, in
// the order of their pinning, at most limit (0: 100) behind the one with the id
// after.
func (t *Tenant) KnownTo(ctx context.Context, connector string, after authmethods.ID, limit int) ([]Known, error) {
	if err := t.mayAll(authmethods.ViewUsers, authmethods.ViewConnectors); err != nil {
		return nil, err
	}
	row, err := connectorByRef(ctx, t.in, connector)
	if err != nil {
		return nil, err
	}
	rows, err := db.Page[identityRow](ctx, t.in, after, pageSize(limit), db.Eq("connector_id", row.ID))
	if err != nil {
		return nil, doing("listing identities", err)
	}
	known := make([]Known, len(rows))
	for i := range rows {
		known[i].Identity = rows[i].identity()
		if known[i].Claims, err = t.claims(ctx, &rows[i]); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// claims opens what a provider last said.
func (t *Tenant) claims(ctx context.Context, row *identityRow) (sso.Claims, error) {
	text, err := t.o.Vault.OpenBytes(ctx, t.in, row.Claims, claimsOf(row.ID))
	if err != nil {
		return nil, doing("opening claims", err)
	}
	var claims sso.Claims
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	err = numbers.Decode(&claims)
	return claims, doing("reading claims", err)
}
