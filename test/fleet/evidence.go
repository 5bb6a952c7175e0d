package fleet

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/test/judge"
)

// Evidence gathers what package judge judges by, as it is now.
func (w *World) Evidence(t testing.TB) *judge.Evidence {
	t.Helper()
	e := &judge.Evidence{
		Loans: w.Loans.All(), Events: w.Provider.Events(), Tokens: w.Provider.Tokens(), EventsDropped: w.Provider.EventsDropped(),
	}
	for _, c := range w.Connections {
		e.Connections = append(e.Connections, c.Connection)
	}
	w.mu.Lock()
	e.Crashes = slices.Clone(w.crashes)
	w.mu.Unlock()
	for _, row := range w.Rows(t, `SELECT t.slug, l.grant_id, l.token_id, l.service_id, l.first_lent_at
		FROM loans l JOIN tenants t ON t.id = l.tenant_id`) {
		e.Ledger = append(e.Ledger, judge.Entry{Tenant: row[0], Connection: row[1], TokenID: row[2], Service: row[3], FirstLentAt: micros(t, row[4])})
	}
	for _, row := range w.Rows(t, "SELECT id, broken_code, broken_at FROM grants") {
		e.Grants = append(e.Grants, judge.Grant{Connection: row[0], Broken: row[1], BrokenAt: micros(t, row[2])})
	}
	return e
}

func micros(t testing.TB, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	must(t, err)
	return time.UnixMicro(n)
}

// Captured names the connections of which an answer lies captured, not applied.
func (w *World) Captured(t testing.TB) (connections []string) {
	t.Helper()
	for _, row := range w.Rows(t, "SELECT DISTINCT grant_id FROM captures") {
		connections = append(connections, row[0])
	}
	return connections
}

// Present are the ids of the objects that administrators made.
func (w *World) Present(t testing.TB) map[string]bool {
	t.Helper()
	present := map[string]bool{}
	for _, table := range []string{"tenants", "methods", "connections", "consents", "services", "permits", "api_keys"} {
		for _, row := range w.Rows(t, "SELECT id FROM "+table) {
			present[row[0]] = true
		}
	}
	return present
}

// Last borrows a token of every connection, from the first server that runs, and
// insists for so long on each. It is what [judge.Lendable] wants.
func (w *World) Last(t testing.TB, patience time.Duration) (last []judge.Loan) {
	t.Helper()
	p := w.running()
	if p == nil {
		t.Fatal("no server runs")
	}
	for _, tenant := range w.Tenants {
		b := w.Borrower(tenant, "the last")
		defer b.Close()
		for _, c := range w.Connections {
			if c.Of == tenant {
				last = append(last, b.Insist(t.Context(), p, c, patience))
			}
		}
	}
	return last
}

// VerifyAudit runs «latchkey audit verify» and judges it.
func (w *World) VerifyAudit(t testing.TB) []judge.Violation {
	t.Helper()
	code, _, said := w.Run(t, "audit", "verify")
	return judge.AuditWhole(code, said)
}

// Places are everything that is kept or shown: the database, the other files, the
// logs, and of running servers their environment, command line and metrics.
func (w *World) Places(t testing.TB) (places []judge.Place) {
	t.Helper()
	must(t, filepath.WalkDir(w.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		places = append(places, judge.Place{Name: path, Content: content})
		return err
	}))
	if w.Storage == Postgres {
		places = append(places, w.tables(t)...)
	}
	for _, p := range w.Processes {
		places = append(places, judge.Place{Name: "the log of " + p.Name, Content: []byte(p.Log())})
		if !p.Running() {
			continue
		}
		metrics, err := p.Metrics(t.Context())
		must(t, err)
		places = append(places, judge.Place{Name: "the metrics of " + p.Name, Content: metrics})
		for _, name := range []string{"environ", "cmdline"} {
			if content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.PID(), name)); err == nil { // where there is such
				places = append(places, judge.Place{Name: name + " of " + p.Name, Content: content})
			}
		}
	}
	return places
}

// tables returns the rows of all tables as texts, in which bytes are hex.
func (w *World) tables(t testing.TB) (places []judge.Place) {
	t.Helper()
	for _, name := range w.Rows(t, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") {
		table := name[0]
		var b bytes.Buffer
		for _, row := range w.Rows(t, `SELECT r::text FROM `+table+` r`) {
			b.WriteString(strings.Join(row, ",") + "\n")
		}
		places = append(places, judge.Place{Name: "table " + table, Content: b.Bytes()})
	}
	return places
}

// Report fails the test with what was judged, each violation once.
func Report(t testing.TB, violations ...[]judge.Violation) {
	t.Helper()
	seen := map[judge.Violation]bool{}
	for _, v := range slices.Concat(violations...) {
		if !seen[v] {
			seen[v] = true
			t.Error(v)
		}
	}
}
