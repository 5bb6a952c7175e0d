package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/ncruces/go-sqlite3/driver"

	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

// life says where in their lives the seeded tokens are.
type life struct {
	issued, expires time.Time
	due             time.Time // of a refresh in the background
	lent            time.Time // last
}

// fresh tokens need nothing for as long as a run takes.
func fresh(now time.Time) life {
	return life{issued: now, expires: now.Add(48 * time.Hour), due: now.Add(36 * time.Hour), lent: now}
}

// expired tokens were not lent for long enough that nobody refreshes them unasked.
func expired(now time.Time) life {
	return life{
		issued: now.Add(-30 * 24 * time.Hour), expires: now.Add(-30*24*time.Hour + time.Hour),
		due: now.Add(-30*24*time.Hour + 45*time.Minute), lent: now.Add(-30 * 24 * time.Hour),
	}
}

// due tokens are good for ten minutes, were lent lately, and are to be refreshed in
// the background.
func due(now time.Time) life {
	return life{issued: now.Add(-50 * time.Minute), expires: now.Add(10 * time.Minute), due: now.Add(-5 * time.Minute), lent: now.Add(-5 * time.Minute)}
}

// table is where seeded rows go: a question mark stands for a value that differs
// from row to row, everything else is the same in all.
type table struct{ into, row string }

// seeded are the tables of a connection, in the order in which they refer to each
// other. The first loan of every token to the service is in the ledger.
var seeded = []table{
	{
		into: `connections (tenant_id, id, method_id, environment, subject, data_centre, instance_url, api_domain, account_id,
			account_name, account_email, organization_id, organization_name, organizations, approved_by, approved_at, created_at, updated_at)`,
		row: `(?, ?, ?, 'production', ?, 'us', '', 'https://www.zohoapis.com', '60001234567', 'Ada Lovelace', 'ada@acme.example',
			'700123456', 'Acme', '[{"id":"700123456","name":"Acme","default":true,"environment":"production"}]', 'Ada Lovelace', ?, ?, ?)`,
	},
	{
		into: `grants (tenant_id, id, lineage, epoch, version, refresh_token, access_token, token_id, token_type, scopes, issued_at,
			expires_at, lease_owner, attempt_id, attempt_version, attempt_token, attempt_retry, failures, failure_code,
			client_version, broken_code, refresh_at, last_lent_at, created_at, updated_at)`,
		row: `(?, ?, 'con_bench', 1, 1, ?, ?, ?, 'Bearer', '["Desk.tickets.READ","Desk.basic.READ"]', ?, ?, '', '', 0, '', FALSE, 0, '', 0, '', ?, ?, ?, ?)`,
	},
	{
		into: `tokens (tenant_id, id, grant_id, version, issued_at, expires_at, created_at, updated_at)`,
		row:  `(?, ?, ?, 1, ?, ?, ?, ?)`,
	},
	{
		into: `loans (tenant_id, id, service_id, service_name, grant_id, token_id, token_expires_at, purpose, lent, first_lent_at,
			last_lent_at, created_at, updated_at)`,
		row: `(?, ?, ?, 'bench', ?, ?, ?, '', 1, ?, ?, ?, ?)`,
	},
}

// Rows of a statement, and connections of a transaction.
const (
	seedRows  = 50
	seedBatch = 5_000
)

// seed puts the connections straight into the database, without waiting for the
// disk.
func (i *installation) seed(ctx context.Context, l life) error {
	pool, err := i.raw()
	if err != nil {
		return err
	}
	defer pool.Close()
	s := seeder{installation: i, life: l, now: time.Now().UnixMicro()}
	// Tenant by tenant, as their keys lie in the indexes.
	for t := range i.tenants {
		count := (i.connections - t + len(i.tenants) - 1) / len(i.tenants)
		for from := 0; from < count; from += seedBatch {
			if err := s.batch(ctx, pool, &i.tenants[t], from, min(from+seedBatch, count)); err != nil {
				return err
			}
		}
	}
	// PostgreSQL gathers statistics by itself in time; SQLite does not.
	finish := "ANALYZE"
	if i.sqlite() {
		finish = "PRAGMA wal_checkpoint(TRUNCATE)"
	}
	_, err = pool.ExecContext(ctx, finish)
	return err
}

func (i *installation) sqlite() bool { return strings.HasPrefix(i.url, "sqlite:") }

// raw opens the database past the stores.
func (i *installation) raw() (*sql.DB, error) {
	path, ok := strings.CutPrefix(i.url, "sqlite:")
	if !ok {
		return sql.Open("pgx", i.url)
	}
	pool, err := driver.Open("file:" + path + "?_pragma=busy_timeout(10000)&_pragma=synchronous(off)&_pragma=cache_size(-200000)")
	if err == nil {
		pool.SetMaxOpenConns(1)
	}
	return pool, err
}

// seeder makes the rows of connections.
type seeder struct {
	*installation
	life
	now int64
}

func (s *seeder) batch(ctx context.Context, pool *sql.DB, t *tenancy, from, end int) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// Parsing a statement costs more than running it; the last one is shorter.
	prepared := map[int][]*sql.Stmt{}
	for ; err == nil && from < end; from += seedRows {
		rows := min(seedRows, end-from)
		if prepared[rows] == nil {
			if prepared[rows], err = prepare(ctx, tx, rows); err != nil {
				break
			}
		}
		err = s.insert(ctx, prepared[rows], t, from, from+rows)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// prepare prepares the statement of each table for so many rows. They end with the
// transaction.
func prepare(ctx context.Context, tx *sql.Tx, rows int) ([]*sql.Stmt, error) {
	var prepared []*sql.Stmt
	for _, into := range seeded {
		s, err := tx.PrepareContext(ctx, into.statement(rows))
		if err != nil {
			return nil, fmt.Errorf("%.12s…: %w", into.into, err)
		}
		prepared = append(prepared, s)
	}
	return prepared, nil
}

func (s *seeder) insert(ctx context.Context, into []*sql.Stmt, t *tenancy, from, end int) error {
	values := make([][]any, len(seeded))
	for n := from; n < end; n++ {
		if err := s.rows(values, t, n); err != nil {
			return err
		}
	}
	for k := range into {
		if _, err := into[k].ExecContext(ctx, values[k]...); err != nil {
			return fmt.Errorf("%.12s…: %w", seeded[k].into, err)
		}
	}
	return nil
}

// rows appends the values of one connection's row in each table.
func (s *seeder) rows(values [][]any, t *tenancy, n int) error {
	tenant, id, tok := string(t.id), token.NewID("conn"), token.NewID("tok")
	refresh, err := t.sealed(id, "refresh_token", fmt.Sprintf("1000.%s.%026d", t.slug, n))
	if err != nil {
		return err
	}
	access, err := t.sealed(id, "access_token", fmt.Sprintf("1000.%032x.%032x", n, s.now))
	if err != nil {
		return err
	}
	issued, expires, lent := s.issued.UnixMicro(), s.expires.UnixMicro(), s.lent.UnixMicro()
	for k, row := range [][]any{
		{tenant, id, string(t.method), subject(n), s.now, s.now, s.now},
		{tenant, id, refresh, access, tok, issued, expires, s.due.UnixMicro(), lent, s.now, s.now},
		{tenant, tok, id, issued, expires, s.now, s.now},
		{tenant, token.NewID("loan"), string(s.service.ID), id, tok, expires, lent, lent, s.now, s.now},
	} {
		values[k] = append(values[k], row...)
	}
	return nil
}

// sealed is a secret of a grant as the product keeps it.
func (t *tenancy) sealed(grant, column, plain string) ([]byte, error) {
	return t.sealer.Seal(secret.New(plain), seal.Place{Purpose: column, Table: "grants", Row: grant, Column: column})
}

// statement inserts so many rows. Numbered parameters are what both databases
// know.
func (t table) statement(rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + t.into + " VALUES ")
	for n, r := 0, 0; r < rows; r++ {
		if r > 0 {
			b.WriteByte(',')
		}
		for i, part := range strings.Split(t.row, "?") {
			if i > 0 {
				n++
				fmt.Fprintf(&b, "$%d", n)
			}
			b.WriteString(part)
		}
	}
	return b.String()
}

// renew gives another life to the tokens of the connections from first on.
func (i *installation) renew(ctx context.Context, first int, l life) error {
	pool, err := i.raw()
	if err != nil {
		return err
	}
	defer pool.Close()
	for k := range i.tenants {
		t := &i.tenants[k]
		// The first number within this tenant that belongs to a connection from first on.
		from := (first - k + len(i.tenants) - 1) / len(i.tenants)
		_, err := pool.ExecContext(ctx, `UPDATE grants SET issued_at = $1, expires_at = $2, refresh_at = $3, last_lent_at = $4
			WHERE tenant_id = $5 AND id IN (SELECT id FROM connections WHERE tenant_id = $6 AND subject >= $7)`,
			l.issued.UnixMicro(), l.expires.UnixMicro(), l.due.UnixMicro(), l.lent.UnixMicro(), string(t.id), string(t.id), subject(from))
		if err != nil {
			return fmt.Errorf("renewing tokens: %w", err)
		}
	}
	return nil
}
