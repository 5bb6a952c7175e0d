package store

import (
	"context"
	"errors"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// Directory resolves what services ask for. It is a [tokens.Directory].
type Directory struct{ *Store }

var _ tokens.Directory = Directory{}

// Find implements [tokens.Directory].
func (d Directory) Find(ctx context.Context, svc *authmethods.Service, r tokens.LoanRequest) (tokens.Target, error) {
	tenant, err := d.Tenants.Named(ctx, svc.Tenant, r.Tenant)
	if err != nil {
		return tokens.Target{}, err
	}
	config, err := d.configs.find(ctx, d.Store, tenant.ID, r.Method)
	if err != nil {
		return tokens.Target{}, err
	}
	environment := r.Environment
	if environment == "" {
		environment = config.defaultEnvironment()
	}
	v, err := d.view(ctx, lending(tenant.ID))
	if err != nil {
		return tokens.Target{}, err
	}
	f, err := lookUp(ctx, v.in, svc.ID, config.method.ID, environment, r.Subject)
	if err != nil {
		return tokens.Target{}, err
	}
	if f == nil {
		return d.target(tenant, config, environment, nil, v)
	}
	t, err := d.target(tenant, config, environment, &f.connection, v)
	if to, ok := t.Slot.(*slot); ok {
		to.found.Store(&f.reading)
	}
	if f.lent {
		t.OnRecord = f.row.TokenID
	}
	return t, err
}

// finding is a connection with its grant as they were read together.
type finding struct {
	connection connectionRow
	reading
	lent bool // the service holds the grant's token by the ledger
}

// lookUp finds what a service asks for; nil if there is none.
func lookUp(ctx context.Context, in db.Tenant, service, method authmethods.ID, e authmethods.Environment, subject string) (*finding, error) {
	f := &finding{connection: connectionRow{Subject: subject}}
	c := &f.connection
	err := f.query(ctx, in, findGrant, []any{service, method, e, subject},
		&c.ID, &c.DataCentre, &c.InstanceURL, &c.OrganizationID, &f.lent)
	if errors.Is(err, authmethods.NotFound) {
		return nil, nil
	}
	return f, err
}

// target assembles what the lender needs. row is nil if nobody ever approved.
func (d Directory) target(tenant authmethods.Tenant, config *config, environment authmethods.Environment, row *connectionRow, v view) (tokens.Target, error) {
	t := tokens.Target{Loanable: authmethods.Loanable{
		TenantID: tenant.ID, TenantSlug: tenant.Slug, Method: config.method.Reference, Environment: environment,
	}}
	in := config.method.In(environment)
	t.Enabled = in != nil && in.Enabled && !tenant.Disabled
	if row == nil || in == nil {
		return t, nil
	}
	t.Environment = in.Environment // the same, but no part of a request's body
	spot, err := config.spot(d.Store, v, in, row.DataCentre)
	if err != nil {
		return t, err
	}
	t.Connection = row.ID
	t.Provider = spot.provider
	t.InstanceURL = row.InstanceURL
	t.APIBaseURL = strings.ReplaceAll(spot.provider.APIBaseURL, catalog.PlaceholderInstanceURL, row.InstanceURL)
	for name, value := range spot.provider.APIHeaders {
		if filled := strings.ReplaceAll(value, catalog.PlaceholderOrganization, row.OrganizationID); filled != "" {
			t.APIHeaders = append(t.APIHeaders, tokens.Header{Name: name, Value: secret.New(filled)})
		}
	}
	t.Slot = &slot{spot: spot, id: row.ID, organization: row.OrganizationID}
	return t, nil
}

// FindToken implements [tokens.Directory].
func (d Directory) FindToken(ctx context.Context, owner authmethods.TenantID, id authmethods.ID) (tokens.Issued, error) {
	in, token, err := d.findToken(ctx, owner, id)
	if err != nil {
		return tokens.Issued{}, err
	}
	v, err := d.view(ctx, lending(in))
	if err != nil {
		return tokens.Issued{}, err
	}
	row, err := db.Get[connectionRow](ctx, v.in, token.GrantID)
	if err != nil {
		return tokens.Issued{}, err
	}
	tenant, err := d.Tenants.Find(ctx, string(in))
	if err != nil {
		return tokens.Issued{}, err
	}
	config, err := d.configs.find(ctx, d.Store, in, string(row.MethodID))
	if err != nil {
		return tokens.Issued{}, err
	}
	target, err := d.target(tenant, config, row.Environment, row, v)
	if err != nil || target.Slot == nil {
		return tokens.Issued{}, errors.Join(err, authmethods.Missing())
	}
	return tokens.Issued{Target: target, Subject: row.Subject}, d.report(ctx, v.in, token)
}

// findToken finds a token's row: in the owner's tenant, or wherever it is for a
// service of the platform.
func (d Directory) findToken(ctx context.Context, owner authmethods.TenantID, id authmethods.ID) (authmethods.TenantID, *tokenRow, error) {
	tenant := owner
	if owner == authmethods.Platform {
		refs, err := db.Refs[tokenRow](ctx, d.System, "id", 1, db.Eq("id", id))
		if err != nil {
			return "", nil, err
		}
		if len(refs) == 0 {
			return "", nil, authmethods.Missing()
		}
		tenant = refs[0].TenantID
	}
	in, err := d.System.For(tenant, "a service reported a token")
	if err != nil {
		return "", nil, err
	}
	row, err := db.Get[tokenRow](ctx, in, id)
	return tenant, row, err
}

// report notes that a token was reported and tells the other processes to forget
// it. Only the first report is written.
func (d Directory) report(ctx context.Context, in db.Tenant, token *tokenRow) error {
	if token.RejectedAt != 0 {
		return nil
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		_, err := db.UpdateIf[tokenRow](ctx, in, token.ID, []db.Set{db.ToFromNow("rejected_at", 0)}, db.IsNull("rejected_at"))
		if err != nil {
			return err
		}
		return db.Announce(ctx, in, string(feed.Connection), token.GrantID)
	})
}
