package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// connections are how many each world has: the first two are refreshed before the
// backup only, the next two under load, the last one after the backup for certain.
const connections = 5

// a backup that is taken under load is restored on a new machine, of either
// kind of database. Tokens that are still good are lent there at once. Of refresh
// tokens, those that were replaced since the backup are tried once and found to be
// lost, which is put down to the backup; all others work.
func TestABackupUnderLoadIsRestoredOnANewMachine(t *testing.T) {
	for _, c := range []struct{ from, to fleet.Storage }{
		{fleet.SQLite, fleet.SQLite}, {fleet.Postgres, fleet.Postgres}, {fleet.SQLite, fleet.Postgres}, {fleet.Postgres, fleet.SQLite},
	} {
		t.Run(string(c.from)+" to "+string(c.to), func(t *testing.T) {
			w := fleet.New(t, fleet.Options{
				Storage: c.from, Connections: connections,
				Zoho: zohosim.Switches{RotateRefreshTokens: true}, Replicas: replicas(c.from),
			})
			file := filepath.Join(t.TempDir(), "backup")
			underLoad(t, w, func() {
				if code, out, said := w.Run(t, "backup", file); code != 0 {
					t.Fatalf("the backup ended with %d: %s%s", code, out, said)
				}
			})
			late := w.Connections[connections-1]
			w.Expire(t, late)
			if loan := lend(t, w, late); !loan.OK() {
				t.Fatalf("after the backup: %+v", loan)
			}
			noSecretIn(t, w, file)
			newest := versions(t, w)
			for _, p := range w.Processes {
				if err := p.Terminate(); err != nil {
					t.Fatal(err)
				}
			}

			w.Move(t, c.to)
			var done struct {
				Uncertain int `json:"uncertain_connections"`
			}
			w.MustRun(t, &done, "restore", "--json", file)
			if done.Uncertain != connections {
				t.Errorf("%d connections are uncertain", done.Uncertain)
			}
			restored, good := versions(t, w), alive(t, w)
			if err := w.Processes[0].Start(); err != nil {
				t.Fatal(err)
			}
			before := asked(w)
			if len(good) < 3 { // under load, one or two were about to be refreshed
				t.Errorf("only %d tokens are still good", len(good))
			}
			for _, conn := range w.Connections {
				if !good[conn.ID] {
					continue
				}
				if loan := lend(t, w, conn); !loan.OK() {
					t.Errorf("a token that is still good: %+v", loan)
				}
			}
			if after := asked(w); after != before {
				t.Errorf("%d token requests were made for tokens that are still good", after-before)
			}
			holdEachTo(t, w, restored, newest)
			fleet.Report(t, w.VerifyAudit(t))
			if n := w.Rows(t, "SELECT count(*) FROM audit_events WHERE action = 'backup.restored'"); n[0][0] != "2" { // the tenant and the platform
				t.Errorf("the audit logs tell of it %s times", n[0][0])
			}
		})
	}
}

func replicas(s fleet.Storage) int {
	if s == fleet.Postgres {
		return 2
	}
	return 1
}

// underLoad runs f while tokens are borrowed and refreshed.
func underLoad(t *testing.T, w *fleet.World, f func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for i := range 2 {
		b := w.Borrower(w.Tenants[0], fmt.Sprint("borrower ", i))
		defer b.Close()
		n := i
		load.Go(func() {
			b.Loop(ctx, 0, func() (*fleet.Process, *fleet.Connection) {
				n++
				return w.Processes[n%len(w.Processes)], w.Connections[n%connections]
			})
		})
	}
	refreshed := make(chan struct{})
	load.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			w.Expire(t, w.Connections[2+n%2])
			if n == 1 {
				close(refreshed)
			}
		}
	})
	<-refreshed
	f()
	stop()
	load.Wait()
}

func lend(t *testing.T, w *fleet.World, c *fleet.Connection) judge.Loan {
	t.Helper()
	b := w.Borrower(c.Of, "the test")
	defer b.Close()
	return b.Lend(t.Context(), w.Processes[0], c, fleet.Wish{})
}

// versions are the generations of the tokens of all connections, by id.
func versions(t *testing.T, w *fleet.World) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, row := range w.Rows(t, "SELECT id, version FROM grants") {
		all[row[0]] = row[1]
	}
	return all
}

// alive are the connections whose access token has not expired.
func alive(t *testing.T, w *fleet.World) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, row := range w.Rows(t, "SELECT id FROM grants WHERE expires_at > $1", time.Now().UnixMicro()) {
		all[row[0]] = true
	}
	return all
}

// asked counts the refreshes that the provider was asked for.
func asked(w *fleet.World) (n int) {
	for _, e := range w.Provider.Events() {
		if e.Kind == zohosim.EventRefresh {
			n++
		}
	}
	return n
}

// holdEachTo lets all tokens expire and borrows: a connection whose refresh token
// was replaced since the backup is lost, after one request, and no other.
func holdEachTo(t *testing.T, w *fleet.World, restored, newest map[string]string) {
	t.Helper()
	spent := 0
	for _, c := range w.Connections {
		w.ExpireUnseen(t, c)
	}
	w.Announce(t, w.Tenants[0])
	for _, c := range w.Connections {
		before := asked(w)
		loan := lend(t, w, c)
		if restored[c.ID] == newest[c.ID] {
			if !loan.OK() {
				t.Errorf("nobody replaced the refresh token of %s: %+v", c.ID, loan)
			}
			continue
		}
		spent++
		if loan.Status != http.StatusConflict || loan.Code != "reconnect_required" || loan.Reason != "lost_since_backup" {
			t.Errorf("the refresh token of %s was replaced: %+v", c.ID, loan)
		}
		lend(t, w, c)
		if n := asked(w) - before; n != 1 {
			t.Errorf("it was tried %d times", n)
		}
	}
	if spent == 0 || spent == len(w.Connections) {
		t.Errorf("%d of %d were spent: nothing is proved", spent, len(w.Connections))
	}
}

// noSecretIn holds that the file has no secret and is its owner's alone.
func noSecretIn(t *testing.T, w *fleet.World, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range w.Secrets() {
		if bytes.Contains(content, []byte(text)) {
			t.Errorf("the backup holds %s", name)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

// what does not fit is refused before anything is touched.
func TestARestoreThatDoesNotFitTouchesNothing(t *testing.T) {
	w := fleet.New(t, fleet.Options{})
	file := filepath.Join(t.TempDir(), "backup")
	w.MustRun(t, nil, "backup", file)
	refused := func(why string, want string, args ...string) {
		t.Helper()
		code, out, said := w.Run(t, args...)
		if code != 5 || !strings.Contains(said, want) {
			t.Errorf("%s: %d, %s%s", why, code, out, said)
		}
	}
	refused("a file that is there", "is there already", "backup", file)
	refused("a running server", "serves this database already", "restore", "--replace", file)
	if err := w.Processes[0].Terminate(); err != nil {
		t.Fatal(err)
	}
	refused("a database that is there", "There is a database already", "restore", file)

	keyring := w.Move(t, fleet.SQLite)
	nothing := func(why string) {
		t.Helper()
		if left, err := filepath.Glob(filepath.Join(w.Processes[0].DataDir(), "latchkey.db*")); err != nil || len(left) > 1 || len(left) == 1 && !strings.HasSuffix(left[0], ".lock") {
			t.Errorf("%s left %v, %v", why, left, err)
		}
	}
	keys, err := os.ReadFile(keyring)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(keyring); err != nil {
		t.Fatal(err)
	}
	refused("no keyring", "does not open this backup", "restore", file)
	nothing("no keyring")
	w.MustRun(t, nil, "keyring", "create", keyring)
	refused("another keyring", "does not open this backup", "restore", file)
	nothing("another keyring")
	if err := os.WriteFile(keyring, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for why, bad := range map[string][]byte{"a cut file": content[:len(content)/2], "an altered file": bytes.Replace(content, []byte("acme"), []byte("acne"), 1)} {
		path := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(why, "The backup cannot be used", "restore", path)
		nothing(why)
	}
	w.MustRun(t, nil, "restore", file)
	var done struct {
		Aside string `json:"moved_aside"`
	}
	w.MustRun(t, &done, "restore", "--replace", "--json", file)
	if _, err := os.Stat(done.Aside); err != nil {
		t.Errorf("the database that was there: %v", err)
	}
	if err := w.Processes[0].Start(); err != nil {
		t.Fatal(err)
	}
	if loan := lend(t, w, w.Connections[0]); !loan.OK() {
		text, _ := json.Marshal(loan)
		t.Errorf("afterwards: %s", text)
	}
}
