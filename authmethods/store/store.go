package store

import (
	"context"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/vault"
)

// Options are what a Store works with; all are needed.
type Options struct {
	DB      *db.DB
	System  db.System
	Vault   *vault.Vault
	Catalog *catalog.Catalog
}

// Store is the way to tenants' data. It may be shared.
type Store struct{ o Options }

// New returns a Store.
func New(o Options) *Store { return &Store{o} }

// For returns the data of the caller's tenant, as far as the caller may.
func (s *Store) For(c authmethods.Caller) (*Tenant, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return nil, err
	}
	return &Tenant{Options: s.o, in: in, caller: c}, nil
}

// Tenant is one tenant's data in the hands of one caller. Each method checks the
// caller's right first.
type Tenant struct {
	Options
	in     db.Tenant
	caller authmethods.Caller
}

// change is what a use case has to say about itself, for the audit log and the
// caches.
type change struct {
	action  string
	kind    feed.Kind
	object  authmethods.ID // of the event
	ref     string
	changes authmethods.Changes
	heard   authmethods.ID // object to announce, if not that of the event
}

// record writes the audit event and the announcement of a change in its
// transaction. It comes last: the audit log is one queue per tenant, to be held
// shortly.
func record(ctx context.Context, in db.Tenant, c authmethods.Caller, e change) error {
	err := audit.Record(ctx, in, c, authmethods.Event{
		Action: e.action, Object: e.object, ObjectRef: e.ref, Changes: e.changes,
	})
	if err != nil {
		return err
	}
	if e.heard == "" {
		e.heard = e.object
	}
	return db.Announce(ctx, in, string(e.kind), e.heard)
}

func (t *Tenant) record(ctx context.Context, in db.Tenant, e change) error {
	return record(ctx, in, t.caller, e)
}

// conflict is the problem of a name that is taken.
func conflict(detail string, err error) error {
	return &authmethods.Problem{Kind: authmethods.Conflict, Code: authmethods.CodeConflict, Detail: detail, Err: err}
}

func stale() error {
	return &authmethods.Problem{
		Kind: authmethods.Stale, Code: authmethods.CodeStale,
		Detail: "This was changed meanwhile. Read it again and repeat the change.",
	}
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
	return fmt.Errorf("store: %s: %w", what, err)
}
