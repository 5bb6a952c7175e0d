package store

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/sso"
)

const aDay = 24 * time.Hour

func dayOf(t time.Time) int64 { return t.Unix() / int64(aDay/time.Second) }

// Count adds attempts that went to the provider by a connector of a tenant. Whoever
// begins one is nobody yet, so they are counted and not recorded.
func (s *Store) Count(ctx context.Context, tenant authmethods.TenantID, connector authmethods.ID, started int64, at time.Time) error {
	in, err := s.o.System.For(tenant, "counting sign-ins that began")
	if err != nil {
		return err
	}
	day := dayOf(at)
	add := func() (int64, error) {
		return db.UpdateAll[startsRow](ctx, in, []db.Set{db.Plus("started", started)}, db.Eq("connector_id", connector), db.Eq("day", day))
	}
	if n, err := add(); n > 0 || err != nil {
		return doing("counting sign-ins", err)
	}
	row := &startsRow{ConnectorID: connector, Day: day, Started: started}
	row.ID = authmethods.ID(token.NewID("sis"))
	err = db.Insert(ctx, in, row)
	if errors.Is(err, db.ErrDuplicate) { // another process was first
		_, err = add()
	}
	return doing("counting sign-ins", err)
}

var countFunnel = db.Prepare(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN user_id <> '' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN outcome = ? THEN 1 ELSE 0 END), 0)
	FROM sign_ins WHERE sign_ins.tenant_id = {tenant} AND connector_id = ? AND created_at > ?`)

// Funnel counts a connector's sign-ins since a day.
func (s *Store) Funnel(ctx context.Context, c authmethods.Caller, connector authmethods.ID, since time.Time) (sso.Funnel, error) {
	in, err := s.o.DB.For(c)
	if err != nil {
		return sso.Funnel{}, err
	}
	var f sso.Funnel
	days, err := db.List[startsRow](ctx, in, db.Eq("connector_id", connector), db.After("day", dayOf(since)-1))
	if err != nil {
		return f, doing("counting sign-ins", err)
	}
	for _, d := range days {
		f.Started += d.Started
	}
	err = db.QueryRow(ctx, in, countFunnel, []any{sso.SignedIn, connector, db.At(since)}, &f.Returned, &f.Matched, &f.SignedIn)
	if err != nil {
		return f, doing("counting sign-ins", err)
	}
	return f, nil
}

// Prune removes sign-ins, and counts of those that began, that are kept no longer, at
// most some thousands at a time.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	oldest := now.Add(-sso.Keep)
	if err := prune[signInRow](ctx, s.o.System, "created_at", db.At(oldest)); err != nil {
		return err
	}
	return prune[startsRow](ctx, s.o.System, "day", dayOf(oldest))
}

// prune removes rows whose column col is below what is kept.
func prune[T any, P db.Row[T]](ctx context.Context, system db.System, col string, kept any) error {
	const portion = 2000
	refs, err := db.Refs[T, P](ctx, system, col, portion, db.Below(col, kept))
	if err != nil {
		return doing("pruning sign-ins", err)
	}
	for _, ref := range refs {
		in, err := system.For(ref.TenantID, "pruning sign-ins")
		if err != nil {
			return err
		}
		if _, err := db.DeleteIf[T, P](ctx, in, db.Eq("id", ref.ID)); err != nil {
			return doing("pruning sign-ins", err)
		}
	}
	return nil
}
