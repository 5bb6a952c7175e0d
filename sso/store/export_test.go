package store

import (
	"context"
	"time"

	"latchkey/authmethods"
)

// WithCodes has s take its reference codes from the list, one after the other.
func WithCodes(s *Store, codes ...string) *Store {
	made := *s
	made.newCode = func() string {
		next := codes[0]
		codes = codes[1:]
		return next
	}
	return &made
}

// CapAt is [Store.Cap] at another number.
func (s *Store) CapAt(ctx context.Context, tenant authmethods.TenantID, before time.Time, most int64) error {
	return s.capAt(ctx, tenant, before, most)
}
