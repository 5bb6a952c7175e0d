package store_test

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/test/storage"
)

// connect gives a method of acme a connection with a live grant, by the hand of
// nobody who would usually do it.
func (w *world) connect(t *testing.T, method, id authmethods.ID) {
	t.Helper()
	storage.Insert(t, w.url, "connections", map[string]any{
		"tenant_id": string(w.acme.ID), "id": string(id), "method_id": string(method), "environment": "production",
	})
	storage.Insert(t, w.url, "grants", map[string]any{
		"tenant_id": string(w.acme.ID), "id": string(id), "broken_code": "",
		"access_token": nil, "refresh_token": []byte{1, 2, 3},
	})
	for _, table := range []string{"tokens", "captures", "loans"} {
		storage.Insert(t, w.url, table, map[string]any{
			"tenant_id": string(w.acme.ID), "id": table + "_1", "grant_id": string(id),
		})
	}
}
