package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
)

// Events returns entries of the audit log, the newest first.
func (t *Tenant) Events(ctx context.Context, q audit.Query) ([]authmethods.Event, error) {
	if err := t.caller.May(authmethods.ViewAudit); err != nil {
		return nil, err
	}
	return audit.List(ctx, t.in, q)
}

// VerifyAudit walks the audit log and returns how many entries it holds; see
// [audit.Verify].
func (t *Tenant) VerifyAudit(ctx context.Context) (int64, error) {
	if err := t.caller.May(authmethods.ViewAudit); err != nil {
		return 0, err
	}
	return audit.Verify(ctx, t.in)
}
