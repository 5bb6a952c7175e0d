package chaos_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

	"latchkey/test/fleet"
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
	s.port, err = fleet.FreePort(t.Context())
	must(t, err)
	s.start()
	t.Cleanup(func() {
		if s.run != nil {
			s.end(syscall.SIGQUIT)
		}
	})
	s.exec("postgres", "CREATE DATABASE latchkey")
	return s
}

// folder makes a folder that the server's user may enter, unlike those of tests. It
// is in memory where there is room for the clusters of all experiments: containers
// often have next to none.
func folder(t testing.TB) string {
	t.Helper()
	const shm, room, pattern = "/dev/shm", 2 << 30, "latchkey-chaos-"
	var fs syscall.Statfs_t
	dir, err := "", syscall.Statfs(shm, &fs)
	if err == nil && fs.Bavail*uint64(fs.Bsize) >= room {
		dir, err = os.MkdirTemp(shm, pattern)
	}
	if dir == "" {
		dir, err = os.MkdirTemp("", pattern)
	}
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
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/lib/postgresql*/bin"} {
		dirs, _ := filepath.Glob(filepath.Join(pattern, "initdb")) // the patterns are well-formed
		found = append(found, dirs...)
	}
	if len(found) > 0 {
		longest := func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) } // 9 is older than 15
		return filepath.Dir(slices.MaxFunc(found, longest))
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
	sessions := children(pid)
	_ = s.run.cmd.Process.Signal(with) // it may have gone by itself
	<-s.run.gone
	s.run = nil
	for _, child := range sessions {
		for syscall.Kill(child, with) == nil { // orphans go on until they look up
			time.Sleep(time.Millisecond)
		}
	}
}

// children are the processes that a process has started and that live.
func children(pid int) (found []int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", pid)) // a process that is gone has none
	for id := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(id); err == nil {
			found = append(found, child)
		}
	}
	return found
}

// limitFiles limits the size of the files that the server's processes write, by
// prlimit(1): as the server's user that needs no further right.
func (s *server) limitFiles(bytes string) {
	s.t.Helper()
	postmaster := s.run.cmd.Process.Pid
	for _, pid := range append([]int{postmaster}, children(postmaster)...) {
		cmd := s.command("prlimit", "--pid", strconv.Itoa(pid), "--fsize="+bytes+":")
		cmd.Path, cmd.Err = "/usr/bin/prlimit", nil
		if out, err := cmd.CombinedOutput(); err != nil && syscall.Kill(pid, 0) == nil { // it may have gone meanwhile
			s.t.Fatalf("PostgreSQL's files cannot be limited, and no disk can be mounted: %v: %s", err, out)
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
