package directory

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// connectorPrefix begins the ids of connectors.
const connectorPrefix = "sso"

const maxDomains = 50

// Connectors returns the tenant's connectors in the order of their making.
func (t *Tenant) Connectors(ctx context.Context) ([]sso.Connector, error) {
	if err := t.caller.May(authmethods.ViewConnectors); err != nil {
		return nil, err
	}
	return connectorsIn(ctx, t.in)
}

func connectorsIn(ctx context.Context, in db.Tenant, fs ...db.Filter) ([]sso.Connector, error) {
	rows, err := db.List[connectorRow](ctx, in, fs...)
	connectors := make([]sso.Connector, len(rows))
	for i := range rows {
		connectors[i] = rows[i].connector()
	}
	return connectors, doing("listing connectors", err)
}

// Connector returns the connector with this id or reference.
func (t *Tenant) Connector(ctx context.Context, ref string) (sso.Connector, error) {
	if err := t.caller.May(authmethods.ViewConnectors); err != nil {
		return sso.Connector{}, err
	}
	row, err := connectorByRef(ctx, t.in, ref)
	if err != nil {
		return sso.Connector{}, err
	}
	return row.connector(), nil
}

func connectorByRef(ctx context.Context, in db.Tenant, ref string) (*connectorRow, error) {
	by := db.Eq("reference", ref)
	if token.ValidID(connectorPrefix, ref) {
		by = db.Eq("id", ref)
	} else if !authmethods.ValidSlug(ref) {
		return nil, authmethods.Missing()
	}
	row, err := db.First[connectorRow](ctx, in, by)
	return row, doing("reading a connector", err)
}

// lockConnector counts the connector's revision up and returns it as it is then; see
// lockUser.
func lockConnector(ctx context.Context, in db.Tenant, ref string, rev int64) (*connectorRow, error) {
	row, err := connectorByRef(ctx, in, ref)
	if err != nil {
		return nil, err
	}
	var guards []db.Filter
	if rev != 0 {
		guards = append(guards, db.Eq("rev", rev))
	}
	ok, err := db.UpdateIf[connectorRow](ctx, in, row.ID, []db.Set{db.Plus("rev", 1)}, guards...)
	if err != nil {
		return nil, doing("locking a connector", err)
	}
	id := row.ID
	if row, err = db.Get[connectorRow](ctx, in, id); err != nil {
		return nil, doing("locking a connector", err) // deleted meanwhile
	}
	if !ok {
		return nil, stale()
	}
	return row, nil
}

// check says what is wrong with a connector by itself.
func (r *connectorRow) check() authmethods.Faults {
	var f authmethods.Faults
	f.Add("/name", wrongName(r.Name))
	if r.Type != sso.OpenIDConnect && r.Type != sso.OAuth2 {
		f.Add("/type", "This is oidc or oauth2.")
	}
	if !r.Environment.Valid() {
		f.Add("/environment", "This is production, sandbox or developer.")
	}
	if r.Admission != sso.AssociatedOnly && r.Admission != sso.AnyoneMapped {
		f.Add("/admission", "This is associated or mapped.")
	}
	switch {
	case r.CreatesUsers && r.Admission != sso.AnyoneMapped:
		f.Add("/creates_users", "Only a connector that admits everybody whom the rule finds can make users.")
	case r.CreatesUsers && r.DefaultRole == "":
		f.Add("/default_role", "New users need a role.")
	case r.DefaultRole == sso.RoleOperator:
		f.Add("/default_role", "Operators are made by hand.")
	}
	if len(r.TrustedDomains.V) > maxDomains {
		f.Add("/trusted_domains", "At most "+strconv.Itoa(maxDomains)+" domains.")
	}
	for i, d := range r.TrustedDomains.V {
		if _, err := sso.CanonicalDomain(d); err != nil {
			f.Add("/trusted_domains/"+strconv.Itoa(i), err.Error())
		}
	}
	return append(f, r.Rule.V.Check()...)
}

// tidyDomains are domains in their one form, as far as they have one, each once.
func tidyDomains(domains []string) []string {
	tidied := make([]string, 0, len(domains))
	for _, d := range domains {
		if one, err := sso.CanonicalDomain(strings.TrimSpace(d)); err == nil {
			d = one
		}
		tidied = append(tidied, d)
	}
	slices.Sort(tidied)
	return slices.Compact(tidied)
}

// mayDefault keeps the default role of a connector until the transaction ends; the caller
// must have every right in it.
func (t *Tenant) mayDefault(ctx context.Context, in db.Tenant, role string) error {
	if role == "" {
		return nil
	}
	if err := holdRole(ctx, in, "/default_role", role); err != nil {
		return err
	}
	return t.mayHandle(ctx, in, []string{role})
}

func (t *Tenant) recordConnector(ctx context.Context, in db.Tenant, action string, row *connectorRow, noted authmethods.Changes) error {
	return t.record(ctx, in, change{action: action, kind: feed.Connector, object: row.ID, ref: row.Reference, changes: noted})
}
