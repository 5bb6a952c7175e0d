package db_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

var rowA = storage.RowID(storage.TenantA)

func TestOfAHundredWritersOneWins(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, in := t.Context(), seeded(t, url)
		var group sync.WaitGroup
		won, errs := make([]bool, 100), make([]error, 100)
		for i := range won {
			group.Go(func() {
				sets := []db.Set{db.Plus("client_version", 1)}
				won[i], errs[i] = db.UpdateIf[environment](ctx, in, rowA, sets, db.Eq("client_version", 1))
			})
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		winners := 0
		for _, w := range won {
			if w {
				winners++
			}
		}
		row, err := db.Get[environment](ctx, in, rowA)
		if err != nil || winners != 1 || row.ClientVersion != 2 {
			t.Errorf("%d won, the version is %d, %v", winners, row.ClientVersion, err)
		}
	})
}

func TestATransactionIsSeenWholeOrNotAtAll(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, outer := t.Context(), seeded(t, url)
		wrong := errors.New("wrong")
		err := db.Tx(ctx, outer, func(in db.Tenant) error {
			if _, err := db.UpdateIf[environment](ctx, in, rowA, []db.Set{db.To("client_id", "inside")}); err != nil {
				return err
			}
			within, errIn := db.Get[environment](ctx, in, rowA)
			without, errOut := db.Get[environment](ctx, outer, rowA)
			if err := errors.Join(errIn, errOut); err != nil {
				return err
			}
			if within.ClientID != "inside" || without.ClientID == "inside" {
				t.Errorf("within the transaction %q, without it %q", within.ClientID, without.ClientID)
			}
			return wrong
		})
		if !errors.Is(err, wrong) {
			t.Errorf("its error became %v", err)
		}
		if row, err := db.Get[environment](ctx, outer, rowA); err != nil || row.ClientID == "inside" {
			t.Errorf("after an error its write is there: %q, %v", row.ClientID, err)
		}
	})
}

func TestTimesAreComparedByTheDatabasesClock(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, in := t.Context(), seeded(t, url)
		for _, c := range []struct {
			what            string
			set             db.Set
			notPast, future int64
		}{
			{"NULL", db.To("secret_set_at", db.Time(0)), 1, 0},
			{"an hour ago", db.ToFromNow("secret_set_at", -time.Hour), 0, 0},
			{"in an hour", db.ToFromNow("secret_set_at", time.Hour), 1, 1},
		} {
			if ok, err := db.UpdateIf[environment](ctx, in, rowA, []db.Set{c.set}); !ok || err != nil {
				t.Fatal(ok, err)
			}
			notPast, err1 := db.Count[environment](ctx, in, db.NotPast("secret_set_at"))
			future, err2 := db.Count[environment](ctx, in, db.Ahead("secret_set_at"))
			if err := errors.Join(err1, err2); err != nil || notPast != c.notPast || future != c.future {
				t.Errorf("%s: not past %d, ahead %d, %v", c.what, notPast, future, err)
			}
		}
		row, now, err := db.GetNow[environment](ctx, in, rowA)
		if err != nil {
			t.Fatal(err)
		}
		if left := row.SecretSetAt.Time().Sub(now); left <= 59*time.Minute || left > time.Hour {
			t.Errorf("of the hour %s are left", left)
		}
		if off := time.Since(now).Abs(); off > time.Minute {
			t.Errorf("the database's clock is off by %s", off)
		}
	})
}

func TestADuplicateIsToldFromOtherFaults(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, in := t.Context(), seeded(t, url)
		row := func(id, method, env string) *environment {
			r := &environment{MethodID: method, Environment: env}
			r.ID = authmethods.ID(id)
			return r
		}
		if err := db.Insert(ctx, in, row("new", string(rowA), "null")); !errors.Is(err, db.ErrDuplicate) {
			t.Errorf("the same method and environment: %v", err)
		}
		if err := db.Insert(ctx, in, row(string(rowA), string(rowA), "sandbox")); !errors.Is(err, db.ErrDuplicate) {
			t.Errorf("the same id: %v", err)
		}
		other := string(storage.RowID(storage.TenantB))
		if err := db.Insert(ctx, in, row("new", other, "sandbox")); err == nil || errors.Is(err, db.ErrDuplicate) {
			t.Errorf("a reference to another tenant's method: %v", err)
		}
		clear := row("new", string(rowA), "sandbox")
		clear.ClientSecret = []byte("clear text of a secret")
		if err := db.Insert(ctx, in, clear); err == nil || strings.Contains(err.Error(), "clear text") {
			t.Errorf("a secret that is not sealed: %v", err)
		}
	})
}

func TestChangesAreHeardAndForgottenByTheDatabasesClock(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		ctx, sys := t.Context(), db.NewSystem(d)
		in, err := sys.For("tn_A", "test")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Announce(ctx, in, "method", "am_1"); err != nil {
			t.Fatal(err)
		}
		changes, err := db.ChangesWithin(ctx, sys, time.Minute)
		if err != nil || len(changes) != 1 || changes[0].TenantID != "tn_A" || changes[0].Kind != "method" || changes[0].ObjectID != "am_1" {
			t.Fatalf("heard %+v, %v", changes, err)
		}
		if off := time.Since(changes[0].CreatedAt.Time()).Abs(); off > time.Minute {
			t.Errorf("its time is off by %s", off)
		}
		if err := db.PruneChanges(ctx, sys, time.Hour); err != nil {
			t.Fatal(err)
		}
		if changes, err = db.ChangesWithin(ctx, sys, time.Minute); len(changes) != 1 || err != nil {
			t.Errorf("a new change was forgotten: %v", err)
		}
		if err := db.PruneChanges(ctx, sys, -time.Minute); err != nil {
			t.Fatal(err)
		}
		if changes, err = db.ChangesWithin(ctx, sys, time.Hour); len(changes) != 0 || err != nil {
			t.Errorf("an old change is left: %v", err)
		}
	})
}

//
func TestOnlyTheOwnerCanReadTheFilesOfSQLite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	path := filepath.Join(dir, "latchkey.db")
	open := func(serve bool) (*db.DB, error) {
		return db.Open(context.WithoutCancel(t.Context()), db.Options{URL: "sqlite:" + path, Serve: serve})
	}
	d, err := open(true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
	if _, err := open(true); err == nil || !strings.Contains(err.Error(), "another Latchkey serves") {
		t.Errorf("a second server: %v", err)
	}
	tool, err := open(false)
	if err != nil {
		t.Fatalf("a tool beside the server: %v", err)
	}
	if err := errors.Join(tool.Close(), os.Chmod(path, 0o640)); err != nil {
		t.Fatal(err)
	}
	if _, err := open(false); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
}

func TestNobodyIsNoTenant(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := d.For(authmethods.Caller{}); !errors.Is(err, authmethods.ErrNoCaller) {
			t.Errorf("the zero caller: %v", err)
		}
		if _, err := db.NewSystem(d).For("", "test"); err == nil {
			t.Error("the empty tenant was let in")
		}
	})
}
