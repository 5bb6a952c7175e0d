package db_test

import (
	"testing"

	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

// seeded returns tenant a of a seeded database.
func seeded(t testing.TB, url string) db.Tenant {
	t.Helper()
	d := storage.Open(t, url)
	storage.Seed(t, storage.Raw(t, url), storage.DialectOf(url))
	in, err := db.NewSystem(d).For(storage.TenantA, "test")
	if err != nil {
		t.Fatal(err)
	}
	return in
}
