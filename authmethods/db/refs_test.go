package db_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/migrations"
	"latchkey/test/storage"
)

// grant is a row with a due time.
type grant struct {
	db.Owned
	Lineage     string
	RefreshAt   db.Time
	AccessToken []byte
}

func (grant) TableName() string { return "grants" }

// withGrants puts grants of tenant a beside the seeded ones, due in the given
// hours from now; 0 stands for never.
func withGrants(t *testing.T, url string, hours ...int) db.System {
	t.Helper()
	d := storage.Open(t, url)
	pool := storage.Raw(t, url)
	storage.Seed(t, pool, storage.DialectOf(url))
	if _, err := pool.ExecContext(t.Context(), "UPDATE grants SET refresh_at = NULL"); err != nil {
		t.Fatal(err)
	}
	for i, h := range hours {
		id := fmt.Sprint("g", i)
		var at any
		if h != 0 {
			at = time.Now().Add(time.Duration(h) * time.Hour).UnixMicro()
		}
		storage.Insert(t, url, "connections", map[string]any{"id": id, "subject": id, "method_id": string(rowA)})
		storage.Insert(t, url, "grants", map[string]any{"id": id, "refresh_at": at})
	}
	return db.NewSystem(d)
}

func TestWhatIsDueIsFoundInItsOrder(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		sys := withGrants(t, url, -1, 2, 0, -3, 1, -2)
		for name, c := range map[string]struct {
			limit   int
			filters []db.Filter
			want    []authmethods.ID
		}{
			"past":        {10, []db.Filter{db.Past("refresh_at")}, []authmethods.ID{"g3", "g5", "g0"}},
			"past, two":   {2, []db.Filter{db.Past("refresh_at")}, []authmethods.ID{"g3", "g5"}},
			"ahead":       {10, []db.Filter{db.Ahead("refresh_at")}, []authmethods.ID{"g4", "g1"}},
			"not later":   {10, []db.Filter{db.BeforeNow("refresh_at", 90*time.Minute)}, []authmethods.ID{"g3", "g5", "g0", "g4"}},
			"not past":    {10, []db.Filter{db.NotPast("refresh_at")}, []authmethods.ID{"g4", "g1"}},
			"any, by one": {1, nil, []authmethods.ID{"g3"}},
		} {
			found, err := db.Refs[grant](t.Context(), sys, "refresh_at", c.limit, append(c.filters, db.NotNull("refresh_at"))...)
			if err != nil {
				t.Fatal(name, err)
			}
			var ids []authmethods.ID
			for _, f := range found {
				ids = append(ids, f.ID)
				if f.TenantID != storage.TenantA {
					t.Errorf("%s: %+v", name, f)
				}
			}
			if diff := cmp.Diff(c.want, ids); diff != "" {
				t.Errorf("%s:\n%s", name, diff)
			}
		}
	})
}

func TestWhatIsDueIsFoundByItsIndex(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		sys := withGrants(t, url, -1, 2, 0, -3, 1, -2)
		for _, c := range []struct {
			sqlite  string
			filters []db.Filter
		}{
			{"SEARCH grants USING INDEX grants_due (refresh_at>? AND refresh_at<?)", []db.Filter{db.NotNull("refresh_at"), db.Past("refresh_at")}},
			{"SEARCH grants USING INDEX grants_due (refresh_at<?)", []db.Filter{db.Past("refresh_at")}},
		} {
			query, vars := db.RefsSQL[grant](t.Context(), sys, "refresh_at", 10, c.filters...)
			explain, want := "EXPLAIN QUERY PLAN ", []string{c.sqlite}
			if storage.DialectOf(url) == migrations.Postgres {
				explain, want = "EXPLAIN ", []string{"Index Scan using grants_due", "Index Cond: (refresh_at <= "}
			}
			plan := planOf(t, url, explain+query, vars)
			for _, w := range want {
				if !strings.Contains(plan, w) || strings.Contains(plan, "Sort") || strings.Contains(plan, "TEMP B-TREE") {
					t.Errorf("%s\nhas the plan\n%s\nwithout %q or with a sort", query, plan, w)
				}
			}
		}
	})
}

// planOf returns the plan of a query as one text. PostgreSQL is told not to read
// the whole table, which it would do with one as small as that of a test.
func planOf(t *testing.T, url, explain string, vars []any) string {
	t.Helper()
	ctx := t.Context()
	conn, err := storage.Raw(t, url).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if storage.DialectOf(url) == migrations.Postgres {
		if _, err := conn.ExecContext(ctx, "SET enable_seqscan = off"); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(ctx, explain, vars...)
	if err != nil {
		t.Fatal(explain, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		line := make([]any, len(columns))
		for i := range line {
			line[i] = new(any)
		}
		if err := rows.Scan(line...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, *line[len(line)-1].(*any)) // the last column is the text in both
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
