package store

import (
	"context"
	"fmt"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

// Methods returns the tenant's methods in the order of their making, at most
// limit (0: 100) behind the one with the id after.
func (t *Tenant) Methods(ctx context.Context, after authmethods.ID, limit int) ([]authmethods.Method, error) {
	if err := t.caller.May(authmethods.ViewMethods); err != nil {
		return nil, err
	}
	rows, err := db.Page[methodRow](ctx, t.in, after, pageSize(limit))
	if err != nil || len(rows) == 0 {
		return nil, doing("listing methods", err)
	}
	// No id lies between the last one and itself with a character more.
	environments, err := db.List[environmentRow](ctx, t.in,
		db.After("method_id", after), db.Below("method_id", rows[len(rows)-1].ID+"0"))
	if err != nil {
		return nil, doing("listing methods", err)
	}
	of := make(map[authmethods.ID][]environmentRow, len(rows))
	for _, e := range environments {
		of[e.MethodID] = append(of[e.MethodID], e)
	}
	methods := make([]authmethods.Method, len(rows))
	for i := range rows {
		methods[i] = rows[i].method(of[rows[i].ID])
	}
	return methods, nil
}

// Method returns the method with this id or reference.
func (t *Tenant) Method(ctx context.Context, ref string) (authmethods.Method, error) {
	if err := t.caller.May(authmethods.ViewMethods); err != nil {
		return authmethods.Method{}, err
	}
	row, err := methodByRef(ctx, t.in, ref)
	if err != nil {
		return authmethods.Method{}, err
	}
	return wholeMethod(ctx, t.in, row)
}

func methodByRef(ctx context.Context, in db.Tenant, ref string) (*methodRow, error) {
	var row *methodRow
	var err error
	switch {
	case token.ValidID("am", ref):
		row, err = db.Get[methodRow](ctx, in, authmethods.ID(ref))
	case authmethods.ValidSlug(ref):
		row, err = db.First[methodRow](ctx, in, db.Eq("reference", ref))
	default:
		return nil, authmethods.Missing()
	}
	return row, doing("reading a method", err)
}

func environmentsOf(ctx context.Context, in db.Tenant, method authmethods.ID) ([]environmentRow, error) {
	rows, err := db.List[environmentRow](ctx, in, db.Eq("method_id", method))
	return rows, doing("reading the environments of a method", err)
}

func wholeMethod(ctx context.Context, in db.Tenant, row *methodRow) (authmethods.Method, error) {
	environments, err := environmentsOf(ctx, in, row.ID)
	if err != nil {
		return authmethods.Method{}, err
	}
	return row.method(environments), nil
}

// lockMethod counts the method's revision up, which makes every other writer of
// the method wait for this transaction, and returns it as it is then. rev is the
// revision that the caller has seen; 0: any.
func lockMethod(ctx context.Context, in db.Tenant, ref string, rev int64) (*methodRow, error) {
	row, err := methodByRef(ctx, in, ref)
	if err != nil {
		return nil, err
	}
	var guards []db.Filter
	if rev != 0 {
		guards = append(guards, db.Eq("rev", rev))
	}
	ok, err := db.UpdateIf[methodRow](ctx, in, row.ID, []db.Set{db.Plus("rev", 1)}, guards...)
	if err != nil {
		return nil, doing("locking a method", err)
	}
	if ok {
		return methodByRef(ctx, in, string(row.ID))
	}
	if _, err := db.Get[methodRow](ctx, in, row.ID); err != nil {
		return nil, doing("locking a method", err) // deleted meanwhile
	}
	return nil, stale()
}

// History returns what happened to a method, the newest first.
func (t *Tenant) History(ctx context.Context, ref string, beforeSeq int64, limit int) ([]authmethods.Event, error) {
	if err := t.caller.May(authmethods.ViewMethods); err != nil {
		return nil, err
	}
	row, err := methodByRef(ctx, t.in, ref)
	if err != nil {
		return nil, err
	}
	return audit.List(ctx, t.in, audit.Query{Object: row.ID, BeforeSeq: beforeSeq, Limit: limit})
}

// limitReached is the problem of a tenant that has as many methods as it may.
func limitReached(limit int64) error {
	return &authmethods.Problem{
		Kind: authmethods.Conflict, Code: authmethods.CodeLimitReached,
		Detail: fmt.Sprintf("There are %d authentication methods already, which is the limit here.", limit),
	}
}

// derived returns reference, or one made of name that is free.
func (t *Tenant) derived(ctx context.Context, reference, name string) (string, error) {
	if reference = strings.TrimSpace(reference); reference != "" {
		return reference, nil
	}
	return freeReference(ctx, t.in, methodReference, slugOf(name))
}
