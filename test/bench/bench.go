package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// sizes are the numbers of a run.
type sizes struct {
	rounds   int
	round    time.Duration // how long one goes on
	names    int           // connections that loans from memory are spread over
	stored   int           // connections that are asked once, from the store
	loaded   int           // connections of a full memory
	huge     int           // connections of a database beyond any memory
	perSec   int           // of the open loop
	open     time.Duration // how long the open loop goes on, a round
	idle     time.Duration
	starts   int
	sweep    int // tokens that are expired, or due
	herds    int // tokens that 64 callers ask for at once
	delay    time.Duration
	asking   time.Duration // for every connection to be asked once
	patience time.Duration // for a server to become idle
}

var whole = sizes{
	rounds: 5, round: 5 * time.Second, names: 10_000, stored: 50_000, loaded: 100_000, huge: 1_000_000,
	perSec: 1_500, open: 10 * time.Second, idle: 30 * time.Second, starts: 5, sweep: 10_000, herds: 20,
	delay: 50 * time.Millisecond, asking: 3 * time.Minute, patience: 2 * time.Minute,
}

var quick = sizes{
	rounds: 3, round: time.Second, names: 2_000, stored: 4_000, loaded: 10_000, huge: 30_000,
	perSec: 1_500, open: 2 * time.Second, idle: 3 * time.Second, starts: 1, sweep: 1_000, herds: 5,
	delay: 50 * time.Millisecond, asking: 10 * time.Second, patience: 3 * time.Second,
}

// inFlight is how many callers there are where the number is not said.
const inFlight = 64

// bench is one run of the benchmark.
type bench struct {
	sizes
	dir          string // of everything that the run makes
	program      string // the real server
	provider     *provider
	integrations string // directory of the types that lead to the provider
	postgres     string // address to use instead of a server of its own
	cluster      *cluster
	kept         map[string]*installation // databases that several experiments read
	served       int
	report       report
}

// newBench builds the server and starts the provider.
func newBench(ctx context.Context, s sizes, program, postgres string) (*bench, error) {
	b := &bench{sizes: s, program: program, postgres: postgres, kept: map[string]*installation{}}
	var err error
	if b.dir, err = os.MkdirTemp("", "latchkey-bench-"); err != nil {
		return nil, err
	}
	if b.program == "" {
		say("building the server")
		if b.program, err = buildServer(ctx, b.dir); err != nil {
			return b, err
		}
	}
	if b.provider, err = startProvider(s.delay); err != nil {
		return b, err
	}
	b.integrations = filepath.Join(b.dir, "integrations")
	if err := os.Mkdir(b.integrations, 0o700); err != nil {
		return b, err
	}
	return b, b.provider.integrations(b.integrations)
}

func (b *bench) close() {
	if b.cluster != nil {
		b.cluster.stop()
	}
	if b.provider != nil {
		b.provider.stop()
	}
	os.RemoveAll(b.dir)
}

// dialect is a kind of database.
type dialect string

const (
	sqlite     dialect = "SQLite"
	postgreSQL dialect = "PostgreSQL"
)

// install makes a new installation of so many connections.
func (b *bench) install(ctx context.Context, d dialect, connections int, l life) (*installation, error) {
	began := time.Now()
	dir, err := os.MkdirTemp(b.dir, "installation-")
	if err != nil {
		return nil, err
	}
	url := "sqlite:" + filepath.Join(dir, "latchkey.db")
	if d == postgreSQL {
		if b.cluster == nil {
			if b.cluster, err = startCluster(ctx, b.postgres); err != nil {
				return nil, err
			}
		}
		if url, err = b.cluster.create(ctx); err != nil {
			return nil, err
		}
	}
	i, err := newInstallation(ctx, dir, url, connections, l)
	if err == nil {
		say("seeded %d connections on %s in %s", connections, d, time.Since(began).Round(100*time.Millisecond))
	}
	return i, err
}

// fresh returns an installation of good tokens, made on first use.
func (b *bench) fresh(ctx context.Context, d dialect, connections int) (*installation, error) {
	name := fmt.Sprint(d, connections)
	if i := b.kept[name]; i != nil {
		return i, nil
	}
	i, err := b.install(ctx, d, connections, fresh(time.Now()))
	if err == nil {
		b.kept[name] = i
	}
	return i, err
}

// remove removes an installation that nobody needs any more.
func (b *bench) remove(ctx context.Context, i *installation) {
	if !i.sqlite() {
		b.cluster.drop(ctx, i.url)
	}
	os.RemoveAll(i.dir)
}

// say tells on standard error how far the run is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
