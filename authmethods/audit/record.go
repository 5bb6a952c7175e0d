package audit

import (
	"context"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
)

// Start begins the tenant's chain, in the transaction that makes the tenant.
func Start(ctx context.Context, in db.Tenant) error {
	head := &headRow{Hash: origin(in.ID())}
	head.ID = headID
	return db.Insert(ctx, in, head)
}

// Record appends e to the tenant's chain. It must run in the transaction of what
// it records, so that neither exists without the other. Who acts comes from c; ID,
// Seq, At, Actor and RequestID of e are set here. What does not encode as JSON,
// such as a secret, is refused.
func Record(ctx context.Context, in db.Tenant, c authmethods.Caller, e authmethods.Event) error {
	return recordAt(ctx, in, c, e, time.Now())
}

func recordAt(ctx context.Context, in db.Tenant, c authmethods.Caller, e authmethods.Event, at time.Time) error {
	if c.Tenant() == "" {
		return authmethods.ErrNoCaller
	}
	e.ID, e.At = authmethods.ID(token.NewID("evt")), at
	e.Actor, e.RequestID = c.Actor(), c.RequestID()
	row, err := newEventRow(e)
	if err != nil {
		return err
	}
	// Counting up first takes the lock that puts writers in a row.
	ok, err := db.UpdateIf[headRow](ctx, in, headID, []db.Set{db.Plus("seq", 1)})
	if err != nil {
		return fmt.Errorf("audit: recording %s: %w", e.Action, err)
	}
	if !ok {
		return fmt.Errorf("audit: recording %s: tenant %s has no audit log", e.Action, in.ID())
	}
	head, err := db.Get[headRow](ctx, in, headID)
	if err != nil {
		return fmt.Errorf("audit: recording %s: %w", e.Action, err)
	}
	row.Seq, row.PreviousHash = head.Seq, head.Hash
	row.Hash = link(row.PreviousHash, row)
	if err := db.Insert(ctx, in, row); err != nil {
		return fmt.Errorf("audit: recording %s: %w", e.Action, err)
	}
	ok, err = db.UpdateIf[headRow](ctx, in, headID, []db.Set{db.To("hash", row.Hash)}, db.Eq("seq", row.Seq))
	if err == nil && !ok {
		err = fmt.Errorf("the chain grew meanwhile: not in a transaction")
	}
	if err != nil {
		return fmt.Errorf("audit: recording %s: %w", e.Action, err)
	}
	return nil
}
