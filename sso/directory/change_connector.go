package directory

import (
	"context"
	"errors"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

// ConnectorChange is a change of a connector. What is nil stays; the reference never
// changes.
type ConnectorChange struct {
	Name           *string
	Type           *sso.ConnectorType
	Method         *string // id or reference
	Environment    *authmethods.Environment
	Admission      *sso.Admission
	CreatesUsers   *bool
	DefaultRole    *string
	TrustedDomains *[]string
	Rule           *sso.Rule
	Disabled       *bool
}

// ChangeConnector changes the connector with this id or reference. rev is the
// revision that the caller has seen; 0: any. To disable it ends the sessions that
// began with it. The sentences returned are about what may be a mistake.
func (t *Tenant) ChangeConnector(ctx context.Context, ref string, rev int64, c ConnectorChange) (sso.Connector, []string, error) {
	none := sso.Connector{}
	if err := t.caller.May(authmethods.ModifyConnectors); err != nil {
		return none, nil, err
	}
	have, err := connectorByRef(ctx, t.in, ref)
	if err != nil {
		return none, nil, err
	}
	to := have.changed(c)
	if err := to.check().Problem(); err != nil {
		return none, nil, err
	}
	// The method is asked before the transaction, which is to be short. If the
	// connector changes meanwhile, its revision does as well.
	method, warnings, err := t.methodOf(ctx, have, to, c.Method)
	if err != nil {
		return none, nil, err
	}
	to.MethodID = method
	if rev == 0 {
		rev = have.Rev
	}
	err = t.alter(ctx, func(in db.Tenant) error { return t.changeConnector(ctx, in, have, to, rev) })
	if err != nil && !errors.Is(err, errUnchanged) {
		return none, nil, err
	}
	row, err := connectorByRef(ctx, t.in, string(have.ID))
	if err != nil {
		return none, nil, err
	}
	return row.connector(), append(warnings, row.lint()...), nil
}

// changed returns the row as wanted.
func (r *connectorRow) changed(c ConnectorChange) *connectorRow {
	to := *r
	assign(&to.Name, c.Name)
	to.Name = strings.TrimSpace(to.Name)
	assign(&to.Type, c.Type)
	assign(&to.Environment, c.Environment)
	assign(&to.Admission, c.Admission)
	assign(&to.CreatesUsers, c.CreatesUsers)
	assign(&to.DefaultRole, c.DefaultRole)
	assign(&to.Rule.V, c.Rule)
	if c.TrustedDomains != nil {
		to.TrustedDomains.V = tidyDomains(*c.TrustedDomains)
	}
	if c.Disabled != nil && *c.Disabled != (r.DisabledAt != 0) {
		to.DisabledAt = 0
		if *c.Disabled {
			to.DisabledAt = db.At(time.Now())
		}
	}
	return &to
}

func assign[T any](at, to *T) {
	if to != nil {
		*at = *to
	}
}

// methodOf checks the method again if the connector is to rest on it in another way.
func (t *Tenant) methodOf(ctx context.Context, have, to *connectorRow, wanted *string) (authmethods.ID, []string, error) {
	if wanted == nil && have.Type == to.Type && have.Environment == to.Environment {
		return have.MethodID, nil, nil
	}
	method := string(have.MethodID)
	assign(&method, wanted)
	id, warnings, err := t.o.CheckMethod(ctx, t.caller, method, to.Environment, to.Type)
	return id, warnings, noSuch("/method", "authentication method", method, err)
}

func (t *Tenant) changeConnector(ctx context.Context, in db.Tenant, have, to *connectorRow, rev int64) error {
	row, err := lockConnector(ctx, in, string(have.ID), rev)
	if err != nil {
		return err
	}
	if row.Rev != have.Rev+1 {
		return stale()
	}
	noted := authmethods.Changes{}
	have.note(noted, to)
	if len(noted) == 0 {
		return errUnchanged
	}
	if have.DefaultRole != to.DefaultRole || to.CreatesUsers && !have.CreatesUsers {
		if err := t.mayDefault(ctx, in, to.DefaultRole); err != nil {
			return err
		}
	}
	if _, err := db.UpdateIf[connectorRow](ctx, in, have.ID, to.sets()); err != nil {
		return doing("changing a connector", err)
	}
	if have.DisabledAt == 0 && to.DisabledAt != 0 {
		if err := endSessions(ctx, in, db.Eq("connector_id", have.ID)); err != nil {
			return err
		}
	}
	return t.recordConnector(ctx, in, "connector.changed", to, noted)
}

// DeleteConnector deletes the connector with this id or reference, who may use it,
// what is pinned to it and the log of its sign-ins. Its reference is never given
// again. rev is the revision that the caller has seen; 0: any.
func (t *Tenant) DeleteConnector(ctx context.Context, ref string, rev int64) error {
	if err := t.caller.May(authmethods.DeleteConnectors); err != nil {
		return err
	}
	return t.alter(ctx, func(in db.Tenant) error {
		row, err := lockConnector(ctx, in, ref, rev)
		if err != nil {
			return err
		}
		// See DeleteUser.
		if _, err := db.UpdateIf[connectorRow](ctx, in, row.ID, []db.Set{db.To("reference", row.ID)}); err != nil {
			return doing("deleting a connector", err)
		}
		if err := deleteConnector(ctx, in, row.ID); err != nil {
			return err
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "name", row.Name, "")
		return t.recordConnector(ctx, in, "connector.deleted", row, noted)
	})
}

func deleteConnector(ctx context.Context, in db.Tenant, id authmethods.ID) error {
	its := db.Eq("connector_id", id)
	if err := endSessions(ctx, in, its); err != nil {
		return err
	}
	for _, step := range []func() (int64, error){
		func() (int64, error) { return db.DeleteIf[identityRow](ctx, in, its) },
		func() (int64, error) { return db.DeleteIf[userConnectorRow](ctx, in, its) },
		func() (int64, error) { return db.DeleteIf[signInRow](ctx, in, its) },
		func() (int64, error) { return db.DeleteIf[signInStartsRow](ctx, in, its) },
		func() (int64, error) { return db.DeleteIf[connectorRow](ctx, in, db.Eq("id", id)) },
	} {
		if _, err := step(); err != nil {
			return doing("deleting a connector", err)
		}
	}
	return nil
}
