package pages_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/migrations"
	"latchkey/test/pages"
	"latchkey/test/storage"
	"latchkey/zohosim"
)

// How much the tenant has whose pages are measured, beside the events of its audit log.
// Hours, tokens and loans are as many as are kept of connections that are in use all day.
const (
	manyMethods  = 50
	manyUsers    = 1_000
	manySignIns  = 10_000
	manyServices = 20
	hoursKept    = 30 * 24
	tokensKept   = 7 * 24
	loansKept    = 90 * 24
)

// fill gives acme much of everything. What it writes is older than what is there.
func fill(b *testing.B, s *pages.Site, address string, objects map[string]string, events int) {
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
			Name: fmt.Sprintf("Service %d", i), Permits: []authmethods.Permit{{Method: fmt.Sprintf("filled-%d", i+2), Environment: "production"}},
		})
		must(b, err)
	}
	f := filler{b: b, raw: storage.Raw(b, address), names: strings.NewReplacer(
		"{tenant}", "'"+string(s.Tenant.ID)+"'", "{ada}", "'"+objects["users/:id"]+"'", "{method}", "'"+objects["methods/:id"]+"'",
		"{service}", "'"+objects["service-accounts/:id"]+"'", "{connector}", "'"+objects["sso/:id"]+"'",
		"{now}", fmt.Sprint(time.Now().UnixMicro()), "{events}", fmt.Sprint(events),
		"{i}", padded("i"), "{row}", padded("ROW_NUMBER() OVER (ORDER BY h.id, c.id)"),
	)}
	f.people()
	f.events(events)
	f.connections()
	if storage.DialectOf(address) == migrations.Postgres {
		f.exec("ANALYZE") // as it does by itself in time; SQLite does not
	}
}

// padded is a number as the last digits of an id.
func padded(number string) string {
	return "SUBSTR(CAST(10000000000000000 + " + number + " AS TEXT), 2)"
}

// filler writes rows past every wall, as many at a time as the database likes, in one
// text for both databases.
type filler struct {
	b     *testing.B
	raw   *sql.DB
	names *strings.Replacer
}

func (f filler) people() {
	f.b.Helper()
	f.rows(manyUsers, `INSERT INTO users (tenant_id, id, user_name, user_key, email, email_key, display_name, language, theme, invited, version, rev, created_at, updated_at)`,
		`SELECT {tenant}, 'usr_0000000000' || {i}, 'person' || i, 'person' || i, 'person' || i || '@example.eu', 'person' || i || '@example.eu', 'Person ' || i,
			'', '', FALSE, 1, 1, i, i FROM n`)
	f.rows(manyUsers, `INSERT INTO user_roles (tenant_id, id, user_id, role, created_at, updated_at)`,
		`SELECT {tenant}, 'uro_0000000000' || {i}, 'usr_0000000000' || {i}, CASE WHEN i % 50 = 0 THEN 'help-desk' ELSE 'viewer' END, 1, 1 FROM n`)
	f.rows(manyUsers, `INSERT INTO user_connectors (tenant_id, id, user_id, connector_id, created_at, updated_at)`,
		`SELECT {tenant}, 'uco_0000000000' || {i}, 'usr_0000000000' || {i}, {connector}, 1, 1 FROM n`)
	f.rows(manySignIns, `INSERT INTO sign_ins (tenant_id, id, connector_id, reference_code, outcome, code, user_id, user_name, issuer, subject, data_centre, trace,
			address, user_agent, finished_at, created_at, updated_at)`,
		`SELECT {tenant}, 'sin_0000000000' || {i}, {connector}, 'FILL' || i, CASE WHEN i % 10 = 0 THEN 'refused' ELSE 'signed_in' END,
			CASE WHEN i % 10 = 0 THEN 'no_matching_user' ELSE '' END, CASE WHEN i % 10 = 0 THEN '' WHEN i % 3 = 0 THEN {ada} ELSE 'usr_0000000000' || substr({i}, 1, 14) || '11' END,
			'somebody', 'issuer', 'subject' || (i % 1000), 'eu', '[]', '127.0.0.1', 'browser',
			{now} - (10001 - i) * 200000000, {now} - (10001 - i) * 200000000, 1 FROM n`)
}

// events fills the audit log. Ada did one in a hundred things, a program one in ten; what
// is rare was done by them too.
func (f filler) events(many int) {
	f.b.Helper()
	f.rows(many, `INSERT INTO audit_events (tenant_id, id, seq, actor_kind, actor_id, actor_name, action, object_id, object_ref, request_id, changes,
			previous_hash, hash, created_at, updated_at)`,
		`SELECT {tenant}, 'evt_0000000000' || {i}, h.seq + i, 'person',
			CASE WHEN i % 100 = 0 THEN {ada} WHEN i % 10 = 1 THEN {service} ELSE 'usr_' || (i % 997) END, CASE WHEN i % 10 = 1 THEN 'Telephone' ELSE 'Person ' || (i % 997) END,
			CASE WHEN i % 1000 = 0 THEN 'method.changed' WHEN i % 50000 = 1 THEN 'settings.changed' WHEN i % 50000 = 2 THEN 'role.deleted' ELSE 'session.began' END,
			CASE WHEN i % 200 = 0 THEN {method} ELSE 'usr_' || (i % 997) END, 'reference', 'req', '{}', h.hash, h.hash, {now} - ({events} - i) * 10000000, 1
			FROM n JOIN audit_heads h ON h.tenant_id = {tenant}`)
	f.exec(`UPDATE audit_heads SET seq = seq + {events} WHERE tenant_id = {tenant}`)
}

// connections gives the connections a past: two services borrow each token of each of
// them, a third one some.
func (f filler) connections() {
	f.b.Helper()
	f.hours(hoursKept, `INSERT INTO connection_hours (tenant_id, id, connection_id, hour, refreshed, throttled, provider_down, grant_lost, client_rejected, missing, troubled,
			at_hand1, at_hand2, at_hand3, at_hand4, at_hand5, at_hand6, at_hand7, at_hand8, asked1, asked2, asked3, asked4, asked5, asked6, asked7, asked8, created_at, updated_at)`,
		`SELECT {tenant}, 'hour_' || h.id || c.id, c.id, (h.at / 3600000000) * 3600000000, 1, 0, CASE WHEN h.i % 50 = 0 THEN 1 ELSE 0 END, 0, 0, 0,
			CASE WHEN h.i % 50 = 0 THEN 1 ELSE 0 END, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1 FROM h JOIN connections c ON c.tenant_id = {tenant}`)
	f.hours(tokensKept, `INSERT INTO tokens (tenant_id, id, grant_id, version, issued_at, expires_at, created_at, updated_at)`,
		`SELECT {tenant}, 'tok_' || h.id || {row}, c.id, 1, h.at, h.at + 3600000000, 1, 1 FROM h JOIN connections c ON c.tenant_id = {tenant}`)
	f.hours(loansKept, `INSERT INTO loans (tenant_id, id, service_id, service_name, grant_id, token_id, token_expires_at, purpose, lent, first_lent_at, last_lent_at, created_at, updated_at)`,
		`SELECT {tenant}, 'loan_' || h.id || {row}, s.id, s.name, c.id, 'tok_' || h.id || c.id, h.at + 3600000000, 'call', 100, h.at, h.at + 3500000000, 1, 1
			FROM h JOIN connections c ON c.tenant_id = {tenant}
			JOIN services s ON s.tenant_id = {tenant} AND (s.name IN ('Telephone', 'Service 1') OR s.name = 'Service 2' AND h.i % 10 = 0)`)
}

// rows runs a statement over n (i), the numbers from 1.
func (f filler) rows(n int, into, statement string) {
	f.b.Helper()
	f.exec(into + fmt.Sprintf(" WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n) + statement)
}

// hours runs a statement over h (i, at, id), the hours before now: when each was, and how
// ids begin that were made then.
func (f filler) hours(n int, into, statement string) {
	f.b.Helper()
	list := make([]string, n)
	for i := range list {
		at := time.Now().Add(-time.Duration(i) * time.Hour)
		var id ulid.ULID
		must(f.b, id.SetTime(ulid.Timestamp(at)))
		list[i] = fmt.Sprintf("(%d, %d, '%s')", i, at.UnixMicro(), id.String()[:10])
	}
	f.exec(into + " WITH h (i, at, id) AS (VALUES " + strings.Join(list, ", ") + ") " + statement)
}

func (f filler) exec(statement string) {
	f.b.Helper()
	if _, err := f.raw.ExecContext(f.b.Context(), f.names.Replace(statement)); err != nil {
		f.b.Fatalf("%.300s: %v", f.names.Replace(statement), err)
	}
}
