package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/tokens"
)

// maxInterrupted bounds one sweep; what is left is recovered when it is next
// lent.
const maxInterrupted = 1000

// Interrupted returns the slots whose refresh was under way in a process that is
// no more: their lease lapsed and their answer was never applied.
func (s *Store) Interrupted(ctx context.Context) ([]tokens.Slot, error) {
	refs, err := db.Refs[grantRow](ctx, s.System, "lease_until", maxInterrupted, db.NotNull("lease_until"), db.Lapsed("lease_until"))
	if err != nil {
		return nil, err
	}
	var slots []tokens.Slot
	for _, ref := range refs {
		target, err := s.Slot(ctx, lending(ref.TenantID), ref.ID)
		if authmethods.KindOf(err) == authmethods.NotFound {
			continue // its tenant or method went meanwhile
		}
		if err != nil {
			return slots, err
		}
		if target.Enabled && target.Slot != nil {
			slots = append(slots, target.Slot)
		}
	}
	return slots, nil
}
