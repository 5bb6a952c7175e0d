package fleet

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/ncruces/go-sqlite3/driver"

	"latchkey/migrations"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

// Exec carries out a statement in the database past every server. Arguments are
// marked by $1, $2, … on both kinds.
func (w *World) Exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	w.raw(t, func(pool *sql.DB) error {
		_, err := pool.ExecContext(t.Context(), w.marks(statement), args...)
		return err
	})
}

// Rows returns what a query finds, each row as texts; NULL is "".
func (w *World) Rows(t testing.TB, query string, args ...any) (found [][]string) {
	t.Helper()
	w.raw(t, func(pool *sql.DB) error {
		rows, err := pool.QueryContext(t.Context(), w.marks(query), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			texts, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
			for i := range texts {
				into[i] = &texts[i]
			}
			if err := rows.Scan(into...); err != nil {
				return err
			}
			row := make([]string, len(columns))
			for i := range texts {
				row[i] = texts[i].String
			}
			found = append(found, row)
		}
		return rows.Err()
	})
	return found
}

// raw opens the database for one use: a handle that stayed open would keep SQLite
// from tidying its log when the last server goes.
func (w *World) raw(t testing.TB, use func(*sql.DB) error) {
	t.Helper()
	var pool *sql.DB
	var err error
	if path, ok := strings.CutPrefix(w.URL, "sqlite:"); ok {
		pool, err = driver.Open("file:" + path + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_txlock=immediate")
	} else {
		pool, err = sql.Open("pgx", postgres.Past(w.URL))
	}
	must(t, err)
	defer pool.Close()
	must(t, use(pool))
}

// marks gives a statement the marks of the database's arguments.
func (w *World) marks(statement string) string {
	if storage.DialectOf(w.URL) == migrations.Postgres {
		return statement
	}
	return strings.ReplaceAll(statement, "$", "?")
}

// Expire makes the connection's access token one that expired an hour ago, as far
// as the broker knows. Every running server is told, as if a change had been made,
// and Expire returns when all have heard of it. The provider still takes the
// token.
func (w *World) Expire(t testing.TB, c *Connection) {
	t.Helper()
	w.ExpireUnseen(t, c)
	w.Announce(t, c.Of)
}

// ExpireUnseen is [World.Expire] for a connection that no server has lent since it
// started: there is no memory of it that would have to be dropped, and nothing to
// wait for.
func (w *World) ExpireUnseen(t testing.TB, c *Connection) {
	t.Helper()
	now := time.Now()
	w.age(t, c, now.Add(-2*time.Hour), now.Add(-time.Hour))
}

// Age leaves the connection's access token only so much life, out of an hour, as
// far as the broker knows; see [World.Expire].
func (w *World) Age(t testing.TB, c *Connection, left time.Duration) {
	t.Helper()
	now := time.Now()
	w.age(t, c, now.Add(left-time.Hour), now.Add(left))
	w.Announce(t, c.Of)
}

func (w *World) age(t testing.TB, c *Connection, issued, expires time.Time) {
	t.Helper()
	w.Exec(t, "UPDATE grants SET issued_at = $1, expires_at = $2, retry_at = NULL WHERE id = $3", issued.UnixMicro(), expires.UnixMicro(), c.ID)
	w.Exec(t, "UPDATE tokens SET issued_at = $1, expires_at = $2 WHERE id = (SELECT token_id FROM grants WHERE id = $3)",
		issued.UnixMicro(), expires.UnixMicro(), c.ID)
}

// trusted is how long a server believes its memory without news.
const trusted = time.Second

// Announce tells the servers that something of the tenant changed, and waits until
// they must have heard it.
func (w *World) Announce(t testing.TB, tenant *Tenant) {
	t.Helper()
	w.Exec(t, "INSERT INTO changes (tenant_id, kind, object_id, created_at) VALUES ($1, 'connection', '', $2)", tenant.ID, time.Now().UnixMicro())
	if w.running() == nil {
		return
	}
	select {
	case <-t.Context().Done():
	case <-time.After(trusted):
	}
}

// LapseLeases lets every lease in the database lapse, as a minute does.
func (w *World) LapseLeases(t testing.TB) {
	t.Helper()
	w.Exec(t, "UPDATE grants SET lease_until = $1 WHERE lease_until IS NOT NULL", time.Now().Add(-time.Second).UnixMicro())
}

// Lease is the time until which a refresh of the connection is claimed; zero if it
// is not.
func (w *World) Lease(t testing.TB, c *Connection) time.Time {
	t.Helper()
	var micros int64
	rows := w.Rows(t, "SELECT lease_until FROM grants WHERE id = $1 AND lease_until IS NOT NULL", c.ID)
	if len(rows) == 0 {
		return time.Time{}
	}
	if _, err := fmt.Sscan(rows[0][0], &micros); err != nil {
		t.Fatal(err)
	}
	return time.UnixMicro(micros)
}
