package storage

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/migrations"
)

// The tenants of a seeded database.
const (
	TenantA authmethods.TenantID = "tn_A"
	TenantB authmethods.TenantID = "tn_B"
)

// RowID is the id of the one row that each seeded table holds of a tenant. It is
// the same in every table, so that every reference finds its row.
func RowID(tenant authmethods.TenantID) authmethods.ID {
	return authmethods.ID("row_" + string(tenant))
}

// Seed puts one row of each of two tenants into every table that belongs to
// tenants, whatever its columns are.
func Seed(t testing.TB, pool *sql.DB, d migrations.Dialect) map[string]*Table {
	t.Helper()
	tables, err := Tables(t.Context(), pool, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, tenant := range []authmethods.TenantID{TenantA, TenantB} {
		insert(t, pool, d, "tenants", tables["tenants"], tenant, nil)
		done := map[string]bool{"tenants": true}
		for len(done) < len(tables) {
			before := len(done)
			for _, name := range slices.Sorted(maps.Keys(tables)) {
				if done[name] || !ready(tables[name], done) {
					continue
				}
				if Owner(name) != Installation {
					insert(t, pool, d, name, tables[name], tenant, nil)
				}
				done[name] = true
			}
			if len(done) == before {
				t.Fatal("the tables refer to each other in a circle")
			}
		}
	}
	return tables
}

func ready(table *Table, done map[string]bool) bool {
	for _, ref := range table.References {
		if _, other, _ := split(ref); !done[other] {
			return false
		}
	}
	return true
}

// split takes a reference apart.
func split(ref string) (columns []string, table string, theirs []string) {
	from, to, _ := strings.Cut(ref, " -> ")
	table, cols, _ := strings.Cut(strings.TrimSuffix(to, ")"), " (")
	return strings.Split(from, ","), table, strings.Split(cols, ",")
}

// Insert puts a row into a table; columns that are not given get something that
// they take.
func Insert(t testing.TB, url, table string, given map[string]any) {
	t.Helper()
	pool := Raw(t, url)
	tables, err := Tables(t.Context(), pool, DialectOf(url))
	if err != nil {
		t.Fatal(err)
	}
	insert(t, pool, DialectOf(url), table, tables[table], TenantA, given)
}

func insert(t testing.TB, pool *sql.DB, d migrations.Dialect, name string, table *Table, tenant authmethods.TenantID, given map[string]any) {
	t.Helper()
	refers := map[string]bool{}
	for _, ref := range table.References {
		columns, other, theirs := split(ref)
		for i, c := range columns {
			if theirs[i] == "id" && other != "tenants" {
				refers[c] = true
			}
		}
	}
	var columns, places []string
	var values []any
	for _, c := range slices.Sorted(maps.Keys(table.Columns)) {
		columns = append(columns, c)
		place := "?"
		if d == migrations.Postgres {
			place = fmt.Sprintf("$%d", len(columns))
		}
		places = append(places, place)
		v, ok := given[c]
		if !ok {
			v = value(d, name, c, table.Columns[c].Kind, refers[c], tenant)
		}
		values = append(values, v)
	}
	statement := "INSERT INTO " + name + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
	if _, err := pool.ExecContext(t.Context(), statement, values...); err != nil {
		t.Fatalf("inserting into %s: %v", name, err)
	}
}

// value returns something that the column takes. "null" is a text and JSON of
// every type; a sealed value begins with 1.
func value(d migrations.Dialect, table, column, kind string, refers bool, tenant authmethods.TenantID) any {
	switch {
	case column == "tenant_id" || table == "tenants" && column == "id":
		return string(tenant)
	case column == "id" || refers:
		return string(RowID(tenant))
	case table == "tenants" && kind == "text":
		return string(tenant)
	case kind == "text":
		return "null"
	case kind == "bytes":
		return append([]byte{1, 2, 3}, tenant...) // whatever is unique is so across tenants
	case d == migrations.Postgres && boolean[column]:
		return true
	}
	return 1
}

// boolean are the columns that PostgreSQL wants a boolean for.
var boolean = map[string]bool{
	"active": true, "enabled": true, "admin": true, "attempt_retry": true, "invited": true, "creates_users": true, "by_hand": true,
}
