package store

import (
	"context"
	"errors"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// Ledger is the loan ledger. It is a [tokens.Ledger].
type Ledger struct{ *Store }

var _ tokens.Ledger = Ledger{}

// First implements [tokens.Ledger].
func (l Ledger) First(ctx context.Context, b tokens.Borrowing) (bool, error) {
	in, err := l.DB.For(lending(b.Tenant))
	if err != nil {
		return false, err
	}
	// Most of the time it is on record: after a restart, and after every change
	// that had the memory dropped. That is found out without a write.
	_, err = db.First[loanRow](ctx, in, db.Eq("token_id", b.Token), db.Eq("service_id", b.Service))
	if !errors.Is(err, authmethods.NotFound) {
		return false, err
	}
	now := db.At(time.Now())
	err = db.Tx(ctx, in, func(in db.Tenant) error {
		row := &loanRow{
			Owned: db.Owned{ID: authmethods.ID(token.NewID("loan"))}, ServiceID: b.Service, ServiceName: b.ServiceName,
			GrantID: b.Connection, TokenID: b.Token, TokenExpiresAt: db.At(b.ExpiresAt), Purpose: b.Purpose,
			Lent: 1, FirstLentAt: now, LastLentAt: now,
		}
		if err := db.Insert(ctx, in, row); err != nil {
			return err
		}
		return lent(ctx, in, b.Connection, now.Time())
	})
	if errors.Is(err, db.ErrDuplicate) {
		return false, nil // another request of the same service put it on record just now
	}
	return err == nil, err
}

// Add implements [tokens.Ledger].
func (l Ledger) Add(ctx context.Context, b tokens.Borrowing, n int64) error {
	in, err := l.DB.For(lending(b.Tenant))
	if err != nil {
		return err
	}
	return db.Tx(ctx, in, func(in db.Tenant) error {
		_, err := db.UpdateAll[loanRow](ctx, in, []db.Set{db.Plus("lent", n), db.ToFromNow("last_lent_at", 0)},
			db.Eq("token_id", b.Token), db.Eq("service_id", b.Service))
		if err != nil {
			return err
		}
		return lent(ctx, in, b.Connection, time.Now())
	})
}

// Loans lists which services hold which tokens, in the order of their first
// loans.
func (s *Store) Loans(ctx context.Context, c authmethods.Caller, q tokens.LoanQuery) ([]tokens.Held, error) {
	if err := c.May(authmethods.ViewServices); err != nil {
		return nil, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return nil, err
	}
	var fs []db.Filter
	if q.Service != "" {
		fs = append(fs, db.Eq("service_id", q.Service))
	}
	if q.Connection != "" {
		fs = append(fs, db.Eq("grant_id", q.Connection))
	}
	if !q.Ended {
		fs = append(fs, db.NotPast("token_expires_at"))
	}
	rows, err := db.Page[loanRow](ctx, v.in, q.After, q.Limit, fs...)
	if err != nil {
		return nil, err
	}
	list := make([]tokens.Held, 0, len(rows))
	of := map[authmethods.ID]*connectionRow{}
	for _, r := range rows {
		if of[r.GrantID] == nil {
			if of[r.GrantID], err = db.Get[connectionRow](ctx, v.in, r.GrantID); err != nil {
				return nil, err
			}
		}
		held := r.held()
		config, err := s.configs.find(ctx, s, c.Tenant(), string(of[r.GrantID].MethodID))
		if err != nil {
			return nil, err
		}
		held.Method, held.Environment = config.method.Reference, of[r.GrantID].Environment
		list = append(list, held)
	}
	return list, nil
}

func (r *loanRow) held() tokens.Held {
	return tokens.Held{
		ID: r.ID, Loans: r.Lent, FirstLentAt: r.FirstLentAt.Time(), LastLentAt: r.LastLentAt.Time(),
		Borrowing: tokens.Borrowing{
			Tenant: r.TenantID, Connection: r.GrantID, Token: r.TokenID, ExpiresAt: r.TokenExpiresAt.Time(),
			Service: r.ServiceID, ServiceName: r.ServiceName, Purpose: r.Purpose,
		},
	}
}
