package store

import (
	"context"
	"slices"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// Course is how a connection has fared, and what is planned for it.
type Course struct {
	Now       time.Time     // by the database's clock
	Tokens    []IssuedToken // in the order of their issue
	Approvals []time.Time   // in their order
	// FailedAt is when the last refresh failed; zero: the last one succeeded.
	FailedAt time.Time
	// BrokenAt is when the grant was given up; zero: it was not.
	BrokenAt time.Time
	// RefreshAt is when the next refresh is planned; zero: none is.
	RefreshAt time.Time
	Budget    Budget
}

// IssuedToken is an access token without its value.
type IssuedToken struct {
	ID         authmethods.ID
	IssuedAt   time.Time
	ExpiresAt  time.Time // zero: never
	RejectedAt time.Time // when a service last reported it; zero: none did
}

// Budget is how many of the token requests that a grant may have are spent.
type Budget struct {
	Used    int
	Allowed int // 0: as many as needed
	Window  time.Duration
}

// maxCourse bounds the tokens of a course: the newest ones count.
const maxCourse = 500

var (
	readCourse = db.Prepare(`SELECT {now}, g.failed_at, g.broken_at, g.refresh_at, g.sent, c.method_id
		FROM grants g JOIN connections c ON c.tenant_id = {tenant} AND c.id = g.id WHERE g.tenant_id = {tenant} AND g.id = ?`)
	readTokens = db.Prepare(`SELECT id, issued_at, expires_at, rejected_at FROM tokens
		WHERE tokens.tenant_id = {tenant} AND grant_id = ? AND (expires_at IS NULL OR expires_at >= {now} - ?)
		ORDER BY issued_at DESC LIMIT ?`)
	readApprovals = db.Prepare(`SELECT finished_at FROM consents
		WHERE consents.tenant_id = {tenant} AND connection_id = ? AND finished_at >= {now} - ? ORDER BY finished_at`)
)

// Course returns how a connection fared in the time that ends now.
func (s *Store) Course(ctx context.Context, c authmethods.Caller, id authmethods.ID, last time.Duration) (Course, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return Course{}, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return Course{}, err
	}
	course, err := s.readCourse(ctx, v, id)
	if err != nil {
		return course, err
	}
	err = db.Query(ctx, v.in, readTokens, []any{id, last.Microseconds(), maxCourse}, func(scan func(...any) error) error {
		var row tokenRow
		err := scan(&row.ID, &row.IssuedAt, &row.ExpiresAt, &row.RejectedAt)
		course.Tokens = append(course.Tokens, IssuedToken{
			ID: row.ID, IssuedAt: row.IssuedAt.Time(), ExpiresAt: row.ExpiresAt.Time(), RejectedAt: row.RejectedAt.Time(),
		})
		return err
	})
	if err != nil {
		return course, err
	}
	slices.Reverse(course.Tokens)
	err = db.Query(ctx, v.in, readApprovals, []any{id, last.Microseconds()}, func(scan func(...any) error) error {
		var at db.Time
		err := scan(&at)
		course.Approvals = append(course.Approvals, at.Time())
		return err
	})
	return course, err
}

// readCourse reads what the grant itself knows.
func (s *Store) readCourse(ctx context.Context, v view, id authmethods.ID) (Course, error) {
	var now db.Time
	var row grantRow
	var at connectionRow
	err := db.QueryRow(ctx, v.in, readCourse, []any{id},
		&now, &row.FailedAt, &row.BrokenAt, &row.RefreshAt, &row.Sent, &at.MethodID)
	if err != nil {
		return Course{}, err
	}
	course := Course{Now: now.Time(), FailedAt: row.FailedAt.Time(), BrokenAt: row.BrokenAt.Time(), RefreshAt: row.RefreshAt.Time()}
	config, err := s.configs.find(ctx, s, v.in.ID(), string(at.MethodID))
	if err != nil {
		return course, err
	}
	limit := config.kind.Limits.Refreshes
	course.Budget = Budget{Allowed: limit.Budget, Window: limit.Window}
	for _, sent := range row.Sent.V {
		if course.Now.Sub(sent.Time()) < limit.Window {
			course.Budget.Used++
		}
	}
	return course, nil
}

// Lent is how much a connection was borrowed from lately.
type Lent struct {
	Borrowers int   // services
	Tokens    int   // that were lent
	Loans     int64 // in all
}

// lately are the loans of a time that ends now.
const lately = ` AND last_lent_at >= {now} - ? AND ` + loanEnd + ` >= {now} - ? AND ` + loanEnd + ` >= ?`

var (
	countLent = db.Prepare(`SELECT grant_id, COUNT(DISTINCT service_id), COUNT(DISTINCT token_id), CAST(SUM(lent) AS BIGINT) FROM loans
		WHERE loans.tenant_id = {tenant}` + lately + ` GROUP BY grant_id || '', grant_id`)
	countLentOf = db.Prepare(`SELECT COUNT(DISTINCT service_id), COUNT(DISTINCT token_id), CAST(COALESCE(SUM(lent), 0) AS BIGINT) FROM loans
		WHERE loans.tenant_id = {tenant} AND grant_id = ?` + lately)
)

// Lent returns how much each of the tenant's connections was borrowed from in the
// time that ends now. Loans of a token that began before count as well.
func (s *Store) Lent(ctx context.Context, c authmethods.Caller, last time.Duration) (map[authmethods.ID]Lent, error) {
	in, err := s.watching(c)
	if err != nil {
		return nil, err
	}
	lent := map[authmethods.ID]Lent{}
	err = db.Query(ctx, in, countLent, []any{last.Microseconds(), last.Microseconds(), bound(last)}, func(scan func(...any) error) error {
		var id authmethods.ID
		var l Lent
		err := scan(&id, &l.Borrowers, &l.Tokens, &l.Loans)
		lent[id] = l
		return err
	})
	return lent, err
}

// LentOf is [Store.Lent] of one connection.
func (s *Store) LentOf(ctx context.Context, c authmethods.Caller, connection authmethods.ID, last time.Duration) (l Lent, err error) {
	in, err := s.watching(c)
	if err != nil {
		return l, err
	}
	args := []any{connection, last.Microseconds(), last.Microseconds(), bound(last)}
	return l, db.QueryRow(ctx, in, countLentOf, args, &l.Borrowers, &l.Tokens, &l.Loans)
}

// watching is the tenant of somebody who may look at methods.
func (s *Store) watching(c authmethods.Caller) (db.Tenant, error) {
	if err := c.May(authmethods.ViewMethods); err != nil {
		return db.Tenant{}, err
	}
	return s.DB.For(c)
}
