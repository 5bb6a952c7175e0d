package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

var (
	readOne = db.Prepare(`SELECT e.method_id, e.environment, e.enabled, e.client_secret, e.client_version, e.secret_set_at, {now}
		FROM method_environments e WHERE e.tenant_id = {tenant} AND e.id = ?`)
	raise = db.Prepare(`UPDATE method_environments SET client_version = client_version + 1, secret_set_at = {now} + ?
		WHERE method_environments.tenant_id = {tenant} AND id = ? AND client_version = ?`)
	raiseAndTell = db.Prepare(`UPDATE method_environments SET client_version = client_version + 1
		WHERE method_environments.tenant_id = {tenant} AND id = ? RETURNING client_version`)
	setValues = db.Prepare(`UPDATE method_environments SET client_secret = ?, secret_set_at = ?, enabled = ?, client_id = '?'
		WHERE method_environments.tenant_id = {tenant} AND id = ?`)
	listIDs = db.Prepare(`SELECT m.id, m.scopes FROM methods m WHERE m.tenant_id = {tenant} ORDER BY m.id`)
	setList = db.Prepare(`UPDATE methods SET scopes = ? WHERE methods.tenant_id = {tenant} AND id = ?`)
	twoRows = db.Prepare(`SELECT m.id FROM methods m WHERE m.tenant_id = {tenant} AND (m.id = ? OR m.id <> ?)`)
	lend    = db.Prepare(`INSERT INTO loans (tenant_id, id, service_id, service_name, grant_id, token_id, purpose, lent, first_lent_at, last_lent_at, created_at, updated_at)
		VALUES ({tenant}, ?, ?, '', ?, ?, '', 1, {now}, {now}, {now}, {now})
		ON CONFLICT (tenant_id, token_id, service_id) DO UPDATE SET lent = loans.lent + 1 WHERE loans.lent < ?`)
)

// exercise runs every kind of statement for a tenant of a seeded database.
func exercise(t *testing.T, in db.Tenant) {
	t.Helper()
	ctx := t.Context()
	id := storage.RowID(in.ID())
	if n, err := db.Exec(ctx, in, setValues, []byte(nil), db.Time(0), true, id); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	var row environment
	var now db.Time
	read := func() error {
		return db.QueryRow(ctx, in, readOne, []any{id},
			&row.MethodID, &row.Environment, &row.Enabled, &row.ClientSecret, &row.ClientVersion, &row.SecretSetAt, &now)
	}
	if err := read(); err != nil || row.MethodID != string(id) || !row.Enabled || row.ClientSecret != nil || row.SecretSetAt != 0 {
		t.Fatalf("read %+v, %v", row, err)
	}
	if off := time.Since(now.Time()).Abs(); off > time.Minute {
		t.Errorf("the clock is off by %s", off)
	}
	before := row.ClientVersion
	for i, want := range []int64{1, 0} {
		if n, err := db.Exec(ctx, in, raise, time.Hour.Microseconds(), id, before); n != want || err != nil {
			t.Errorf("%d: %d rows, %v", i, n, err)
		}
	}
	if err := read(); err != nil || row.ClientVersion != before+1 || row.SecretSetAt.Time().Before(now.Time().Add(59*time.Minute)) {
		t.Errorf("after the update %+v, %v", row, err)
	}
	var version int64
	if err := db.QueryRow(ctx, in, raiseAndTell, []any{id}, &version); err != nil || version != before+2 {
		t.Errorf("returned %d, %v", version, err)
	}
	want := []string{"a", "b"}
	if n, err := db.Exec(ctx, in, setList, db.JSON[[]string]{V: want}, id); n != 1 || err != nil {
		t.Error(n, err)
	}
	err := db.Query(ctx, in, listIDs, nil, func(scan func(...any) error) error {
		var got authmethods.ID
		var scopes db.JSON[[]string]
		if err := scan(&got, &scopes); err != nil {
			return err
		}
		if got != id || fmt.Sprint(scopes.V) != fmt.Sprint(want) {
			t.Errorf("listed %s with %v", got, scopes.V)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	var changed int64
	err = db.Batch(ctx, in, db.Run(&changed, setValues, []byte(nil), db.Time(0), true, id), db.Run(nil, setList, db.JSON[[]string]{V: want}, id),
		db.Read(readOne, []any{id}, &row.MethodID, &row.Environment, &row.Enabled, &row.ClientSecret, &row.ClientVersion, &row.SecretSetAt, &now))
	if err != nil || changed != 1 || row.MethodID != string(id) || !row.Enabled || row.SecretSetAt != 0 || now == 0 {
		t.Errorf("a batch: %d rows, read %+v, %v", changed, row, err)
	}
	for i, want := range []int64{1, 1, 0} {
		n, err := db.Exec(ctx, in, lend, "new", "s", id, "t", 2)
		if n != want || err != nil {
			t.Errorf("loan %d: %d rows, %v", i, n, err)
		}
	}
}

func TestStatementsRunOnBothDatabasesInsideATransactionAndOutside(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		a := seeded(t, url)
		exercise(t, a)
		undone := errors.New("undone")
		clear := db.Prepare(`DELETE FROM loans WHERE loans.tenant_id = {tenant} AND id = ?`)
		for range 2 { // the second time SQLite has the statements prepared
			err := db.Tx(t.Context(), a, func(in db.Tenant) error {
				if _, err := db.Exec(t.Context(), in, clear, "new"); err != nil {
					return err
				}
				exercise(t, in)
				return undone
			})
			if !errors.Is(err, undone) {
				t.Fatal(err)
			}
		}
		var version int64
		if err := db.QueryRow(t.Context(), a, raiseAndTell, []any{storage.RowID(a.ID())}, &version); err != nil || version != 4 {
			t.Errorf("two transactions that were undone left version %d, %v", version, err)
		}
	})
}

func TestAStatementReachesNoOtherTenantsRow(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, a := t.Context(), seeded(t, url)
		other := storage.RowID(storage.TenantB)
		var version int64
		foreign := db.QueryRow(ctx, a, raiseAndTell, []any{other}, &version)
		absent := db.QueryRow(ctx, a, raiseAndTell, []any{"no such row"}, &version)
		if authmethods.KindOf(foreign) != authmethods.NotFound || foreign.Error() != absent.Error() {
			t.Errorf("another tenant's row %v, none %v", foreign, absent)
		}
		if n, err := db.Exec(ctx, a, raise, 0, other, 1); n != 0 || err != nil {
			t.Errorf("%d rows of another tenant were updated, %v", n, err)
		}
	})
}

func TestFaultsOfAStatementAreToldApart(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, in := t.Context(), seeded(t, url)
		insert := db.Prepare(`INSERT INTO taken_references (tenant_id, id, kind, reference, created_at, updated_at) VALUES ({tenant}, ?, '', ?, 0, 0)`)
		if _, err := db.Exec(ctx, in, insert, "x", "y"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, in, insert, "x", "z"); !errors.Is(err, db.ErrDuplicate) {
			t.Errorf("the same id: %v", err)
		}
		if _, err := db.Exec(ctx, in, insert, "x"); err == nil || !strings.Contains(err.Error(), "1 arguments for 2") {
			t.Errorf("too few arguments: %v", err)
		}
		if _, err := db.Exec(ctx, in, setValues, []byte("clear text"), db.Time(0), true, rowA); err == nil || strings.Contains(err.Error(), "clear text") {
			t.Errorf("a secret that is not sealed: %v", err)
		}
		stop := errors.New("stop")
		if err := db.Query(ctx, in, listIDs, nil, func(func(...any) error) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("an error on the way: %v", err)
		}
		storage.Insert(t, url, "methods", map[string]any{"tenant_id": string(storage.TenantA), "id": "second", "reference": "second"})
		var id string
		if err := db.QueryRow(ctx, in, twoRows, []any{rowA, rowA}, &id); err == nil || !strings.Contains(err.Error(), "more than one row") {
			t.Errorf("two rows where one is wanted: %v", err)
		}
		missing := db.Prepare(`SELECT x.id FROM no_such_table x WHERE x.tenant_id = {tenant}`)
		if err := db.QueryRow(ctx, in, missing, nil, &id); err == nil || !strings.Contains(err.Error(), "reading no_such_table") {
			t.Errorf("a table that is not there: %v", err)
		}
	})
}

func TestReadsDoNotWaitForTheWriterOfSQLite(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		outer := seeded(t, url)
		err := db.Tx(t.Context(), outer, func(in db.Tenant) error {
			if _, err := db.Exec(t.Context(), in, setList, "[]", rowA); err != nil {
				return err
			}
			var id, scopes string
			return db.Query(t.Context(), outer, listIDs, nil, func(scan func(...any) error) error { return scan(&id, &scopes) })
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestWhoHasLeftIsNotToldThatThereIsNothing(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := seeded(t, url)
		gone, leave := context.WithCancel(t.Context())
		leave()
		var id, scopes string
		for range 2 { // the second time the statement is prepared
			if err := db.QueryRow(gone, in, listIDs, nil, &id, &scopes); !errors.Is(err, context.Canceled) {
				t.Errorf("a read for who has left: %v", err)
			}
			if err := db.QueryRow(t.Context(), in, listIDs, nil, &id, &scopes); err != nil {
				t.Errorf("the next read: %v", err)
			}
		}
	})
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		d, err := db.Open(t.Context(), db.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		in, err := db.NewSystem(d).For(storage.TenantA, "test")
		if err != nil {
			t.Fatal(err)
		}
		var id, scopes string
		read := func() error { return db.QueryRow(t.Context(), in, listIDs, nil, &id, &scopes) }
		if err := read(); authmethods.KindOf(err) != authmethods.NotFound {
			t.Fatal(err)
		}
		for range 2 {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := read(); authmethods.KindOf(err) != authmethods.Unavailable {
			t.Errorf("a read: %v", err)
		}
		if _, err := db.Exec(t.Context(), in, setList, "[]", "x"); authmethods.KindOf(err) != authmethods.Unavailable {
			t.Errorf("a write: %v", err)
		}
	})
}

func TestManyRunTheSameStatementAtOnce(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := seeded(t, url)
		var group sync.WaitGroup
		errs := make([]error, 64)
		for i := range errs {
			group.Go(func() {
				var version int64
				var id, scopes string
				errs[i] = errors.Join(
					db.QueryRow(t.Context(), in, raiseAndTell, []any{rowA}, &version),
					db.QueryRow(t.Context(), in, listIDs, nil, &id, &scopes))
			})
		}
		group.Wait()
		var version int64
		err := db.QueryRow(t.Context(), in, raiseAndTell, []any{rowA}, &version)
		if err := errors.Join(append(errs, err)...); err != nil || version != 66 {
			t.Errorf("version %d, %v", version, err)
		}
	})
}
