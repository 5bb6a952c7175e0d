package feed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/authmethods/db"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

// pooled puts PgBouncer in transaction mode, with two connections for all, before
// the database at address, and returns the address that it answers at.
func pooled(t *testing.T, address string) *url.URL {
	t.Helper()
	server, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	program := pooler(t)
	password, ok := server.User.Password()
	if ok {
		password = fmt.Sprintf(" password='%s'", password)
	}
	port := freePort(t)
	config := filepath.Join(t.TempDir(), "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
pooled = host=%s port=%s dbname=%s user=%s%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
`, server.Hostname(), server.Port(), strings.TrimPrefix(server.Path, "/"), server.User.Username(), password, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{config}
	if os.Geteuid() == 0 {
		args = append(args, "-u", "nobody") // it refuses to run as root
	}
	run(t, exec.Command(program, args...))
	return &url.URL{Scheme: "postgres", User: url.User("anybody"), Host: fmt.Sprintf("127.0.0.1:%d", port), Path: "/pooled", RawQuery: "sslmode=disable"}
}

func pooler(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no pgbouncer here, and CI leaves nothing out: apt-get install -y pgbouncer")
	}
	t.Skip("no pgbouncer here: apt-get install -y pgbouncer")
	return ""
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// run starts a pooler, waits until it says that it is up, and stops it when the
// test ends.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone
		reading.Wait()
		_ = cmd.Wait() // reports that it was killed
	})
	var said strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "process up") {
			reading.Go(func() { io.Copy(io.Discard, log) })
			return
		}
	}
	t.Fatalf("the pooler did not start:\n%s", said.String())
}

var (
	readTwice = db.Prepare(`SELECT e.client_version, e.secret_set_at, {now} FROM method_environments e WHERE e.tenant_id = {tenant} AND e.id = ?`)
	write     = db.Prepare(`UPDATE method_environments SET client_version = client_version + 1, client_secret = ?, secret_set_at = {now} + ?, enabled = ?
		WHERE method_environments.tenant_id = {tenant} AND id = ? RETURNING client_version`)
	remember = db.Prepare(`INSERT INTO taken_references (tenant_id, id, kind, reference, created_at, updated_at)
		VALUES ({tenant}, ?, ?, ?, {now}, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET kind = excluded.kind`)
)

func TestBehindAPoolerByTransactionsEverythingWorksAndChangesAreFoundByPolling(t *testing.T) {
	address := postgres.URL(t)
	direct := storage.Open(t, address)
	raw := storage.Raw(t, address)
	storage.Seed(t, raw, direct.Dialect())
	through := pooled(t, postgres.Served(address))
	open := func(mode string) (*db.DB, error) {
		u := *through
		if mode != "none named" {
			u.RawQuery += "&default_query_exec_mode=" + mode
		}
		return db.Connect(t.Context(), db.Options{URL: u.String()})
	}
	if _, err := raw.ExecContext(t.Context(), "ALTER DATABASE "+strings.TrimPrefix(mustParse(t, address).Path, "/")+" SET synchronous_commit = on"); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"none named", "exec", "cache_describe", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			d, err := open(mode)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			storeThrough(t, d)
			nothingIsLeft(t, through)
			pollThrough(t, d, direct)
		})
	}
	if d, err := open("describe_exec"); err == nil {
		d.Close()
		t.Error("a mode that mixes up statements is taken")
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// storeThrough runs statements from many goroutines at once, inside transactions
// and outside.
func storeThrough(t *testing.T, d *db.DB) {
	t.Helper()
	in, err := db.NewSystem(d).For(storage.TenantA, "test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, id := t.Context(), storage.RowID(storage.TenantA)
	once := func(in db.Tenant) error {
		var version int64
		var at, now db.Time
		_, err := db.Exec(ctx, in, remember, "r", "k", "reference", 1)
		return errors.Join(err,
			db.QueryRow(ctx, in, write, []any{[]byte(nil), time.Hour.Microseconds(), true, id}, &version),
			db.QueryRow(ctx, in, write, []any{[]byte{1, 2}, time.Hour.Microseconds(), false, id}, &version),
			db.QueryRow(ctx, in, readTwice, []any{id}, &version, &at, &now),
			db.Announce(ctx, in, string(Method), "stored"))
	}
	var group sync.WaitGroup
	errs := make([]error, 12)
	for i := range errs {
		group.Go(func() {
			for range 10 {
				errs[i] = errors.Join(errs[i], once(in), db.Tx(ctx, in, once))
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if held, err := db.Hold(ctx, db.NewSystem(d), "duty", "a", time.Minute); !held || err != nil {
		t.Errorf("holding a duty: %t, %v", held, err)
	}
}

// nothingIsLeft looks, on whatever connections the pooler lends, whether one still
// knows whose rows somebody before might see.
func nothingIsLeft(t *testing.T, through *url.URL) {
	t.Helper()
	for range 20 {
		conn, err := pgx.Connect(t.Context(), through.String())
		if err != nil {
			t.Fatal(err)
		}
		var sight string
		var rows int
		err = conn.QueryRow(t.Context(), "SELECT COALESCE(current_setting('latchkey.tenant', true), ''), (SELECT count(*) FROM methods)",
			pgx.QueryExecModeSimpleProtocol).Scan(&sight, &rows)
		if sight != "" || rows != 0 || err != nil {
			t.Errorf("a connection shows %d rows, of %q: %v", rows, sight, err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func pollThrough(t *testing.T, d, direct *db.DB) {
	t.Helper()
	sys := db.NewSystem(d)
	if sys.Notifies() {
		t.Error("it would listen in vain")
	}
	w := New(sys, nil)
	heard := make(chan Change, 1000)
	w.Subscribe(func(c Change) { heard <- c })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	defer running.Wait()
	defer cancel()
	if c := <-heard; c.Kind != Everything {
		t.Fatalf("first it said %+v", c)
	}
	for _, from := range []*db.DB{direct, d} {
		announce(t, from, "behind the pooler")
		for c := range heard {
			if c.Object == "behind the pooler" {
				break
			}
		}
	}
}

func TestAPoolerBeforeADatabaseThatForgetsCommitsIsRefused(t *testing.T) {
	address := postgres.URL(t)
	raw := storage.Raw(t, address)
	if _, err := raw.ExecContext(t.Context(), "ALTER DATABASE "+strings.TrimPrefix(mustParse(t, address).Path, "/")+" SET synchronous_commit = off"); err != nil {
		t.Fatal(err)
	}
	through := pooled(t, address)
	d, err := db.Connect(t.Context(), db.Options{URL: through.String()})
	if err == nil {
		d.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "SET synchronous_commit = on") {
		t.Errorf("connecting: %v", err)
	}
}
