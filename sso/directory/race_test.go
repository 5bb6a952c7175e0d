package directory_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/migrations"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/storage"
)

// These races need writers that really are at it at once, so they are of PostgreSQL
// only: SQLite lets in one at a time.

// held runs statements in a transaction of its own, starts what is to run into it,
// and commits when all of that wait.
func (w *world) held(t *testing.T, statement string, fs ...func()) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	tx := got(storage.Raw(t, w.url).BeginTx(ctx, nil))(t)
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, statement); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, len(fs))
	for _, f := range fs {
		go func() { f(); done <- struct{}{} }()
	}
	// Looking costs the server something, so it is not done all the time.
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	finished := 0
	for waiting := 0; waiting+finished < len(fs); {
		select {
		case <-done:
			finished++
		case <-look.C:
			waiting = waitingFor(t, tx)
		}
	}
	must(t, tx.Commit())
	for ; finished < len(fs); finished++ {
		<-done
	}
}

// waitingFor counts who waits for the transaction, or for somebody who does.
func waitingFor(t *testing.T, tx *sql.Tx) (n int) {
	t.Helper()
	must(t, tx.QueryRow(`WITH RECURSIVE waiting(pid) AS (
		SELECT pg_backend_pid() UNION SELECT a.pid FROM pg_stat_activity a, waiting w
		WHERE a.wait_event_type = 'Lock' AND w.pid = ANY(pg_blocking_pids(a.pid))
	) SELECT count(*) - 1 FROM waiting`).Scan(&n))
	return n
}

func onPostgres(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) {
		if storage.DialectOf(url) == migrations.Postgres {
			f(t, newWorld(t, url))
		}
	})
}

func TestTwoWhoTakeTheLastAdministratorsAwaySeeEachOther(t *testing.T) {
	onPostgres(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		w.user(t, "marie", sso.RoleWorkspaceAdmin)
		w.user(t, "paul", sso.RoleWorkspaceAdmin)
		var errDisable, errDelete error
		disable := func() { _, errDisable = acme.ChangeUser(ctx, "marie", 0, directory.UserChange{Disabled: ptr(true)}) }
		remove := func() { errDelete = acme.DeleteUser(ctx, "paul", 0) }
		late := func(err error) bool { return authmethods.KindOf(err) == authmethods.Unavailable }
		// Both have done what they want when they wait for the audit log.
		both := func() { w.held(t, "UPDATE audit_heads SET updated_at = updated_at", disable, remove) }
		both()
		// A slow machine may have made them give up waiting, which changes nothing.
		for late(errDisable) && late(errDelete) {
			both()
		}
		for late(errDisable) {
			disable()
		}
		for late(errDelete) {
			remove()
		}
		if (errDisable == nil) == (errDelete == nil) {
			t.Fatalf("the results are %v and %v", errDisable, errDelete)
		}
		for _, err := range []error{errDisable, errDelete} {
			if err != nil {
				lastAdministrator(t, err)
			}
		}
	})
}

func TestWhoIsDisabledWhileSigningInStaysOutside(t *testing.T) {
	onPostgres(t, func(t *testing.T, w *world) {
		c, door := w.connector(t, "zoho"), w.door(t)
		w.user(t, "marie@acme.fr")
		var r directory.Admitted
		var err error
		w.held(t, "UPDATE users SET disabled_at = 1, rev = rev + 1, version = version + 1",
			func() { r, err = door.Admit(t.Context(), c, proof(c, "1", "marie@acme.fr")) })
		must(t, err)
		if r.Verdict.Code != authmethods.CodeUserDisabled || r.User.ID != "" || w.count(t, "identities") != 0 {
			t.Errorf("admitted %+v", r)
		}
	})
}
