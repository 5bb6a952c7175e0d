package directory

import (
	"context"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/vault"
	"latchkey/sso"
)

// MethodCheck finds the method with this id or reference, as far as the caller may
// see it, and refuses it if nobody can sign in with it in this way: it has no such
// environment, or its provider does not speak the protocol. Warnings are what may
// be a mistake, in sentences.
type MethodCheck func(ctx context.Context, c authmethods.Caller, method string, e authmethods.Environment, t sso.ConnectorType) (
	id authmethods.ID, warnings []string, err error)

// Options are what a Directory works with; all are needed.
type Options struct {
	DB          *db.DB
	Vault       *vault.Vault
	CheckMethod MethodCheck
}

// Directory is the way to tenants' people. It may be shared.
type Directory struct{ o Options }

// New returns a Directory.
func New(o Options) *Directory { return &Directory{o} }

// For returns the people of the caller's tenant, as far as the caller may.
func (d *Directory) For(c authmethods.Caller) (*Tenant, error) {
	in, err := d.o.DB.For(c)
	if err != nil {
		return nil, err
	}
	return &Tenant{o: d.o, in: in, caller: c}, nil
}

// Tenant is one tenant's people in the hands of one caller. Each method checks the
// caller's right first.
type Tenant struct {
	o      Options
	in     db.Tenant
	caller authmethods.Caller
}

// mayAll checks several rights.
func (t *Tenant) mayAll(rights ...authmethods.Right) error {
	for _, r := range rights {
		if err := t.caller.May(r); err != nil {
			return err
		}
	}
	return nil
}

// change is what a use case has to say about itself, for the audit log and the
// caches.
type change struct {
	action  string
	kind    feed.Kind
	object  authmethods.ID
	ref     string
	changes authmethods.Changes
}

// record writes the audit event and the announcement of a change in its
// transaction. It comes last: the audit log is one queue per tenant, to be held
// shortly.
func record(ctx context.Context, in db.Tenant, c authmethods.Caller, e change) error {
	err := audit.Record(ctx, in, c, authmethods.Event{Action: e.action, Object: e.object, ObjectRef: e.ref, Changes: e.changes})
	if err != nil {
		return err
	}
	return db.Announce(ctx, in, string(e.kind), e.object)
}

func (t *Tenant) record(ctx context.Context, in db.Tenant, e change) error {
	return record(ctx, in, t.caller, e)
}

func conflict(detail string, err error) error {
	return &authmethods.Problem{Kind: authmethods.Conflict, Code: authmethods.CodeConflict, Detail: detail, Err: err}
}

func stale() error {
	return &authmethods.Problem{
		Kind: authmethods.Stale, Code: authmethods.CodeStale,
		Detail: "This was changed meanwhile. Read it again and repeat the change.",
	}
}

// hasDependents refuses what something else rests on.
func hasDependents(detail string, related []string) error {
	return &authmethods.Problem{Kind: authmethods.Conflict, Code: authmethods.CodeHasDependents, Detail: detail, Related: related}
}

// pageSize bounds what a caller may ask for at once.
func pageSize(limit int) int {
	const usual, most = 100, 500
	if limit <= 0 {
		return usual
	}
	return min(limit, most)
}

func doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("directory: %s: %w", what, err)
}
