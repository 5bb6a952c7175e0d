package backup_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/backup"
	"latchkey/authmethods/db"
	"latchkey/migrations"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

// many is how many connections the benchmark has, each with a grant, and what a
// grant that was refreshed ten times has left behind.
const many = 20_000

// BenchmarkConnections tells how long a backup and a restore of many connections
// take. It asserts nothing.
func BenchmarkConnections(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "latchkey.db") },
		"postgres": func() string { return postgres.URL(b) },
	} {
		b.Run(name, func(b *testing.B) {
			old := opened(b, url())
			for b.Loop() {
				b.ReportMetric(0, "ns/op")
				file, err := os.Create(filepath.Join(b.TempDir(), "backup"))
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				sum, err := backup.Write(b.Context(), db.NewSystem(old), file, "bench", nil)
				if err != nil {
					b.Fatal(err)
				}
				wrote := time.Since(began)
				d, err := db.Connect(b.Context(), db.Options{URL: url()})
				if err != nil {
					b.Fatal(err)
				}
				began = time.Now()
				whole, err := backup.Open(file)
				if err != nil {
					b.Fatal(err)
				}
				_, err = whole.Restore(b.Context(), backup.Into{DB: d, System: db.NewSystem(d), Caller: func(authmethods.TenantID) authmethods.Caller { return authmethods.Caller{} }})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(wrote.Seconds(), "s/backup")
				b.ReportMetric(time.Since(began).Seconds(), "s/restore")
				b.ReportMetric(float64(sum.Bytes)/1e6, "MB")
				b.ReportMetric(float64(sum.Rows), "rows")
				d.Close()
				file.Close()
			}
		})
	}
}

// opened returns a database with many connections of one tenant.
func opened(b *testing.B, url string) *db.DB {
	b.Helper()
	d := storage.Open(b, url)
	pool := storage.Raw(b, url)
	blob, no := "x'01"+fmt.Sprintf("%x", bytes.Repeat([]byte{7}, 120))+"'", "0"
	if d.Dialect() == migrations.Postgres {
		blob, no = `'\x01`+fmt.Sprintf("%x", bytes.Repeat([]byte{7}, 120))+`'::bytea`, "false"
	}
	series := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	}
	for _, statement := range []string{
		`INSERT INTO tenants (id, slug, name, callback_a, callback_b, method_limit, deleted_at, created_at, updated_at) VALUES ('tn_1', 'acme', 'Acme', 'a', 'b', 1, 1, 1, 1)`,
		`INSERT INTO methods (tenant_id, id, reference, name, integration_type, mode, environment_url, client_id, client_secret, secret_last4, client_version, scopes, data_centre, settings, rev, created_at, updated_at)
			VALUES ('tn_1', 'am_1', 'zoho', 'Zoho', 'zoho_desk', 'oauth', '', '1000.X', ` + blob + `, '', 1, '[]', 'eu', '{}', 1, 1, 1)`,
		series(many) + `INSERT INTO connections (tenant_id, id, method_id, environment, subject, data_centre, instance_url, api_domain, account_id, account_name, account_email, organization_id, organization_name, organizations, approved_by, created_at, updated_at)
			SELECT 'tn_1', 'conn_01M7ZT2R9V1B58RD1' || i, 'am_1', 'production', 'subject-' || i, 'eu', '', 'https://desk.zoho.eu', '20063345', 'Ada Lovelace', 'ada@example.eu', '20061234', 'Example', '[]', 'ada', 1, 1 FROM n`,
		series(many) + `INSERT INTO grants (tenant_id, id, lineage, epoch, version, refresh_token, access_token, token_id, token_type, scopes, issued_at, expires_at, lease_owner, attempt_id, attempt_version, attempt_token, attempt_retry, failures, failure_code, client_version, broken_code, created_at, updated_at)
			SELECT 'tn_1', 'conn_01M7ZT2R9V1B58RD1' || i, 'con_1', 1, 1, ` + blob + `, ` + blob + `, 'tok_' || i, 'Bearer', '["Desk.tickets.READ"]', 1, 2, '', '', 0, '', ` + no + `, 0, '', 0, '', 1, 1 FROM n`,
		series(10*many) + `INSERT INTO tokens (tenant_id, id, grant_id, version, issued_at, expires_at, created_at, updated_at)
			SELECT 'tn_1', 'tok_01M7ZT2R9V1B58RD1' || i, 'conn_01M7ZT2R9V1B58RD1' || (1 + i % ` + fmt.Sprint(many) + `), 1, 1, 2, 1, 1 FROM n`,
	} {
		if _, err := pool.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	return d
}
