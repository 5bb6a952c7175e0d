package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

// walled returns a seeded database with a row of each tenant in every table that has
// a tenant_id, and the names of those tables.
func walled(t *testing.T) (url string, tables []string) {
	t.Helper()
	url = postgres.URL(t)
	sys := db.NewSystem(storage.Open(t, url))
	past := storage.Raw(t, url)
	all := storage.Seed(t, past, storage.DialectOf(url))
	for _, tenant := range []authmethods.TenantID{storage.TenantA, storage.TenantB} {
		in, err := sys.For(tenant, "test")
		if err := errors.Join(err, db.Announce(t.Context(), in, "kind", "object")); err != nil {
			t.Fatal(err)
		}
	}
	for name, table := range all {
		if _, ok := table.Columns["tenant_id"]; !ok {
			continue
		}
		tables = append(tables, name)
		for i, tenant := range []authmethods.TenantID{storage.TenantA, storage.TenantB} {
			if count(t, past, fmt.Sprintf("SELECT count(*) FROM %s WHERE tenant_id = '%s'", name, tenant)) == 0 {
				given := map[string]any{"tenant_id": string(tenant), "id": "row_" + string(tenant)}
				for column, c := range table.Columns { // whatever is unique
					if c.Kind == "number" {
						given[column] = i + 1
					} else if c.Kind == "text" && column != "tenant_id" {
						given[column] = "row_" + string(tenant)
					}
				}
				storage.Insert(t, url, name, given)
			}
		}
	}
	if len(tables) < 35 {
		t.Fatalf("only %d tables with a tenant_id", len(tables))
	}
	return url, tables
}

func count(t *testing.T, pool *sql.DB, query string) (n int) {
	t.Helper()
	if err := pool.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(query, err)
	}
	return n
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// as runs a statement in a transaction of its own with what it may see, undoes it and
// returns how many rows it read or wrote.
func as(t *testing.T, conn *pgx.Conn, sight, statement string, args ...any) (int64, error) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if sight != "" {
		if _, err := tx.Exec(t.Context(), "SELECT set_config('latchkey.tenant', $1, true)", sight); err != nil {
			t.Fatal(err)
		}
	}
	tag, err := tx.Exec(t.Context(), statement, args...)
	return tag.RowsAffected(), err
}

func refusedByTheWall(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "42501"
}

// PostgreSQL itself shows and takes the rows of the named tenant alone, and
// none without a name, to the role that serves and to the owner of the tables.
func TestTheDatabaseItselfKeepsTenantsApart(t *testing.T) {
	url, tables := walled(t)
	for role, address := range map[string]string{"server": postgres.Served(url), "owner": url} {
		conn := connect(t, address)
		for _, table := range tables {
			t.Run(role+"/"+table, func(t *testing.T) { tryTheWall(t, conn, connect(t, postgres.Past(url)), table) })
		}
	}
}

func tryTheWall(t *testing.T, conn, past *pgx.Conn, table string) {
	var theirs string
	err := past.QueryRow(t.Context(), "SELECT to_jsonb(r)::text FROM "+table+" r WHERE tenant_id = $1", storage.TenantB).Scan(&theirs)
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct {
		sight, statement string
		rows             int64
	}{
		{"", "SELECT * FROM " + table, 0},
		{"tn_none", "SELECT * FROM " + table, 0},
		{string(storage.TenantA), "SELECT * FROM " + table, 1},
		{string(storage.TenantA), "SELECT * FROM " + table + " WHERE tenant_id = 'tn_B'", 0},
		{string(storage.TenantA), "UPDATE " + table + " SET created_at = 7 WHERE tenant_id = 'tn_B'", 0},
		{string(storage.TenantA), "DELETE FROM " + table + " WHERE tenant_id = 'tn_B'", 0},
		{"", "DELETE FROM " + table, 0},
		{"*", "SELECT * FROM " + table, 2},
	} {
		if n, err := as(t, conn, try.sight, try.statement); n != try.rows || err != nil {
			t.Errorf("with %q set, %s: %d rows, %v; want %d", try.sight, try.statement, n, err, try.rows)
		}
	}
	insert := "INSERT INTO " + table + " OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::" + table + ", $1::text::jsonb)).*"
	for _, sight := range []string{"", string(storage.TenantA)} {
		if _, err := as(t, conn, sight, insert, theirs); !refusedByTheWall(err) {
			t.Errorf("with %q set, a row of tenant b is inserted: %v", sight, err)
		}
	}
	if _, err := as(t, conn, string(storage.TenantA), "UPDATE "+table+" SET tenant_id = 'tn_B'"); !refusedByTheWall(err) {
		t.Errorf("a row of tenant a is given to tenant b: %v", err)
	}
}

// each table with a tenant_id has the wall, for its owner too. A migration that
// adds a table without it fails here.
func TestEveryTableOfTenantsIsWalled(t *testing.T) {
	url, tables := walled(t)
	const wall = "((tenant_id = current_setting('latchkey.tenant'::text, true)) OR (current_setting('latchkey.tenant'::text, true) = '*'::text))"
	conn := connect(t, url)
	for _, table := range tables {
		var on, forced bool
		var policies int
		var using, checked *string
		err := conn.QueryRow(t.Context(), `SELECT c.relrowsecurity, c.relforcerowsecurity, count(p.oid),
				min(pg_get_expr(p.polqual, c.oid)), min(pg_get_expr(p.polwithcheck, c.oid))
			FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polcmd = '*' AND p.polroles = '{0}'
			WHERE c.oid = $1::text::regclass GROUP BY c.oid`, table).Scan(&on, &forced, &policies, &using, &checked)
		if err != nil || !on || !forced || policies != 1 || using == nil || *using != wall || checked != nil {
			t.Errorf("%s: enabled %t, forced %t, %d policies %v %v, %v", table, on, forced, policies, using, checked, err)
		}
		var others int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_policy WHERE polrelid = $1::text::regclass AND polname <> 'tenant_wall'`, table).Scan(&others); others != 0 || err != nil {
			t.Errorf("%s has %d other policies, which add to what is seen (%v)", table, others, err)
		}
	}
}

// a statement that forgets the tenant still reaches that tenant's rows alone,
// on its own and in every kind of transaction; one that does not even say what it
// may see reaches none.
func TestAStatementThatForgetsTheTenantIsHeldByTheWall(t *testing.T) {
	url, _ := walled(t)
	d := storage.Open(t, url)
	sys := db.NewSystem(d)
	every := db.Unfiltered("SELECT tenant_id FROM methods WHERE $1 <> ''")
	sees := func(in db.Tenant) error {
		var found string
		n, err := db.CountUnfiltered(t.Context(), in, "methods")
		err = errors.Join(err, db.QueryRow(t.Context(), in, every, nil, &found))
		if n != 1 || found != string(in.ID()) || err != nil {
			return fmt.Errorf("%s sees %d rows, the one of %q, %w", in.ID(), n, found, err)
		}
		return nil
	}
	both := func(s db.System) error {
		a, errA := s.For(storage.TenantA, "test")
		b, errB := s.For(storage.TenantB, "test")
		return errors.Join(errA, errB, sees(a), sees(b), sees(a))
	}
	failed := errors.New("on purpose")
	attempts := map[string]func() error{
		"alone": func() error { return both(sys) },
		"in a transaction of the installation": func() error {
			return db.SystemTx(t.Context(), sys, func(s db.System) error {
				n, err := db.CountSystem(t.Context(), s, "methods")
				if n != 2 {
					err = fmt.Errorf("the installation sees %d rows, %w", n, err)
				}
				return errors.Join(err, both(s))
			})
		},
		"in a transaction of a tenant, after one inside it failed": func() error {
			a, err := sys.For(storage.TenantA, "test")
			return errors.Join(err, db.Tx(t.Context(), a, func(a db.Tenant) error {
				err := db.Tx(t.Context(), a, func(a db.Tenant) error { return errors.Join(sees(a), failed) })
				if !errors.Is(err, failed) || errors.Is(err, sql.ErrNoRows) {
					return fmt.Errorf("the inner one: %w", err)
				}
				return sees(a)
			}))
		},
		"without a word": func() error {
			a, err := sys.For(storage.TenantA, "test")
			n, errN := db.CountBlind(t.Context(), a, "methods")
			if n != 0 {
				err = fmt.Errorf("%d rows are seen", n)
			}
			return errors.Join(err, errN)
		},
	}
	var group sync.WaitGroup
	for range 8 { // so that connections go from one to the other
		for name, attempt := range attempts {
			group.Go(func() {
				for range 20 {
					if err := attempt(); err != nil {
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
	}
	group.Wait()
}

// nobody becomes the installation by the name of a tenant.
func TestTheSystemsMarkIsNoTenant(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := db.NewSystem(d).For("*", "test"); !errors.Is(err, authmethods.ErrNoCaller) {
			t.Errorf("the installation was narrowed to everything: %v", err)
		}
	})
}

func TestWhoIsLetPastTheWallIsKnown(t *testing.T) {
	url := postgres.URL(t)
	for address, want := range map[string]bool{storage.Served(t, url): false, url: false, postgres.Past(url): true} {
		d, err := db.Connect(t.Context(), db.Options{URL: address})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Bypassed(t.Context()); got != want || err != nil {
			t.Errorf("%s is let past the wall: %t, %v", address, got, err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestARoleThatOnlyServesIsToldWhoMigrates(t *testing.T) {
	url := postgres.URL(t)
	d, err := db.Open(t.Context(), db.Options{URL: postgres.Served(url)})
	if err == nil {
		d.Close()
		t.Fatal("it has migrated")
	}
	if !strings.Contains(err.Error(), "«latchkey migrate»") {
		t.Errorf("it is told %v", err)
	}
}
