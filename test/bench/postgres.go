package main

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
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a PostgreSQL server to make databases on.
type cluster struct {
	base *url.URL // of its maintenance database
	cmd  *exec.Cmd
	dir  string
	made int
}

// startCluster takes the server at address, or with none starts one of its own that
// lives as long as this run. Nothing of it is kept, so it does not wait for the
// disk; Latchkey's own settings for its connections still count.
func startCluster(ctx context.Context, address string) (*cluster, error) {
	if address != "" {
		base, err := url.Parse(address)
		if err != nil {
			return nil, errors.New("-postgres is no URL") // it may hold a password
		}
		return &cluster{base: base}, nil
	}
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "latchkey-bench-postgres-")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir}
	if err := c.boot(ctx, bin); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func postgresPrograms() (string, error) {
	if dir := os.Getenv("PG_BIN"); dir != "" {
		return dir, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is well-formed
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", errors.New("no PostgreSQL here: apt-get install -y postgresql, or set PG_BIN, or give -postgres URL")
	}
	return filepath.Dir(slices.Max(found)), nil
}

func (c *cluster) boot(ctx context.Context, bin string) error {
	as, err := unprivileged()
	if err != nil {
		return err
	}
	if as != nil {
		if err := os.Chown(c.dir, int(as.Uid), int(as.Gid)); err != nil {
			return fmt.Errorf("handing the folder to the server's user: %w", err)
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = c.dir, &syscall.SysProcAttr{Credential: as}
		cmd.Env = []string{"LC_ALL=C", "TZ=UTC"}
		return cmd
	}
	data := filepath.Join(c.dir, "data")
	initdb := command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("making a PostgreSQL cluster: %w\n%s", err, out)
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(address) // it was made a line ago
	c.base = &url.URL{Scheme: "postgres", User: url.User("postgres"), Host: address, Path: "/postgres", RawQuery: "sslmode=disable"}
	c.cmd = command("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=256MB")
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	return c.awaitReady(ctx)
}

func (c *cluster) awaitReady(ctx context.Context) error {
	for end := time.Now().Add(30 * time.Second); ; {
		err := c.exec(ctx, "SELECT 1")
		if err == nil || time.Now().After(end) {
			return err
		}
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// create makes an empty database and returns its address.
func (c *cluster) create(ctx context.Context) (string, error) {
	c.made++
	name := "latchkey_bench_" + strconv.Itoa(os.Getpid()) + "_" + strconv.Itoa(c.made)
	if err := c.exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("creating a database: %w", err)
	}
	u := *c.base
	u.Path = "/" + name
	return u.String(), nil
}

// drop removes a database; stop removes those that are left on a server of its own.
func (c *cluster) drop(ctx context.Context, address string) {
	u, err := url.Parse(address)
	if err == nil {
		err = c.exec(ctx, "DROP DATABASE "+u.Path[1:]+" WITH (FORCE)")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "a database is left behind:", err)
	}
}

func (c *cluster) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, c.base.String())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

func (c *cluster) stop() {
	if c.cmd != nil && c.cmd.Process != nil {
		_ = c.cmd.Process.Signal(syscall.SIGQUIT) // at once; it may be gone already
		_ = c.cmd.Wait()                          // a server that was told to quit reports a failure
	}
	if c.dir != "" {
		os.RemoveAll(c.dir)
	}
}

// unprivileged returns whom to run the server as, nil being ourselves: PostgreSQL
// refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root: %w", err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("reading the ids of the user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
