package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
)

// Events returns entries of the audit log, the newest first.
func (t *Tenant) Events(ctx context.Context, q audit.Query) ([]authmethods.Event, error) {
	if err := t.caller.May(authmethods.ViewAudit); err != nil {
		return nil, err
	}
	return audit.List(ctx, t.in, q)
}

// VerifyAudit walks the audit log and returns the number of its last entry; see
// [audit.Verify] and [Tenant.AuditBegins].
func (t *Tenant) VerifyAudit(ctx context.Context) (int64, error) {
	if err := t.caller.May(authmethods.ViewAudit); err != nil {
		return 0, err
	}
	return audit.Verify(ctx, t.in)
}

// AuditBegins returns the number of the last entry that is no longer kept, 0 if all
// are, and when the oldest was written; see [audit.Begins].
func (t *Tenant) AuditBegins(ctx context.Context) (after int64, oldest time.Time, err error) {
	if err := t.caller.May(authmethods.ViewAudit); err != nil {
		return 0, time.Time{}, err
	}
	return audit.Begins(ctx, t.in)
}

// RecordExport records that the audit log, or what was narrowed down of it, leaves the
// installation as a file.
func (t *Tenant) RecordExport(ctx context.Context, format string, q audit.Query) error {
	if err := t.caller.May(authmethods.ViewAudit); err != nil {
		return err
	}
	noted := authmethods.Changes{}
	authmethods.Note(noted, "format", "", format)
	authmethods.Note(noted, "actor", "", cmp.Or(string(q.Actor), q.ActorName))
	authmethods.Note(noted, "action", "", q.Action)
	authmethods.Note(noted, "object", "", string(q.Object))
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		return audit.Record(ctx, in, t.caller, authmethods.Event{Action: "audit.exported", Changes: noted})
	})
}

// TrimAudit removes what is kept of every tenant's audit log for longer than keep, which
// is counted in whole days. It goes on with the next tenant where it fails.
func (t *Tenants) TrimAudit(ctx context.Context, now time.Time, keep time.Duration) error {
	const day = 24 * time.Hour
	before := now.Add(-keep).UTC().Truncate(day)
	rows, err := db.ListShared[tenantRow](ctx, t.o.System, "id")
	if err != nil {
		return doing("listing tenants", err)
	}
	var faults []error
	for i := range rows {
		in, err := t.o.System.For(rows[i].ID, "removing what is no longer kept of the audit log")
		if err != nil {
			return err
		}
		c := operator(rows[i].ID, authmethods.Actor{Kind: authmethods.ActorJob, Name: "retention"})
		for n := int64(audit.AtOnce); n == audit.AtOnce && err == nil; {
			n, err = audit.Trim(ctx, in, c, before)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
