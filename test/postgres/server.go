package postgres

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
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
	"latchkey/crypto/token"
)

// Server is a PostgreSQL server to make databases on.
type Server struct {
	base   *url.URL // of its maintenance database
	folder *folder  // nil for a server that is not ours to stop
	stop   chan struct{}
	gone   chan struct{}

	filling sync.Mutex
	filled  string // the database that [CopyOf] copies, once there is one
}

// Start starts a server, or takes the one that LATCHKEY_TEST_POSTGRES_URL names.
// Most tests want [URL] instead.
func Start() (*Server, error) {
	if text := os.Getenv("LATCHKEY_TEST_POSTGRES_URL"); text != "" {
		base, err := url.Parse(text)
		if err != nil {
			return nil, errors.New("LATCHKEY_TEST_POSTGRES_URL is no URL") // it may hold a password
		}
		s := &Server{base: base}
		return s, s.makeRoles(context.Background())
	}
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	f, err := makeFolder()
	if err != nil {
		return nil, err
	}
	s, err := boot(bin, f)
	if err != nil {
		f.remove()
		return nil, err
	}
	if err := s.makeRoles(context.Background()); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Stop stops the server, if it is ours, and removes its data.
func (s *Server) Stop() {
	if s.folder == nil {
		return
	}
	close(s.stop)
	<-s.gone
	s.folder.remove()
}

// boot makes a database cluster in f and starts its server.
func boot(bin string, f *folder) (*Server, error) {
	credential, err := unprivileged()
	if err != nil {
		return nil, err
	}
	if credential != nil {
		if err := os.Chown(f.path, int(credential.Uid), int(credential.Gid)); err != nil {
			return nil, fmt.Errorf("handing the folder to the server's user: %w", err)
		}
	}
	data := filepath.Join(f.path, "data")
	initdb := command(f.path, credential, bin, "initdb", "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a PostgreSQL cluster: %w\n%s", err, out)
	}
	// The port is free when it is chosen and may be taken when it is used.
	for range 5 {
		var s *Server
		if s, err = launch(bin, f, data, credential); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func launch(bin string, f *folder, data string, credential *syscall.Credential) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := command(f.path, credential, bin, "postgres", "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+f.path,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_connections=200")
	log, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	dieWithParent(cmd)
	s := &Server{
		base:   &url.URL{Scheme: "postgres", User: url.User("postgres"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable"},
		folder: f,
		stop:   make(chan struct{}),
		gone:   make(chan struct{}),
	}
	started := make(chan error)
	go s.own(cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	if err := awaitReady(log); err != nil {
		close(s.stop)
		<-s.gone
		return nil, err
	}
	return s, nil
}

// own runs the server until it is to stop. The kernel kills the server when the
// thread ends that started it, so this goroutine keeps one thread to itself.
func (s *Server) own(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.gone)
	err := cmd.Start()
	started <- err
	if err != nil {
		return
	}
	<-s.stop
	_ = cmd.Process.Signal(syscall.SIGQUIT) // at once; it may be gone already
	_ = cmd.Wait()                          // a server that was told to quit reports a failure
}

// awaitReady reads the server's log until it takes connections, and goes on
// reading it afterwards so that the server never waits for a reader.
func awaitReady(log io.Reader) error {
	var said strings.Builder
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			go io.Copy(io.Discard, log)
			return nil
		}
		said.WriteString(lines.Text() + "\n")
	}
	return fmt.Errorf("PostgreSQL did not start:\n%s", said.String())
}

func command(dir string, credential *syscall.Credential, bin, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(bin, name), args...)
	cmd.Dir = dir // the working folder of the test may be closed to the server's user
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	return cmd
}

// unprivileged returns whom to run the server as, nil being ourselves: PostgreSQL
// refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("reading the ids of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// create makes an empty database and returns its name and address.
func (s *Server) create(ctx context.Context, original string) (name, address string, err error) {
	name = "latchkey_test_" + token.RandomSlug(12)
	if err := s.exec(ctx, "CREATE DATABASE "+name+" OWNER "+owner+" TEMPLATE "+original); err != nil {
		return "", "", fmt.Errorf("creating a database: %w", err)
	}
	u := *s.base
	u.Path, u.User = "/"+name, s.as(owner)
	if original != template {
		return name, u.String(), nil // it is let serve as the original was
	}
	if err := run(ctx, u.String(), letServe); err != nil {
		return "", "", fmt.Errorf("preparing a database: %w", err)
	}
	return name, u.String(), nil
}

// drop removes a database even where connections to it are open.
func (s *Server) drop(ctx context.Context, name string) error {
	if err := s.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("dropping a database: %w", err)
	}
	return nil
}

func (s *Server) exec(ctx context.Context, sql string) error { return run(ctx, s.base.String(), sql) }

func run(ctx context.Context, address, sql string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}
