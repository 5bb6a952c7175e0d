package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a PostgreSQL server of one experiment, to be killed and started again.
// Unlike that of package postgres it keeps what it has confirmed.
type server struct {
	t    testing.TB
	bin  string
	dir  string
	port int
	as   *syscall.Credential
	run  *running // nil while it is down
}

type running struct {
	cmd  *exec.Cmd
	gone chan struct{}
}

// startPostgres makes a cluster in an empty folder that it is given, starts it and
// makes a database.
func startPostgres(t testing.TB, dir string) *server {
	t.Helper()
	s := &server{t: t, bin: programs(t), dir: filepath.Join(dir, "cluster"), as: unprivileged(t)}
	if s.as != nil {
		must(t, os.Chown(dir, int(s.as.Uid), int(s.as.Gid)))
	}
	out, err := s.command("initdb", "-D", s.dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1").CombinedOutput()
	if err != nil {
		t.Fatalf("making a cluster: %v\n%s", err, out)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	s.port = l.Addr().(*net.TCPAddr).Port
	must(t, l.Close())
	s.start()
	t.Cleanup(func() {
		if s.run != nil {
			s.end(syscall.SIGQUIT)
		}
	})
	s.exec("postgres", "CREATE DATABASE latchkey")
	return s
}

// folder makes a folder that the server's user may enter, unlike those of tests.
func folder(t testing.TB) string {
	t.Helper()
	root := "/dev/shm"
	if _, err := os.Stat(root); err != nil {
		root = ""
	}
	dir, err := os.MkdirTemp(root, "latchkey-chaos-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// programs finds the programs of the newest PostgreSQL here.
func programs(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("PG_BIN"); dir != "" {
		return dir
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the patterns are well-formed
	more, _ := filepath.Glob("/usr/pgsql-*/bin")
	if found = append(found, more...); len(found) > 0 {
		return slices.Max(found)
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		t.Fatal("no PostgreSQL here, and these tests need it: apt-get install -y postgresql")
	}
	return filepath.Dir(path)
}

// unprivileged is whom the server runs as; nil is ourselves. It refuses to be root.
func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	must(t, err)
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	must(t, errors.Join(err1, err2))
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = filepath.Dir(s.dir)
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Pdeathsig: syscall.SIGQUIT}
	return cmd
}

// start starts the server and waits until it takes connections. What is left of a
// server that was killed keeps the next one from starting for a moment.
func (s *server) start() {
	s.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if s.run == nil {
			s.launch()
		}
		if s.answers() {
			return
		}
		select {
		case <-s.run.gone:
			s.run = nil
		default:
		}
		if time.Now().After(deadline) {
			s.t.Fatal("PostgreSQL does not start")
		}
	}
}

// launch starts the program. The kernel ends it with the thread that started it,
// so that one is kept.
func (s *server) launch() {
	s.t.Helper()
	r := &running{gone: make(chan struct{})}
	r.cmd = s.command("postgres", "-D", s.dir, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "dynamic_shared_memory_type=mmap", "-c", "fsync=off",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_connections=100")
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(r.gone)
		err := r.cmd.Start()
		started <- err
		if err == nil {
			_ = r.cmd.Wait() // how it ends is the experiment's doing
		}
	}()
	must(s.t, <-started)
	s.run = r
}

func (s *server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// end ends the server with a signal: SIGKILL, as if the machine died, or SIGQUIT,
// which is its «immediate» shutdown. It returns when nobody answers any more.
func (s *server) end(with syscall.Signal) {
	s.t.Helper()
	pid := s.run.cmd.Process.Pid
	sessions, _ := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", pid))
	_ = s.run.cmd.Process.Signal(with) // it may have gone by itself
	<-s.run.gone
	s.run = nil
	for text := range strings.FieldsSeq(string(sessions)) {
		child, err := strconv.Atoi(text)
		must(s.t, err)
		for syscall.Kill(child, with) == nil { // orphans go on until they look up
			time.Sleep(time.Millisecond)
		}
	}
}

// url is the address of a database.
func (s *server) url(database string, settings ...string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User("postgres"), Host: fmt.Sprintf("127.0.0.1:%d", s.port), Path: "/" + database,
		RawQuery: strings.Join(append([]string{"sslmode=disable"}, settings...), "&"),
	}
	return u.String()
}

// exec carries out a statement, in a session that may write whatever the database
// is set to.
func (s *server) exec(database, statement string) {
	s.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.url(database, "default_transaction_read_only=off"))
	must(s.t, err)
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		s.t.Fatal(err)
	}
}
