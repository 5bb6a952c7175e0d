package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// Ledger is the loan ledger. It is a [tokens.Ledger].
type Ledger struct{ *Store }

var _ tokens.Ledger = Ledger{}

var (
	insertLoan = db.Prepare(`INSERT INTO loans (tenant_id, id, service_id, service_name, grant_id, token_id, token_expires_at, purpose,
			lent, first_lent_at, last_lent_at, created_at, updated_at)
		VALUES ({tenant}, ?, ?, ?, ?, ?, ?, ?, 1, {now}, {now}, {now}, {now}) ON CONFLICT (tenant_id, token_id, service_id) DO NOTHING`)
	addLoans = db.Prepare(`UPDATE loans SET lent = lent + ?, last_lent_at = {now}, updated_at = {now}
		WHERE loans.tenant_id = {tenant} AND token_id = ? AND service_id = ?`)
	// markLent notes it once a minute at most: background refreshes need no more.
	markLent = db.Prepare(`UPDATE grants SET last_lent_at = {now} WHERE grants.tenant_id = {tenant} AND id = ?
		AND (last_lent_at IS NULL OR last_lent_at < {now} - 60000000)`)
)

// First implements [tokens.Ledger].
func (l Ledger) First(ctx context.Context, b tokens.Borrowing) (first bool, err error) {
	in, err := l.DB.For(lending(b.Tenant))
	if err != nil {
		return false, err
	}
	var written int64 // none: another request of the same service put it on record just now
	err = db.Batch(ctx, in,
		db.Run(&written, insertLoan, token.NewID("loan"), b.Service, b.ServiceName, b.Connection, b.Token, db.At(b.ExpiresAt), b.Purpose),
		db.Run(nil, markLent, b.Connection))
	return written == 1 && err == nil, err
}

// Add implements [tokens.Ledger].
func (l Ledger) Add(ctx context.Context, loans []tokens.Repeated) error {
	return db.SystemTx(ctx, l.System, func(all db.System) error {
		for _, b := range loans {
			in, err := all.For(b.Tenant, "counting loans")
			if err != nil {
				return err
			}
			if _, err := db.Exec(ctx, in, addLoans, b.Loans, b.Token, b.Service); err != nil {
				return err
			}
			if !b.Mark {
				continue
			}
			if _, err := db.Exec(ctx, in, markLent, b.Connection); err != nil {
				return err
			}
		}
		return nil
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
