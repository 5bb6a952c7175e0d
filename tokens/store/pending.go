package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// PendingAt is a method in an environment where an approval was begun.
type PendingAt struct {
	Method      authmethods.ID
	Environment authmethods.Environment
}

var readPending = db.Prepare(`SELECT method_id, environment, MAX(created_at) FROM consents
	WHERE consents.tenant_id = {tenant} AND status IN ('pending', 'started', 'exchanging', 'awaiting_organization') AND expires_at > {now}
	GROUP BY method_id, environment`)

// Pending returns where approvals were begun that are not over yet, and when the
// newest of each was.
func (s *Store) Pending(ctx context.Context, c authmethods.Caller) (map[PendingAt]time.Time, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return nil, err
	}
	in, err := s.DB.For(c)
	if err != nil {
		return nil, err
	}
	found := map[PendingAt]time.Time{}
	err = db.Query(ctx, in, readPending, nil, func(scan func(...any) error) error {
		var at PendingAt
		var begun db.Time
		err := scan(&at.Method, &at.Environment, &begun)
		found[at] = begun.Time()
		return err
	})
	return found, err
}
