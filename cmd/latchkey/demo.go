package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"latchkey/authmethods"
	"latchkey/zohosim"
)

type demoCommand struct {
	Once           bool   `help:"End after the demonstration instead of going on serving."`
	Listen         string `help:"Public listener (default: 127.0.0.1:8080, or a free port)." placeholder:"HOST:PORT"`
	InternalListen string `help:"Internal listener (default: 127.0.0.1:8081, or a free port)." placeholder:"HOST:PORT"`
	DataDir        string `help:"Keep the demonstration's database here; it must not hold one yet (default: a temporary directory, removed at the end)." placeholder:"DIR"`
}

// demo is a demonstration on a running server. It makes the tenant in the server's
// database, as an operator does, and does the rest over HTTP.
type demo struct {
	out      io.Writer
	began    time.Time
	storage  *storage
	sim      *zohosim.Server
	seed     zohosim.DemoSeed
	tenant   authmethods.Tenant
	origin   string // of the tenant's pages
	internal string // address of the internal API
	admin    string // key for the administration API
	service  string // key for borrowing
	token    string // id of the first token lent
	loginURL string // SSO login URL of the connector
}

func (c *demoCommand) Run(ctx context.Context, p *program) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, clean, err := c.directory()
	if err != nil {
		return err
	}
	defer clean()
	d := &demo{out: p.stdout, began: time.Now()}
	if d.sim, err = zohosim.Start(ctx, zohosim.Config{}, ""); err != nil {
		return err
	}
	defer d.sim.Close()
	a, err := c.startBroker(ctx, p, d, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.shutdown(context.WithoutCancel(ctx))) }()
	fmt.Fprintf(d.out, "Latchkey demonstration: a broker and a simulated Zoho, all on this machine.\n\n")
	if err := d.show(ctx); err != nil {
		return err
	}
	if c.Once {
		return nil
	}
	d.invite(dir)
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.failed:
		return err
	}
}

// directory is where the demonstration keeps its data, and what removes it.
func (c *demoCommand) directory() (dir string, clean func(), err error) {
	if c.DataDir == "" {
		dir, err = os.MkdirTemp("", "latchkey-demo-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	if _, err := os.Stat(filepath.Join(c.DataDir, databaseFile)); !errors.Is(err, fs.ErrNotExist) {
		return "", nil, &refusal{
			what:  c.DataDir + " holds a database already.",
			cause: "The simulator forgets everything when it ends, so that an earlier demonstration cannot go on.",
			do:    "Choose another directory, or remove that one.",
		}
	}
	return c.DataDir, func() {}, os.MkdirAll(c.DataDir, 0o700)
}

// startBroker starts a server just as «latchkey serve» does, on a configuration of
// its own.
func (c *demoCommand) startBroker(ctx context.Context, p *program, d *demo, dir string) (*app, error) {
	public, err := listenNear(ctx, c.Listen, "127.0.0.1:8080", c.Once)
	if err != nil {
		return nil, err
	}
	internal, err := listenNear(ctx, c.InternalListen, "127.0.0.1:8081", c.Once)
	if err != nil {
		return nil, errors.Join(err, public.Close())
	}
	cfg, err := demoConfig(dir, public, internal, d.sim.Sim)
	if err == nil {
		cfg.showcase = true
		d.storage, err = openStorage(ctx, cfg, true, newLogger(cfg, p.stderr))
	}
	if err != nil {
		return nil, errors.Join(err, public.Close(), internal.Close())
	}
	a := wire(cfg, d.storage, newLogger(cfg, p.stderr))
	d.internal = "http://" + internal.Addr().String()
	a.start(ctx, public, internal)
	return a, nil
}

// demoConfig is the configuration of a server that knows the simulator as Zoho.
func demoConfig(dir string, public, internal net.Listener, sim *zohosim.Sim) (*Config, error) {
	integrations := filepath.Join(dir, "integrations")
	if err := writeIntegrations(integrations, sim); err != nil {
		return nil, err
	}
	return readConfig([]string{
		"LATCHKEY_DATA_DIR=" + dir, "LATCHKEY_INTEGRATIONS_DIR=" + integrations, "LATCHKEY_OUTBOUND_ALLOW=127.0.0.0/8",
		"LATCHKEY_PUBLIC_URL=http://{tenant}.localhost:" + port(public),
		"LATCHKEY_LISTEN=" + public.Addr().String(), "LATCHKEY_INTERNAL_LISTEN=" + internal.Addr().String(),
		"LATCHKEY_LOG_LEVEL=warn", "LATCHKEY_LOG_FORMAT=text",
	})
}

// listenNear listens on what was asked for, or else on the usual address, or else
// on a free port of this machine.
func listenNear(ctx context.Context, asked, usual string, free bool) (net.Listener, error) {
	if asked != "" {
		return listen(ctx, asked)
	}
	if !free {
		if l, err := listen(ctx, usual); err == nil {
			return l, nil
		}
	}
	return listen(ctx, "127.0.0.1:0")
}

func port(l net.Listener) string {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "8080" // a Unix socket has none; pages cannot be opened there
	}
	return port
}

// invite says what can be done with the running demonstration.
func (d *demo) invite(dir string) {
	me := "latchkey"
	if exe, err := os.Executable(); err == nil {
		if me = exe; strings.Contains(exe, "go-build") {
			me = "go run ./cmd/latchkey"
		}
	}
	fmt.Fprintf(d.out, `It goes on running until Ctrl-C:
  tenant acme      %[1]s/
  internal API     %[2]s
  simulated Zoho   %[3]s/

Borrow a token yourself:
  curl -s %[2]s/internal/v1/tokens -H 'Authorization: Bearer %[4]s' \
    -H 'Content-Type: application/json' -d '{"method":"zoho-desk","environment":"production"}'
  LATCHKEY_URL=%[2]s LATCHKEY_API_KEY=%[4]s \
    %[5]s token get --method zoho-desk --output headers

Sign in in a browser, as ada@example.eu, sam@example.com or remy@example.ca (any password):
  %[10]s

Administer it (the key of an administrator):
  curl -s %[6]s/api/v1/auth-methods -H 'Authorization: Bearer %[7]s'
  LATCHKEY_DATA_DIR=%[8]s %[5]s audit verify

Say that Zoho refused the token; the broker replaces it, once however often that is said:
  curl -s %[2]s/internal/v1/tokens/%[9]s/rejections -H 'Authorization: Bearer %[4]s' \
    -H 'Content-Type: application/json' -d '{"status":401,"code":"INVALID_OAUTH"}'

Let Zoho refuse the next refresh and, after a quarter of a minute, ask for more life than the token has left:
  curl -s %[3]s/_sim/faults -d '{"kind":"too_many","path":"/oauth/v2/token"}'
  LATCHKEY_URL=%[2]s LATCHKEY_API_KEY=%[4]s \
    %[5]s token get --method zoho-desk --min-ttl 59m45s
`, d.origin, d.internal, d.sim.URL, d.service, me, d.origin, d.admin, dir, d.token, d.loginURL)
}
