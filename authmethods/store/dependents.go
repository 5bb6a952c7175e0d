package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// Dependents is what hangs on a method.
type Dependents struct {
	Connections []DependentConnection
	Permits     []DependentPermit
	Connectors  []DependentConnector
}

// DependentConnection is a connection of the method. While it is Live the method
// cannot be deleted.
type DependentConnection struct {
	ID          authmethods.ID
	Environment authmethods.Environment
	Subject     string
	AccountName string
	Live        bool
}

// DependentPermit is a permit of one of the tenant's services that names the
// method.
type DependentPermit struct {
	ID          authmethods.ID
	Service     authmethods.ID
	ServiceName string
	Environment string
}

// DependentConnector is an SSO connector that rests on the method. While there is
// one, even disabled, the method cannot be deleted.
type DependentConnector struct {
	ID          authmethods.ID
	Reference   string
	Name        string
	Environment authmethods.Environment
	Disabled    bool
}

// Dependents returns what hangs on a method.
func (t *Tenant) Dependents(ctx context.Context, ref string) (Dependents, error) {
	var d Dependents
	if err := t.caller.May(authmethods.ViewMethods); err != nil {
		return d, err
	}
	row, err := methodByRef(ctx, t.in, ref)
	if err != nil {
		return d, err
	}
	connections, err := db.List[connectionRow](ctx, t.in, db.Eq("method_id", row.ID))
	if err != nil {
		return d, doing("listing dependents", err)
	}
	for _, c := range connections {
		live, err := isLive(ctx, t.in, c.ID)
		if err != nil {
			return d, err
		}
		d.Connections = append(d.Connections, DependentConnection{
			ID: c.ID, Environment: authmethods.Environment(c.Environment),
			Subject: c.Subject, AccountName: c.AccountName, Live: live,
		})
	}
	if d.Permits, err = permitsNaming(ctx, t.in, row.Reference); err != nil {
		return d, err
	}
	connectors, err := connectorsOn(ctx, t.in, row.ID)
	for _, c := range connectors {
		d.Connectors = append(d.Connectors, DependentConnector{
			ID: c.ID, Reference: c.Reference, Name: c.Name,
			Environment: authmethods.Environment(c.Environment), Disabled: c.DisabledAt != 0,
		})
	}
	return d, err
}

// connectorRow is as much of an SSO connector as its method concerns; it belongs to
// the people's directory.
type connectorRow struct {
	db.Owned
	Reference   string
	Name        string
	MethodID    authmethods.ID
	Environment string
	DisabledAt  db.Time
}

func (connectorRow) TableName() string { return "sso_connectors" }

func connectorsOn(ctx context.Context, in db.Tenant, method authmethods.ID) ([]connectorRow, error) {
	rows, err := db.List[connectorRow](ctx, in, db.Eq("method_id", method))
	return rows, doing("listing connectors", err)
}

func permitsNaming(ctx context.Context, in db.Tenant, reference string) ([]DependentPermit, error) {
	permits, err := db.List[permitRow](ctx, in, db.Eq("method", reference), db.Eq("for_tenant", ""))
	if err != nil {
		return nil, doing("listing dependents", err)
	}
	var named []DependentPermit
	for _, p := range permits {
		service, err := db.Get[serviceRow](ctx, in, p.ServiceID)
		if err != nil {
			return nil, doing("listing dependents", err)
		}
		named = append(named, DependentPermit{ID: p.ID, Service: p.ServiceID, ServiceName: service.Name, Environment: p.Environment})
	}
	return named, nil
}

// isLive reports whether a connection, or with no id any connection of the
// tenant, holds a grant that can still yield tokens.
func isLive(ctx context.Context, in db.Tenant, connection authmethods.ID) (bool, error) {
	for _, held := range []string{"refresh_token", "access_token"} {
		filters := []db.Filter{db.Eq("broken_code", ""), db.NotNull(held)}
		if connection != "" {
			filters = append(filters, db.Eq("id", connection))
		}
		n, err := db.Count[grantRow](ctx, in, filters...)
		if err != nil || n > 0 {
			return n > 0, doing("counting live grants", err)
		}
	}
	return false, nil
}
