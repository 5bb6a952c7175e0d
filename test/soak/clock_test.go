package soak_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"latchkey/test/judge"
	"latchkey/test/postgres"
)

// aged are the columns with moments, by table. Those of the duties are left alone:
// whoever lives renews its own all the time.
var aged = map[string][]string{
	"grants": {
		"issued_at", "expires_at", "refresh_expires_at", "refresh_at", "retry_at", "failed_at", "broken_at",
		"lease_until", "attempt_at", "last_lent_at",
	},
	"tokens":   {"issued_at", "expires_at", "rejected_at"},
	"captures": {"sent_at"},
	"budgets":  {"drawn_until", "closed_until"},
	"loans":    {"token_expires_at", "first_lent_at", "last_lent_at"},
}

// skips is what was skipped, and when.
type skips struct {
	mu    sync.Mutex
	total time.Duration
	at    []skip
}

type skip struct {
	when  time.Time
	total time.Duration // up to and with this one
}

func (s *skips) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total += d
	s.at = append(s.at, skip{time.Now(), s.total})
}

// carry brings a moment that was noted on the machine's clock onto the provider's.
func (s *skips) carry(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	var past time.Duration
	for _, k := range s.at {
		if k.when.After(t) {
			break
		}
		past = k.total
	}
	return t.Add(past)
}

// onOneClock brings evidence onto the provider's clock.
func (s *skips) onOneClock(e *judge.Evidence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range e.Loans {
		l := &e.Loans[i]
		if !l.ExpiresAt.IsZero() {
			// A moment to come: as much is skipped as there was when it was promised.
			l.ExpiresAt = l.ExpiresAt.Add(s.carry(l.Answered).Sub(l.Answered))
		}
		l.Asked, l.Answered = s.carry(l.Asked), s.carry(l.Answered)
	}
	for i := range e.Crashes {
		e.Crashes[i].At = s.carry(e.Crashes[i].At)
	}
	for i := range e.Ledger { // the database aged as a whole
		e.Ledger[i].FirstLentAt = e.Ledger[i].FirstLentAt.Add(s.total)
	}
	for i := range e.Grants {
		if at := &e.Grants[i].BrokenAt; !at.IsZero() {
			*at = at.Add(s.total)
		}
	}
}

// errBusy says that a lease is held by somebody who may live.
var errBusy = errors.New("soak: a refresh is under way")

// lease is a claim that was seen.
type lease struct {
	grant string
	epoch int64
}

// leases lists the claims that have not lapsed.
func leases(ctx context.Context, q interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}) (map[lease]bool, error) {
	rows, err := q.QueryContext(ctx, "SELECT id, epoch FROM grants WHERE lease_until IS NOT NULL")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	held := map[lease]bool{}
	for rows.Next() {
		var l lease
		if err := rows.Scan(&l.grant, &l.epoch); err != nil {
			return nil, err
		}
		held[l] = true
	}
	return held, rows.Err()
}

// grow makes everything in the database older by d, and carries out then with
// nobody able to claim anything. It fails with errBusy if a lease is held that is
// not one of the dead.
func grow(ctx context.Context, pool *sql.DB, d time.Duration, dead map[lease]bool, then func()) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "LOCK TABLE grants, tokens, captures, budgets, loans IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		return err
	}
	held, err := leases(ctx, tx)
	if err != nil {
		return err
	}
	for l := range held {
		if !dead[l] {
			return errBusy
		}
	}
	for table, columns := range aged {
		set := ""
		for i, c := range columns {
			if i > 0 {
				set += ", "
			}
			set += c + " = " + c + " - $1"
		}
		if _, err := tx.ExecContext(ctx, "UPDATE "+table+" SET "+set, d.Microseconds()); err != nil {
			return err
		}
	}
	then()
	return tx.Commit()
}

// openPool opens the database beside the servers.
func openPool(t *testing.T, url string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", postgres.Past(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}
