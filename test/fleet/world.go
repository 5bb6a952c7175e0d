package fleet

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/test/judge"
	"latchkey/test/postgres"
	"latchkey/zohosim"
)

// Storage is a kind of database.
type Storage string

// The storages.
const (
	SQLite   Storage = "sqlite"
	Postgres Storage = "postgres"
)

// Storages are both.
var Storages = [...]Storage{SQLite, Postgres}

// Options say what a world is made of. The zero Options are one server on SQLite,
// with one tenant that has one connection, at a provider without limits whose
// refresh tokens do not rotate.
type Options struct {
	Storage Storage
	// Database is the address of an empty database of the test's own. Without it
	// one is made, which goes with the test.
	Database string
	// DatabaseURL is where the servers find the database, if not where it is: a
	// proxy before it, for instance. It gets the true address.
	DatabaseURL func(url string) string
	Replicas    int      // how many servers; 0 is one. SQLite allows one
	Tenants     []string // slugs; none are "acme" alone
	Empty       bool     // no tenant, and nothing approved: the test does it all
	Connections int      // of each tenant; 0 is one
	// Zoho is how the provider behaves. RotateRefreshTokens also tells the broker
	// that they rotate.
	Zoho zohosim.Switches
	// Limits keeps the limits of Zoho, and the broker's budgets that respect them.
	Limits bool
	// Settings are added to those of the servers, or replace them:
	// "LATCHKEY_STALE_GRACE=5s".
	Settings []string
	Types    map[string]string // more integration types, by file name
	Race     bool              // build the program with the race detector
	Program  string            // path of another program than this tree's, to begin with
}

// World is an installation: servers, a database, a provider, and tenants whose
// connections are approved.
type World struct {
	Options
	Dir         string // of everything that is kept
	URL         string // of the database itself
	Provider    *Provider
	Processes   []*Process
	Tenants     []*Tenant
	Connections []*Connection // of all tenants
	Loans       *Log          // of every borrower of this world

	path    string // of the program
	environ []string

	mu      sync.Mutex
	crashes []judge.Crash
}

// New makes a world and starts its servers. They are killed when the test ends;
// if it failed, their logs are shown.
func New(t testing.TB, o Options) *World {
	t.Helper()
	if o.Storage == "" {
		o.Storage = SQLite
	}
	w := &World{Options: o, Dir: t.TempDir(), Loans: &Log{}, path: o.Program}
	if w.path == "" {
		w.path = Binary(t, o.Race)
	}
	w.startProvider(t)
	w.makeDatabase(t)
	for i := range max(1, o.Replicas) {
		w.addProcess(t, fmt.Sprintf("server %d", i+1))
	}
	must(t, w.Processes[0].Start())
	slugs := o.Tenants
	if len(slugs) == 0 && !o.Empty {
		slugs = []string{"acme"}
	}
	for _, slug := range slugs {
		tenant := w.addTenant(t, slug)
		for range max(1, o.Connections) {
			w.Connect(t, tenant)
		}
	}
	for _, p := range w.Processes[1:] {
		must(t, p.Start())
	}
	return w
}

// publicURL needs no port: whoever speaks to a process dials it whatever the host
// is called, as a proxy would.
const publicURL authmethods.PublicURL = "http://{tenant}.localhost"

// dataDir begins the setting that names the data directory.
const dataDir = "LATCHKEY_DATA_DIR="

func (w *World) makeDatabase(t testing.TB) {
	t.Helper()
	data, keyring := filepath.Join(w.Dir, "data"), filepath.Join(w.Dir, "keyring")
	types := filepath.Join(w.Dir, "types")
	must(t, os.Mkdir(types, 0o700))
	must(t, os.Mkdir(data, 0o700))
	must(t, w.Provider.writeTypes(types, w.Limits, w.Zoho.RotateRefreshTokens, w.Types))
	switch {
	case w.Database != "":
		w.URL = w.Database
	case w.Storage == Postgres:
		w.URL = postgres.URL(t)
	default:
		w.URL = "sqlite:" + filepath.Join(data, "latchkey.db")
	}
	seen := w.URL
	if w.DatabaseURL != nil {
		seen = w.DatabaseURL(w.URL)
	}
	w.environ = settings([]string{
		dataDir + data, "LATCHKEY_DATABASE_URL=" + seen, "LATCHKEY_KEYRING_FILE=" + keyring,
		"LATCHKEY_PUBLIC_URL=" + string(publicURL), "LATCHKEY_LISTEN=127.0.0.1:0", "LATCHKEY_INTERNAL_LISTEN=127.0.0.1:0",
		"LATCHKEY_OUTBOUND_ALLOW=127.0.0.0/8", "LATCHKEY_INTEGRATIONS_DIR=" + types,
		"LATCHKEY_STALE_GRACE=30s", "LATCHKEY_LOG_LEVEL=debug", "LATCHKEY_LOG_FORMAT=json",
	}, w.Settings)
	w.MustRun(t, nil, "keyring", "create", keyring)
}

// settings lets later settings replace earlier ones. Nothing else of our own
// environment reaches the program but what the Go runtime heeds.
func settings(lists ...[]string) []string {
	last := map[string]string{"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME")}
	for _, name := range []string{"GORACE", "GOCOVERDIR", "GODEBUG", "GOMAXPROCS"} {
		if value, ok := os.LookupEnv(name); ok {
			last[name] = value
		}
	}
	for _, entry := range slices.Concat(lists...) {
		name, value, _ := strings.Cut(entry, "=")
		last[name] = value
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(last)) {
		all = append(all, name+"="+last[name])
	}
	return all
}

// addProcess makes one more server, not started yet. Replicas share the keyring and
// the database; each has a data directory of its own, as if on a machine of its own.
func (w *World) addProcess(t testing.TB, name string) *Process {
	t.Helper()
	p := &Process{Name: name, path: w.path, dir: w.Dir, environ: w.environ, world: w}
	if w.Storage == Postgres {
		own := filepath.Join(w.Dir, "data of "+name)
		must(t, os.Mkdir(own, 0o700))
		p.environ = settings(w.environ, []string{dataDir + own}, w.Settings)
	}
	w.Processes = append(w.Processes, p)
	t.Cleanup(func() {
		if p.Running() {
			_ = p.Continue() // it may be stopped
			_ = p.Kill()     // it may have gone meanwhile
		}
		if t.Failed() {
			t.Logf("log of %s (its end):\n%s", name, tail(p.Log(), 40))
		}
	})
	return p
}

func tail(log string, n int) string {
	all := strings.SplitAfter(log, "\n")
	return strings.Join(all[max(0, len(all)-n-1):], "")
}

func (w *World) startProvider(t testing.TB) {
	t.Helper()
	sw := w.Zoho
	if !w.Limits {
		life := sw.AccessTokenSeconds
		sw.Limits = zohosim.Limits{
			AccessTokensPerRefreshToken: -1, RefreshesPerWindow: -1, RefreshTokensPerUser: -1,
			NewRefreshTokensPerWindow: -1, CodesPerWindow: -1, AccessTokenSeconds: life,
			DeskCreditsPerDay: -1, DeskConcurrency: -1,
		}
	}
	var err error
	w.Provider, err = startProvider(sw)
	must(t, err)
	t.Cleanup(func() { _ = w.Provider.Close() })
}

func (w *World) addCrash(c judge.Crash) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crashes = append(w.crashes, c)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
