package db_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

// pieces are what texts are put together from below: fine ones and ones with which
// a query may cross tenants.
var pieces = struct{ from, bind, more []string }{
	from: []string{
		"FROM grants g", "FROM grants AS g", "FROM grants", "FROM grants g, tokens t", "FROM (SELECT g.id, g.tenant_id FROM grants g) g",
		"FROM (SELECT g.id FROM grants g WHERE g.tenant_id = {tenant}) g", "FROM grants g JOIN tokens t ON t.tenant_id = {tenant}",
		"FROM grants g LEFT JOIN tokens t ON t.tenant_id = {tenant} AND t.id = g.id", "FROM tokens t RIGHT JOIN grants g ON g.tenant_id = {tenant}",
		"FROM grants g JOIN tokens t ON t.id = g.id", "FROM grants g CROSS JOIN tokens t", "FROM grants g JOIN tokens t ON t.tenant_id = {tenant} OR 1 = 1",
		"FROM grants g LEFT JOIN (SELECT t.id FROM tokens t WHERE t.tenant_id = {tenant}) x ON x.id = g.id",
	},
	bind: []string{
		"", "WHERE g.tenant_id = {tenant}", "WHERE grants.tenant_id = {tenant}", "WHERE tenant_id = {tenant}", "WHERE 1 = 1",
		"WHERE t.tenant_id = {tenant} AND g.tenant_id = {tenant}", "WHERE g.tenant_id = {tenant} AND t.tenant_id = {tenant}",
		"WHERE g.id <> {tenant}", "WHERE NOT g.tenant_id = {tenant}", "WHERE g.tenant_id = {tenant} IS NOT NULL",
		"WHERE (g.tenant_id = {tenant})", "WHERE g.tenant_id >= {tenant}",
	},
	more: []string{
		"", "AND 1 = 1", "OR 1 = 1", "AND (1 = 0 OR 1 = 1)", "AND 1 = 0 OR 1 = 1", "UNION SELECT id FROM grants", "ORDER BY 1", "LIMIT 10",
		"AND EXISTS (SELECT 1 FROM tokens t WHERE t.tenant_id = {tenant})", "AND EXISTS (SELECT 1 FROM tokens t)",
		"GROUP BY g.id", "AND 1 IN (1, 2)", "INTERSECT SELECT id FROM grants", "AND NOT 1 = 0",
	},
}

// what are the beginnings of the texts.
var what = []string{
	"SELECT g.id", "SELECT (SELECT max(t.id) FROM tokens t)", "SELECT (SELECT max(t.id) FROM tokens t WHERE t.tenant_id = {tenant})", "SELECT grants.id",
	"SELECT max(g.id)", "SELECT CASE WHEN {tenant} = '' OR 1 = 1 THEN g.id END", "DELETE", "UPDATE grants SET epoch = 7", "UPDATE grants AS g SET tenant_id = {tenant}",
	"UPDATE grants AS g SET epoch = (SELECT count(*) FROM tokens t WHERE t.tenant_id = {tenant})",
}

// TestWhatPrepareAcceptsReachesNoOtherTenant runs every combination of the pieces
// that is accepted on a database of two tenants, and looks for the other tenant in
// what comes back and what is changed.
func TestWhatPrepareAcceptsReachesNoOtherTenant(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := seeded(t, url)
		pool := storage.Raw(t, url)
		if _, err := pool.ExecContext(t.Context(), "UPDATE grants SET epoch = 3"); err != nil {
			t.Fatal(err)
		}
		ran := map[string]bool{}
		for text := range texts {
			st := tryPrepare(text)
			if st == nil {
				continue
			}
			found, err := reached(t, in, pool, st)
			if err == nil { // the rest is refused by the database
				ran[text] = true
			}
			if strings.Contains(found, string(storage.RowID(storage.TenantB))) {
				t.Fatalf("%s\nreached the other tenant: %s", text, found)
			}
		}
		if len(ran) < 100 {
			t.Errorf("only %d texts ran", len(ran))
		}
		t.Logf("%d texts ran", len(ran))
	})
}

// texts yields every combination of the pieces.
func texts(yield func(string) bool) {
	for _, verb := range what {
		from := pieces.from
		if strings.HasPrefix(verb, "UPDATE") {
			from = []string{""}
		}
		for _, f := range from {
			for _, bind := range pieces.bind {
				for _, more := range pieces.more {
					if !yield(verb + " " + f + " " + bind + " " + more) {
						return
					}
				}
			}
		}
	}
}

func tryPrepare(text string) (st *db.Statement) {
	defer func() {
		if recover() != nil {
			st = nil
		}
	}()
	return db.Prepare(text)
}

// reached runs a statement and returns what came back and, if anything of the
// other tenant was changed, its row's id.
func reached(t *testing.T, in db.Tenant, pool *sql.DB, st *db.Statement) (string, error) {
	var found strings.Builder
	err := db.Query(t.Context(), in, st, nil, func(scan func(...any) error) error {
		var v []byte // whatever it is
		err := scan(&v)
		fmt.Fprintf(&found, "%s ", v)
		return err
	})
	var whole int
	count := fmt.Sprintf("SELECT count(*) FROM grants WHERE tenant_id = '%s' AND epoch = 3", storage.TenantB)
	if err := pool.QueryRowContext(t.Context(), count).Scan(&whole); err != nil {
		t.Fatal(err)
	}
	if whole != 1 {
		fmt.Fprint(&found, storage.RowID(storage.TenantB))
	}
	return found.String(), err
}
