package pages_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/migrations"
	"latchkey/test/pages"
	"latchkey/test/postgres"
	"latchkey/test/storage"
	"latchkey/zohosim"
)

// How much the tenant has whose pages are measured.
const (
	manyMethods  = 50
	manyUsers    = 1_000
	manySignIns  = 10_000
	manyEvents   = 1_000_000
	manyServices = 20
	manyHours    = 30 * 24
)

// BenchmarkPages measures how long the server takes for each page of a tenant that has
// much of everything. It asserts nothing: every page is meant to take less than 100 ms.
func BenchmarkPages(b *testing.B) {
	for name, at := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "latchkey.db") },
		"postgres": func(t testing.TB) string { return postgres.URL(t) },
	} {
		b.Run(name, func(b *testing.B) {
			address := at(b)
			s := pages.New(b, pages.On(address))
			ada := s.Visitor(b)
			objects := s.Furnish(b, ada)
			fill(b, s, address, objects)
			s.Forget()
			paths := s.Addresses(b, ada, objects)
			paths = append(paths, more(b, s, objects)...)
			for _, path := range paths {
				b.Run(strings.ReplaceAll(path, "/", "|"), func(b *testing.B) {
					for b.Loop() {
						if a := ada.Get(path); a.StatusCode != http.StatusOK && a.StatusCode != http.StatusSeeOther {
							b.Fatalf("%d %s", a.StatusCode, a.Text())
						}
					}
				})
			}
		})
	}
}

// more are addresses with filters, searches and tabs.
func more(b *testing.B, s *pages.Site, objects map[string]string) []string {
	b.Helper()
	method, connection, user, sso := objects["methods/:id"], objects["connections/:id"], objects["users/:id"], objects["sso/:id"]
	list := []string{
		"/methods?status=active", "/methods?q=filled", "/methods?reach=30d", "/connections?reach=30d", "/connections?state=active",
		"/connections/" + connection + "?span=7d", "/loans?connection=" + connection,
		"/users?q=person+9", "/users?state=active", "/sso/" + sso + "/sign-ins?outcome=refused&days=90",
		"/audit?actor=" + user, "/audit?action=method.changed", "/audit?object=" + method, "/audit?actor=" + user + "&action=connection.tested",
		"/audit?action=nothing.such", "/audit?actor=nobody",
		"/search?q=filled", "/search?q=person+99", "/search?q=nothing+at+all", "/search?q=" + user,
	}
	for _, tab := range []string{"settings", "scopes", "activity", "used"} {
		list = append(list, "/methods/"+method+"?tab="+tab)
	}
	return list
}

// fill gives acme much of everything.
func fill(b *testing.B, s *pages.Site, address string, objects map[string]string) {
	b.Helper()
	have, err := s.Store().Methods(b.Context(), "", 200)
	must(b, err)
	for i := len(have); i < manyMethods; i++ {
		reference := fmt.Sprintf("filled-%d", i)
		s.Method(func(n *store.NewMethod) { n.Name, n.Reference = "Filled "+reference, reference })
		s.Approve(b, reference, authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
	}
	for i := range manyServices {
		_, err := s.Store().CreateService(b.Context(), store.NewService{
			Name: fmt.Sprintf("Service %d", i), Permits: []authmethods.Permit{{Method: fmt.Sprintf("filled-%d", i+1), Environment: "production"}},
		})
		must(b, err)
	}
	f := filler{b: b, raw: storage.Raw(b, address), postgres: storage.DialectOf(address) == migrations.Postgres}
	tenant := string(s.Tenant.ID)
	const now = "1763750000000000" // what is younger than that is not needed
	f.run(manyUsers, `INSERT INTO users (tenant_id, id, user_name, user_key, email, email_key, display_name, language, theme, invited, version, rev, created_at, updated_at)
		SELECT '`+tenant+`', `+f.id("usr")+`, 'person' || i, 'person' || i, 'person' || i || '@example.eu', 'person' || i || '@example.eu', 'Person ' || i, '', '', `+f.no()+`, 1, 1, `+now+` + i, `+now+` + i FROM n`)
	f.run(manyUsers, `INSERT INTO user_roles (tenant_id, id, user_id, role, created_at, updated_at)
		SELECT '`+tenant+`', `+f.id("uro")+`, `+f.id("usr")+`, 'viewer', 1, 1 FROM n`)
	f.run(manyUsers, `INSERT INTO user_connectors (tenant_id, id, user_id, connector_id, created_at, updated_at)
		SELECT '`+tenant+`', `+f.id("uco")+`, `+f.id("usr")+`, '`+objects["sso/:id"]+`', 1, 1 FROM n`)
	f.run(manySignIns, `INSERT INTO sign_ins (tenant_id, id, connector_id, reference_code, outcome, code, user_id, user_name, issuer, subject, data_centre, trace, address, user_agent, finished_at, created_at, updated_at)
		SELECT '`+tenant+`', `+f.id("sin")+`, '`+objects["sso/:id"]+`', 'FILL' || i, CASE WHEN i % 10 = 0 THEN 'refused' ELSE 'signed_in' END,
		CASE WHEN i % 10 = 0 THEN 'no_matching_user' ELSE '' END, CASE WHEN i % 10 = 0 THEN '' ELSE '`+objects["users/:id"]+`' END, 'ada', 'issuer', 'subject', 'eu', '[]', '127.0.0.1', 'browser',
		`+f.now()+` - i * 200000000, `+f.now()+` - i * 200000000, 1 FROM n`)
	var last int64
	must(b, f.raw.QueryRowContext(b.Context(), `SELECT MAX(seq) FROM audit_events WHERE tenant_id = '`+tenant+`'`).Scan(&last))
	f.run(manyEvents, fmt.Sprintf(`INSERT INTO audit_events (tenant_id, id, seq, actor_kind, actor_id, actor_name, action, object_id, object_ref, request_id, changes, previous_hash, hash, created_at, updated_at)
		SELECT '%s', %s, %d + i, 'person', CASE WHEN i %% 100 = 0 THEN '%s' ELSE 'usr_' || (i %% 997) END, 'Somebody',
		CASE WHEN i %% 1000 = 0 THEN 'method.changed' WHEN i %% 50000 = 1 THEN 'connection.tested' ELSE 'session.begun' END,
		CASE WHEN i %% 500 = 0 THEN '%s' ELSE 'usr_' || (i %% 997) END, 'reference', 'req', '{}', %s, %s, %s - (%d - i) * 10000000, 1 FROM n`,
		tenant, f.id("evt"), last, objects["users/:id"], objects["methods/:id"], f.bytes(), f.bytes(), f.now(), manyEvents))
	f.exec(fmt.Sprintf(`UPDATE audit_heads SET seq = %d WHERE tenant_id = '%s'`, last+manyEvents, tenant))
	f.run(manyHours, `INSERT INTO connection_hours (tenant_id, id, connection_id, hour, refreshed, throttled, provider_down, grant_lost, client_rejected, missing, troubled,
			at_hand1, at_hand2, at_hand3, at_hand4, at_hand5, at_hand6, at_hand7, at_hand8, asked1, asked2, asked3, asked4, asked5, asked6, asked7, asked8, created_at, updated_at)
		SELECT '`+tenant+`', 'hour_' || i || c.id, c.id, (`+f.now()+` / 3600000000 - i) * 3600000000, 1, 0, CASE WHEN i % 50 = 0 THEN 1 ELSE 0 END, 0, 0, 0, CASE WHEN i % 50 = 0 THEN 1 ELSE 0 END,
			1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1 FROM n JOIN connections c ON c.tenant_id = '`+tenant+`'`)
	const days = 7
	f.run(days*24, `INSERT INTO tokens (tenant_id, id, grant_id, version, issued_at, expires_at, created_at, updated_at)
		SELECT '`+tenant+`', 'tok_' || i || c.id, c.id, i, `+f.now()+` - i * 3600000000, `+f.now()+` - (i - 1) * 3600000000, 1, 1 FROM n JOIN connections c ON c.tenant_id = '`+tenant+`'`)
	f.run(days*24, `INSERT INTO loans (tenant_id, id, service_id, service_name, grant_id, token_id, token_expires_at, purpose, lent, first_lent_at, last_lent_at, created_at, updated_at)
		SELECT '`+tenant+`', 'lend_' || i || c.id || s.id, s.id, s.name, c.id, 'tok_' || i || c.id, `+f.now()+` - (i - 1) * 3600000000, 'call', 100, `+f.now()+` - i * 3600000000, `+f.now()+` - (i - 1) * 3600000000, 1, 1
		FROM n JOIN connections c ON c.tenant_id = '`+tenant+`' JOIN services s ON s.tenant_id = '`+tenant+`' AND s.name LIKE 'Service 1%'`)
	f.exec(`ANALYZE`)
}

// filler writes rows past every wall, as many at a time as the database likes.
type filler struct {
	b        *testing.B
	raw      *sql.DB
	postgres bool
}

// run runs a statement over n (i), the numbers from 1.
func (f filler) run(n int, statement string) {
	f.b.Helper()
	numbers := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	if f.postgres {
		numbers = fmt.Sprintf("WITH n (i) AS (SELECT CAST(generate_series AS BIGINT) FROM generate_series(1, %d)) ", n)
	}
	head, rest, _ := strings.Cut(statement, "SELECT")
	if f.postgres {
		f.exec(numbers + head + "SELECT" + rest)
		return
	}
	f.exec(head + numbers + "SELECT" + rest)
}

func (f filler) exec(statement string) {
	f.b.Helper()
	if _, err := f.raw.ExecContext(f.b.Context(), statement); err != nil {
		f.b.Fatalf("%.200s: %v", statement, err)
	}
}

// id is a well-formed id from the number of the row.
func (f filler) id(prefix string) string {
	if f.postgres {
		return "'" + prefix + "_' || lpad(CAST(i AS TEXT), 26, '0')"
	}
	return "'" + prefix + "_' || printf('%026d', i)"
}

func (f filler) now() string {
	if f.postgres {
		return "CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

func (f filler) no() string {
	if f.postgres {
		return "FALSE"
	}
	return "0"
}

func (f filler) bytes() string {
	if f.postgres {
		return `'\x01'::bytea`
	}
	return "x'01'"
}
