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
	keepHistory  = 31 * 24 * time.Hour // the longest time that pages show is 30 days
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
	if err := s.pruneHistory(ctx, now.Add(-keepHistory)); err != nil {
		return err
	}
	return prune[captureRow](ctx, s.System, "created_at", now.Add(-keepCaptures))
}

var dropHours = db.Prepare(`DELETE FROM connection_hours WHERE connection_hours.tenant_id = {tenant} AND hour < ?`)

// pruneHistory removes the old hours of some tenants, each in one statement: there
// are more of them than of anything else here.
func (s *Store) pruneHistory(ctx context.Context, before time.Time) error {
	old, err := db.Refs[hourRow](ctx, s.System, "hour", pruned, db.Below("hour", db.At(before)))
	if err != nil {
		return err
	}
	done := map[authmethods.TenantID]bool{}
	for _, ref := range old {
		if done[ref.TenantID] {
			continue
		}
		done[ref.TenantID] = true
		in, err := s.System.For(ref.TenantID, "removing what is kept no longer")
		if err != nil {
			return err
		}
		if _, err := db.Exec(ctx, in, dropHours, db.At(before)); err != nil {
			return err
		}
	}
	return nil
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
