package store

import (
	"context"
	"time"

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
	// liveLoans are few among many. Neither database would believe it of {now}, or does
	// without statistics: the bound from outside and what is put together with '' leave
	// them no other way than by the end of the tokens.
	liveLoans = db.Prepare(`SELECT id, service_id, service_name, grant_id, token_id, token_expires_at, purpose, lent, first_lent_at, last_lent_at FROM loans
		WHERE loans.tenant_id = {tenant} AND ` + loanEnd + ` > {now} AND ` + loanEnd + ` > ?
		AND (service_id = ? OR ? = '') AND (grant_id = ? OR ? = '') AND (id > ? OR ? = '') ORDER BY id || '' LIMIT ?`)
)

// loanEnd is when the token of a loan ends, as indexes have it: what never does, last.
// Behind row-level security PostgreSQL searches no index for a COALESCE.
const loanEnd = `CASE WHEN token_expires_at IS NULL THEN 9223372036854775807 ELSE token_expires_at END`

// slack is by how much the clock of a process may differ from the database's.
const slack = 6 * time.Hour

// bound is a time a little before the one that lies so far in the past by the database's
// clock. Nothing depends on it but how the database goes about a question.
func bound(last time.Duration) db.Time { return db.At(time.Now().Add(-last - slack)) }

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
	rows, err := loanRows(ctx, v.in, q)
	if err != nil {
		return nil, err
	}
	of := map[authmethods.ID]connectionRow{}
	for i := range rows {
		of[rows[i].GrantID] = connectionRow{}
	}
	ids := make([]string, 0, len(of))
	for id := range of {
		ids = append(ids, string(id))
	}
	for len(ids)&(len(ids)-1) != 0 { // each length is a statement of its own to the database
		ids = append(ids, ids[0])
	}
	connections, err := db.List[connectionRow](ctx, v.in, db.In("id", ids))
	if err != nil {
		return nil, err
	}
	for _, row := range connections {
		of[row.ID] = row
	}
	list := make([]tokens.Held, 0, len(rows))
	for _, r := range rows {
		held, at := r.held(), of[r.GrantID]
		config, err := s.configs.find(ctx, s, c.Tenant(), string(at.MethodID))
		if err != nil {
			return nil, err
		}
		held.Method, held.Environment = config.method.Reference, at.Environment
		list = append(list, held)
	}
	return list, nil
}

func loanRows(ctx context.Context, in db.Tenant, q tokens.LoanQuery) (rows []loanRow, err error) {
	if q.Ended {
		var fs []db.Filter
		if q.Service != "" {
			fs = append(fs, db.Eq("service_id", q.Service))
		}
		if q.Connection != "" {
			fs = append(fs, db.Eq("grant_id", q.Connection))
		}
		return db.Page[loanRow](ctx, in, q.After, q.Limit, fs...)
	}
	args := []any{bound(0), q.Service, string(q.Service), q.Connection, string(q.Connection), q.After, string(q.After), q.Limit}
	err = db.Query(ctx, in, liveLoans, args, func(scan func(...any) error) error {
		var r loanRow
		err := scan(&r.ID, &r.ServiceID, &r.ServiceName, &r.GrantID, &r.TokenID, &r.TokenExpiresAt, &r.Purpose, &r.Lent, &r.FirstLentAt, &r.LastLentAt)
		r.TenantID = in.ID()
		rows = append(rows, r)
		return err
	})
	return rows, err
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
