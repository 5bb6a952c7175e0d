package migrations_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"latchkey/migrations"
	"latchkey/test/storage"
)

func TestEightProcessesMayStartAtOnce(t *testing.T) {
	storage.EachEmpty(t, func(t *testing.T, url string) {
		d := storage.DialectOf(url)
		var group sync.WaitGroup
		ran, errs := make([]int, 8), make([]error, 8)
		for i := range errs {
			pool := storage.Raw(t, url)
			group.Go(func() { ran[i], errs[i] = migrations.Apply(t.Context(), pool, d) })
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, n := range ran {
			total += n
		}
		if total != migrations.Known(d) {
			t.Errorf("%d migrations ran, there are %d", total, migrations.Known(d))
		}
		if v, err := migrations.Version(t.Context(), storage.Raw(t, url)); v != migrations.Known(d) || err != nil {
			t.Errorf("the version is %d, %v", v, err)
		}
	})
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	storage.EachEmpty(t, func(t *testing.T, url string) {
		d, pool := storage.DialectOf(url), storage.Raw(t, url)
		if _, err := migrations.Apply(t.Context(), pool, d); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.ExecContext(t.Context(), "INSERT INTO schema_version (version) VALUES (999)"); err != nil {
			t.Fatal(err)
		}
		_, err := migrations.Apply(t.Context(), pool, d)
		var newer *migrations.NewerError
		if !errors.As(err, &newer) || newer.Database != 999 || newer.Program != migrations.Known(d) {
			t.Errorf("a newer database gives %v", err)
		}
	})
}

func TestAMigrationThatFailsInTheMiddleLeavesNothing(t *testing.T) {
	storage.EachEmpty(t, func(t *testing.T, url string) {
		d, pool := storage.DialectOf(url), storage.Raw(t, url)
		ctx := t.Context()
		// The last table of the first migration is in its way.
		if _, err := pool.ExecContext(ctx, "CREATE TABLE changes (obstacle TEXT)"); err != nil {
			t.Fatal(err)
		}
		if _, err := migrations.Apply(ctx, pool, d); err == nil {
			t.Fatal("it did not fail")
		}
		for _, table := range []string{"tenants", "schema_version"} {
			if _, err := pool.ExecContext(ctx, "SELECT count(*) FROM "+table); err == nil {
				t.Errorf("the table %s is left", table)
			}
		}
		if _, err := pool.ExecContext(ctx, "DROP TABLE changes"); err != nil {
			t.Fatal(err)
		}
		if n, err := migrations.Apply(ctx, pool, d); n != migrations.Known(d) || err != nil {
			t.Errorf("afterwards %d ran, %v", n, err)
		}
	})
}

func TestAMigrationThatIsCalledOffReleasesTheDatabase(t *testing.T) {
	storage.EachEmpty(t, func(t *testing.T, url string) {
		d, pool := storage.DialectOf(url), storage.Raw(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := migrations.Apply(ctx, pool, d); err == nil {
			t.Error("it went on")
		}
		if n, err := migrations.Apply(t.Context(), storage.Raw(t, url), d); n != migrations.Known(d) || err != nil {
			t.Errorf("afterwards %d ran, %v", n, err)
		}
	})
}
