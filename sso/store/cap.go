package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/sso"
)

// MaxRefused is how many sign-ins that led to nothing are kept of a tenant. Whoever
// walks to the provider and back can make one, and need not be anybody.
const MaxRefused = 20_000

// capped bounds what one call removes.
const capped = 5000

// Cap removes the oldest sign-ins of a tenant that led to nothing, as far as there are
// too many. None younger than before goes: its state might come back once more.
func (s *Store) Cap(ctx context.Context, tenant authmethods.TenantID, before time.Time) error {
	return s.capAt(ctx, tenant, before, MaxRefused)
}

func (s *Store) capAt(ctx context.Context, tenant authmethods.TenantID, before time.Time, most int64) error {
	in, err := s.o.System.For(tenant, "removing sign-ins that led to nothing")
	if err != nil {
		return err
	}
	nothing := []db.Filter{db.Not("outcome", sso.SignedIn), db.Not("outcome", sso.Tried)}
	for {
		n, err := db.Count[signInRow](ctx, in, nothing...)
		if err != nil || n <= most {
			return doing("counting sign-ins", err)
		}
		old := append(nothing[:2:2], db.Below("created_at", db.At(before)))
		rows, err := db.Page[signInRow](ctx, in, "", int(min(n-most, capped)), old...)
		if err != nil || len(rows) == 0 {
			return doing("finding old sign-ins", err)
		}
		old = append(old, db.Below("id", rows[len(rows)-1].ID+"0")) // the last of them included
		if _, err := db.DeleteIf[signInRow](ctx, in, old...); err != nil {
			return doing("removing old sign-ins", err)
		}
	}
}
