package storage_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/migrations"
	"latchkey/test/storage"
)

func TestBothDialectsHaveTheSameSchema(t *testing.T) {
	schemas := map[migrations.Dialect]map[string]*storage.Table{}
	storage.EachURL(t, func(t *testing.T, url string) {
		storage.Open(t, url)
		d := storage.DialectOf(url)
		tables, err := storage.Tables(t.Context(), storage.Raw(t, url), d)
		if err != nil {
			t.Fatal(err)
		}
		schemas[d] = tables
	})
	lite, pg := schemas[migrations.SQLite], schemas[migrations.Postgres]
	if len(lite) < 10 {
		t.Fatalf("only %d tables were found", len(lite))
	}
	if diff := cmp.Diff(lite, pg); diff != "" {
		t.Errorf("SQLite (-) and PostgreSQL (+) differ:\n%s", diff)
	}
}

func TestEveryTableHasAnOwner(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		storage.Open(t, url)
		tables, err := storage.Tables(t.Context(), storage.Raw(t, url), storage.DialectOf(url))
		if err != nil {
			t.Fatal(err)
		}
		for name := range tables {
			if storage.Owner(name) == "" {
				t.Errorf("table %s is not in the list of owners: no test keeps tenants apart in it", name)
			}
		}
		for _, name := range storage.Owned() {
			if tables[name] == nil {
				t.Errorf("the list of owners names the table %s, which does not exist", name)
			}
		}
	})
}

func TestEveryTableOfATenantIsKeyedByIt(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		storage.Open(t, url)
		tables, err := storage.Tables(t.Context(), storage.Raw(t, url), storage.DialectOf(url))
		if err != nil {
			t.Fatal(err)
		}
		for name, table := range tables {
			if storage.Owner(name) == storage.Installation {
				continue
			}
			if diff := cmp.Diff([]string{"tenant_id", "id"}, table.PrimaryKey); diff != "" {
				t.Errorf("primary key of %s:\n%s", name, diff)
			}
			if len(table.References) == 0 {
				t.Errorf("%s refers to no tenant", name)
			}
			for _, ref := range table.References {
				if !strings.HasPrefix(ref, "tenant_id") {
					t.Errorf("%s: the foreign key %s can cross tenants", name, ref)
				}
			}
		}
	})
}
