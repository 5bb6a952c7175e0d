package db_test

import (
	"path/filepath"
	"testing"

	"latchkey/authmethods/db"
	"latchkey/migrations"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

// BenchmarkStatement compares statements with the functions that go through GORM.
func BenchmarkStatement(b *testing.B) {
	for _, url := range []string{"sqlite:" + filepath.Join(b.TempDir(), "latchkey.db"), postgres.URL(b)} {
		name := "sqlite"
		if storage.DialectOf(url) == migrations.Postgres {
			name = "postgres"
		}
		d := storage.Open(b, url)
		storage.Seed(b, storage.Raw(b, url), storage.DialectOf(url))
		in, err := db.NewSystem(d).For(storage.TenantA, "benchmark")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) { benchmarkStatement(b, in) })
	}
}

func benchmarkStatement(b *testing.B, in db.Tenant) {
	ctx := b.Context()
	for name, f := range map[string]func() error{
		"read with GORM": func() error { _, _, err := db.GetNow[environment](ctx, in, rowA); return err },
		"read": func() error {
			var row environment
			var now db.Time
			return db.QueryRow(ctx, in, readOne, []any{rowA},
				&row.MethodID, &row.Environment, &row.Enabled, &row.ClientSecret, &row.ClientVersion, &row.SecretSetAt, &now)
		},
		"guarded update with GORM": func() error {
			_, err := db.UpdateIf[environment](ctx, in, rowA,
				[]db.Set{db.Plus("client_version", 1), db.ToFromNow("secret_set_at", 0)}, db.Eq("client_version", -1))
			return err
		},
		"guarded update": func() error {
			_, err := db.Exec(ctx, in, raise, 0, rowA, -1)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
