package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// How long is kept what nothing needs any more but people may ask about.
const (
	keepTokens   = 7 * 24 * time.Hour  // after they expired; reports about them come at once or never
	keepLoans    = 90 * 24 * time.Hour // after the token expired
	keepConsents = 90 * 24 * time.Hour // after they began
	keepCaptures = 30 * 24 * time.Hour // a provider that kept such a token alive for longer is not known
)

// pruned bounds what one call removes of a kind, so that no call takes long.
const pruned = 1000

// Prune removes what is older than it is kept. It never touches a connection or
// a grant.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	if err := prune[tokenRow](ctx, s.System, "expires_at", now.Add(-keepTokens)); err != nil {
		return err
	}
	if err := prune[loanRow](ctx, s.System, "token_expires_at", now.Add(-keepLoans)); err != nil {
		return err
	}
	if err := prune[consentRow](ctx, s.System, "created_at", now.Add(-keepConsents)); err != nil {
		return err
	}
	return prune[captureRow](ctx, s.System, "created_at", now.Add(-keepCaptures))
}

func prune[T any, P db.Row[T]](ctx context.Context, s db.System, col string, before time.Time) error {
	old, err := db.Refs[T, P](ctx, s, col, pruned, db.Below(col, db.At(before)))
	if err != nil {
		return err
	}
	of := map[authmethods.TenantID][]string{}
	for _, ref := range old {
		of[ref.TenantID] = append(of[ref.TenantID], string(ref.ID))
	}
	for tenant, ids := range of {
		in, err := s.For(tenant, "removing what is kept no longer")
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, err := db.DeleteIf[T, P](ctx, in, db.Eq("id", id), db.Below(col, db.At(before))); err != nil {
				return err
			}
		}
	}
	return nil
}
