package session

import (
	"context"
	"fmt"
	"time"

	"latchkey/authmethods/db"
)

// How long is kept what nothing needs any more but people may ask about.
const (
	keepSessions = 30 * 24 * time.Hour // after they are over
	keepTickets  = 24 * time.Hour      // after they are over
)

// portion bounds what one call removes of a kind, so that no call takes long.
const portion = 1000

// Prune removes the sessions, tickets and web keys that are past their time, a
// bounded number of each.
func (s *Sessions) Prune(ctx context.Context, now time.Time) error {
	if err := prune[ticketRow](ctx, s.o.System, "expires_at", now.Add(-keepTickets), nil); err != nil {
		return err
	}
	if err := prune[sessionRow](ctx, s.o.System, "expires_at", now.Add(-keepSessions), ticketsOf); err != nil {
		return err
	}
	return prune[webKeyRow](ctx, s.o.System, "kept_until", now, nil)
}

// ticketsOf removes the tickets that refer to a session.
func ticketsOf(ctx context.Context, in db.Tenant, session db.Ref) error {
	_, err := db.DeleteIf[ticketRow](ctx, in, db.Eq("session_id", session.ID))
	return err
}

// prune removes the rows whose column col is earlier than before, each after what
// refers to it.
func prune[T any, P db.Row[T]](ctx context.Context, s db.System, col string, before time.Time, first func(context.Context, db.Tenant, db.Ref) error) error {
	old, err := db.Refs[T, P](ctx, s, col, portion, db.Below(col, db.At(before)))
	if err != nil {
		return fmt.Errorf("session: pruning: %w", err)
	}
	for _, ref := range old {
		in, err := s.For(ref.TenantID, "removing what is kept no longer")
		if err != nil {
			return err
		}
		if first != nil {
			if err := first(ctx, in, ref); err != nil {
				return fmt.Errorf("session: pruning: %w", err)
			}
		}
		if _, err := db.DeleteIf[T, P](ctx, in, db.Eq("id", ref.ID), db.Below(col, db.At(before))); err != nil {
			return fmt.Errorf("session: pruning: %w", err)
		}
	}
	return nil
}
