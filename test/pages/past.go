package pages

import (
	"fmt"
	"testing"
	"time"

	"latchkey/test/storage"
)

// Past gives the connection of zoho-desk a day behind it: tokens one after another, what
// services borrowed of them, and an hour in which the provider was away. It is for a site
// on SQLite.
func (s *Site) Past(t testing.TB, objects map[string]string) {
	t.Helper()
	raw := storage.Raw(t, s.Database)
	run := func(statement string, args ...any) {
		t.Helper()
		_, err := raw.ExecContext(t.Context(), statement, args...)
		must(t, err)
	}
	tenant, connection, service := string(s.Tenant.ID), objects["connections/:id"], objects["service-accounts/:id"]
	const every, life = 47 * time.Minute, time.Hour
	now := time.Now()
	for i := range 30 {
		issued := now.Add(-time.Duration(i+1) * every)
		token, ends := fmt.Sprintf("tok_%026d", i), issued.Add(life).UnixMicro()
		run(`INSERT INTO tokens (tenant_id, id, grant_id, version, issued_at, expires_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, 1, 1)`,
			tenant, token, connection, -i, issued.UnixMicro(), ends)
		run(`INSERT INTO loans (tenant_id, id, service_id, service_name, grant_id, token_id, token_expires_at, purpose, lent, first_lent_at, last_lent_at, created_at, updated_at)
			VALUES (?, ?, ?, 'Telephone', ?, ?, ?, 'call pop-up', ?, ?, ?, 1, 1)`,
			tenant, fmt.Sprintf("lend_%026d", i), service, connection, token, ends, 90+i*7%60, issued.UnixMicro(), issued.Add(every).UnixMicro())
	}
	for i := range 24 {
		hour := now.Add(-time.Duration(i) * time.Hour).Truncate(time.Hour)
		away, missing := 0, 0
		if i == 15 {
			away, missing = 3, int((4 * time.Minute).Microseconds())
		}
		run(`INSERT OR IGNORE INTO connection_hours (tenant_id, id, connection_id, hour, refreshed, throttled, provider_down, grant_lost, client_rejected, missing, troubled,
			at_hand1, at_hand2, at_hand3, at_hand4, at_hand5, at_hand6, at_hand7, at_hand8, asked1, asked2, asked3, asked4, asked5, asked6, asked7, asked8, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, 0, ?, 0, 0, ?, ?, ?, 20, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1)`,
			tenant, fmt.Sprintf("hour_%026d", i), connection, hour.UnixMicro(), 1+i%2, away, missing, away, 90+i*7%60)
	}
	s.Forget()
}
