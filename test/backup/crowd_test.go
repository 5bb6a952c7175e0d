package backup_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/test/postgres"
)

// copied are the rows that a connection with a lent token consists of, and what
// differs from connection to connection.
var copied = []struct{ table, of, differs string }{
	{"connections", "id", "id subject"},
	{"grants", "id", "id refresh_token access_token token_id"},
	{"tokens", "grant_id", "id grant_id"},
	{"loans", "grant_id", "id grant_id token_id"},
}

// past is how many tokens of before each connection has on record: it was refreshed
// so often.
const past = 10

// crowded gives the world many more connections, each with tokens of its own that are
// sealed like all others. They are copies of its first one in everything else.
func crowded(t *testing.T, w *fleet.World, many int) []*fleet.Connection {
	t.Helper()
	model := w.Connections[0]
	if loan := lend(t, w, model); !loan.OK() {
		t.Fatalf("nothing to copy: %+v", loan)
	}
	for _, p := range w.Processes {
		must(t, p.Terminate()) // it writes its loans down, and nobody waits for this
	}
	sealer := sealerOf(t, w, model.Of)
	pool := opened(t, w)
	all := make([]*fleet.Connection, many)
	for from := 0; from < many; from += 5_000 {
		tx, err := pool.BeginTx(t.Context(), nil)
		must(t, err)
		into := statements(t, tx)
		for i := from; i < min(from+5_000, many); i++ {
			all[i] = &fleet.Connection{
				Connection: judge.Connection{ID: token.NewID("conn"), Tenant: model.Tenant, Client: model.Client},
				Of:         model.Of, Subject: fmt.Sprintf("copy-%d", i),
			}
			must(t, copyOf(t.Context(), into, model.ID, all[i], sealer))
		}
		must(t, tx.Commit())
	}
	for _, p := range w.Processes {
		must(t, p.Start())
	}
	return all
}

// copyOf puts the rows of one connection in.
func copyOf(ctx context.Context, into []*sql.Stmt, model string, c *fleet.Connection, sealer *seal.Sealer) error {
	sealed := func(column string) ([]byte, error) {
		return sealer.Seal(secret.New("1000."+token.RandomSlug(32)+"."+token.RandomSlug(32)), seal.Place{Purpose: column, Table: "grants", Row: c.ID, Column: column})
	}
	refresh, err := sealed("refresh_token")
	if err != nil {
		return err
	}
	access, err := sealed("access_token")
	if err != nil {
		return err
	}
	newest := token.NewID("tok")
	type row struct {
		into   int // the index in copied
		values []any
	}
	rows := []row{{0, []any{c.ID, c.Subject}}, {1, []any{c.ID, refresh, access, newest}}, {2, []any{newest, c.ID}}}
	for range past {
		rows = append(rows, row{2, []any{token.NewID("tok"), c.ID}})
	}
	rows = append(rows, row{3, []any{token.NewID("loan"), c.ID, newest}})
	for _, row := range rows {
		if _, err := into[row.into].ExecContext(ctx, append(row.values, model)...); err != nil {
			return fmt.Errorf("%s: %w", copied[row.into].table, err)
		}
	}
	return nil
}

// statements copy a row of each table. They end with the transaction.
func statements(t *testing.T, tx *sql.Tx) (all []*sql.Stmt) {
	t.Helper()
	for _, c := range copied {
		rows, err := tx.QueryContext(t.Context(), "SELECT * FROM "+c.table+" WHERE 1 = 0")
		must(t, err)
		columns, err := rows.Columns()
		must(t, err)
		must(t, rows.Close())
		differs := strings.Fields(c.differs)
		values := strings.Join(columns, ", ") + ","
		for i, name := range differs {
			values = strings.Replace(" "+values, " "+name+",", fmt.Sprintf(" $%d,", i+1), 1)[1:]
		}
		s, err := tx.PrepareContext(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s = $%d LIMIT 1",
			c.table, strings.Join(columns, ", "), strings.TrimSuffix(values, ","), c.table, c.of, len(differs)+1))
		must(t, err)
		all = append(all, s)
	}
	return all
}

// opened opens the database past the servers.
func opened(t *testing.T, w *fleet.World) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", postgres.Past(w.URL))
	if path, ok := strings.CutPrefix(w.URL, "sqlite:"); ok {
		pool, err = driver.Open("file:" + path + "?_pragma=busy_timeout(10000)&_txlock=immediate")
	}
	must(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// sealerOf seals as the servers do.
func sealerOf(t *testing.T, w *fleet.World, tenant *fleet.Tenant) *seal.Sealer {
	t.Helper()
	ring, err := seal.LoadKeyringFile(filepath.Join(w.Dir, "keyring"))
	must(t, err)
	d, err := db.Open(t.Context(), db.Options{URL: w.URL})
	must(t, err)
	defer d.Close()
	in, err := db.NewSystem(d).For(authmethods.TenantID(tenant.ID), "making many connections for a test")
	must(t, err)
	sealer, err := vault.New(ring).Sealer(t.Context(), in)
	must(t, err)
	return sealer
}
