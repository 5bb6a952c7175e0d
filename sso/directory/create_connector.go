package directory

import (
	"context"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// NewConnector is what a new connector is made of.
type NewConnector struct {
	Reference      string // slug; part of the SSO login URL, so it stays for ever
	Name           string
	Type           sso.ConnectorType
	Method         string // id or reference of an authentication method
	Environment    authmethods.Environment
	Admission      sso.Admission // empty: sso.AssociatedOnly
	CreatesUsers   bool
	DefaultRole    string
	TrustedDomains []string
	Rule           *sso.Rule // nil: sso.DefaultRule
}

func (n NewConnector) row() *connectorRow {
	row := &connectorRow{
		Reference: strings.TrimSpace(n.Reference), Name: strings.TrimSpace(n.Name), Type: n.Type, Environment: n.Environment,
		Admission: n.Admission, CreatesUsers: n.CreatesUsers, DefaultRole: n.DefaultRole, Rev: 1,
	}
	row.ID = authmethods.ID(token.NewID(connectorPrefix))
	if row.Admission == "" {
		row.Admission = sso.AssociatedOnly
	}
	row.TrustedDomains.V = tidyDomains(n.TrustedDomains)
	row.Rule.V = sso.DefaultRule()
	assign(&row.Rule.V, n.Rule)
	return row
}

// CreateConnector makes a connector. The sentences that it returns beside it are
// about what may be a mistake.
func (t *Tenant) CreateConnector(ctx context.Context, n NewConnector) (sso.Connector, []string, error) {
	none := sso.Connector{}
	if err := t.caller.May(authmethods.CreateConnectors); err != nil {
		return none, nil, err
	}
	row := n.row()
	f := row.check()
	switch {
	case row.Reference == sso.ReservedReference:
		f.Add("/reference", "This reference is reserved.")
	case !authmethods.ValidSlug(row.Reference):
		f.Add("/reference", "A reference is 1 to 63 characters: a-z, 0-9 and, inside, hyphens.")
	}
	if err := f.Problem(); err != nil {
		return none, nil, err
	}
	var err error
	var warnings []string
	if row.MethodID, warnings, err = t.o.CheckMethod(ctx, t.caller, n.Method, row.Environment, row.Type); err != nil {
		return none, nil, noSuch("/method", "authentication method", n.Method, err)
	}
	noted := authmethods.Changes{}
	blank := &connectorRow{}
	blank.note(noted, row)
	err = db.Tx(ctx, t.in, func(in db.Tenant) error {
		if err := t.mayDefault(ctx, in, row.DefaultRole); err != nil {
			return err
		}
		if err := take(ctx, in, takenConnector, row.Reference); err != nil {
			return err
		}
		if err := db.Insert(ctx, in, row); err != nil {
			return doing("storing a connector", err)
		}
		return t.recordConnector(ctx, in, "connector.created", row, noted)
	})
	if err != nil {
		return none, nil, err
	}
	return row.connector(), append(warnings, row.lint()...), nil
}

// lint are the doubts about a connector's rule.
func (r *connectorRow) lint() []string { return r.Rule.V.Lint() }

// note notes what differs in to.
func (r *connectorRow) note(noted authmethods.Changes, to *connectorRow) {
	authmethods.Note(noted, "name", r.Name, to.Name)
	authmethods.Note(noted, "type", r.Type, to.Type)
	authmethods.Note(noted, "method", r.MethodID, to.MethodID)
	authmethods.Note(noted, "environment", r.Environment, to.Environment)
	authmethods.Note(noted, "admission", r.Admission, to.Admission)
	authmethods.Note(noted, "creates_users", r.CreatesUsers, to.CreatesUsers)
	authmethods.Note(noted, "default_role", r.DefaultRole, to.DefaultRole)
	if len(r.TrustedDomains.V)+len(to.TrustedDomains.V) > 0 {
		authmethods.Note(noted, "trusted_domains", r.TrustedDomains.V, to.TrustedDomains.V)
	}
	authmethods.Note(noted, "rule", r.Rule.V, to.Rule.V)
	authmethods.Note(noted, "disabled", r.DisabledAt != 0, to.DisabledAt != 0)
}
