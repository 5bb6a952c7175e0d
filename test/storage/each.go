package storage

import (
	"cmp"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/ncruces/go-sqlite3/driver"

	"latchkey/authmethods/db"
	"latchkey/migrations"
	"latchkey/test/postgres"
)

// Each runs f on a new SQLite and a new PostgreSQL database, both migrated.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { f(t, Open(t, url)) })
}

// EachURL runs f with the addresses of two databases that are migrated and hold
// nothing.
func EachURL(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, newSQLite(t)) })
	t.Run("postgres", func(t *testing.T) {
		f(t, postgres.CopyOf(t, func(url string) error { return migrate(context.WithoutCancel(t.Context()), url) }))
	})
}

// EachEmpty runs f with the addresses of two databases that are not even migrated.
func EachEmpty(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, postgres.URL(t)) })
}

func newSQLite(t *testing.T) string {
	t.Helper()
	content, err := migratedSQLite()
	path := filepath.Join(t.TempDir(), "latchkey.db")
	if err = cmp.Or(err, os.WriteFile(path, content, 0o600)); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// migratedSQLite is the file of a migrated database. Copying it is quicker than
// migrating for each test.
var migratedSQLite = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "latchkey-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "latchkey.db")
	if err := migrate(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(ctx context.Context, url string) error {
	d, err := db.Open(ctx, db.Options{URL: url})
	if err != nil {
		return err
	}
	return d.Close()
}

// Open migrates the database, opens it as [Served] says and closes it when the test
// ends.
func Open(t testing.TB, url string) *db.DB {
	t.Helper()
	d, err := db.Connect(t.Context(), db.Options{URL: Served(t, url)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// Served migrates the database and returns the address under which to serve it. On
// PostgreSQL that is of a role that does not own the tables and is not let past
// their row-level security.
func Served(t testing.TB, url string) string {
	t.Helper()
	if err := migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	return postgres.Served(url)
}

// Raw opens the database for statements of the test's own, past every wall.
func Raw(t testing.TB, url string) *sql.DB {
	t.Helper()
	var pool *sql.DB
	var err error
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		pool, err = driver.Open("file:" + path + "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_txlock=immediate")
	} else {
		pool, err = sql.Open("pgx", postgres.Past(url))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return pool
}

// DialectOf tells the dialect of an address.
func DialectOf(url string) migrations.Dialect {
	if strings.HasPrefix(url, "sqlite:") {
		return migrations.SQLite
	}
	return migrations.Postgres
}
