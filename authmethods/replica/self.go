package replica

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"latchkey/authmethods/db"
)

const (
	// every is how often a server says that it runs.
	every = 3 * time.Second
	// life is how long a server is believed to run without saying so. It does not
	// trust its own memory for longer either: nobody could know that it must be
	// waited for.
	life = 15 * time.Second
	// trusted is how long memory is believed without news; see tokens.Lender.
	trusted = time.Second
	// margin is for clocks that do not go alike.
	margin = 2 * time.Second
	// patience is how long saying so may take.
	patience = 5 * time.Second
)

// Feed is what a server hears of changes. It is a [latchkey/authmethods/feed.Watcher].
type Feed interface {
	// Applied is the number of the latest change that everybody in this process has
	// been told of.
	Applied() int64
	// StaleFor is how long ago all changes were known last.
	StaleFor() time.Duration
}

// Options are what a Self needs.
type Options struct {
	System  db.System
	Feed    Feed
	ID      string // of this process
	Version string // of the program
	// Grace is how long this process lends from memory while the database is away.
	Grace time.Duration
	// Keys returns the ids of the key-encryption keys that this process holds; nil:
	// nobody needs to know.
	Keys func() []string
	// Alone says that no other server can run on this database.
	Alone bool
	Log   *slog.Logger
}

// Self is this process among the servers. It is a tokens.Freshness.
type Self struct {
	o       Options
	host    string
	started time.Time
	now     chan struct{}             // holds one when the next beat must not wait
	beaten  atomic.Pointer[time.Time] // the beginning of the last beat that succeeded
}

// New returns a Self that nobody knows of yet.
func New(o Options) *Self {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Self{o: o, host: host, started: time.Now(), now: make(chan struct{}, 1)}
}

// Run says that this process runs, until ctx ends.
func (s *Self) Run(ctx context.Context) {
	if s.o.Alone {
		if err := s.outlive(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("removing servers that are no more", "error", err)
		}
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Beat(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("saying that this server runs", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.now:
		}
	}
}

// Hurry has the next beat happen now, because somebody waits for it.
func (s *Self) Hurry() {
	select {
	case s.now <- struct{}{}:
	default:
	}
}

// Beat says that this process runs and what it has heard of.
func (s *Self) Beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begun := time.Now()
	r := &row{
		ID: s.o.ID, Host: s.host, Version: s.o.Version, StartedAt: db.At(s.started), SeenAt: db.At(begun),
		GraceMicros: s.o.Grace.Microseconds(), Applied: s.o.Feed.Applied(),
	}
	if s.o.Keys != nil {
		r.Keys = &db.JSON[[]string]{V: s.o.Keys()}
	}
	if err := s.write(ctx, r); err != nil {
		return err
	}
	s.beaten.Store(&begun)
	return nil
}

func (s *Self) write(ctx context.Context, r *row) error {
	sets := []db.Set{db.ToFromNow("seen_at", 0), db.To("applied", r.Applied)}
	if r.Keys != nil {
		sets = append(sets, db.To("keys", *r.Keys))
	}
	n, err := db.UpdateShared[row](ctx, s.o.System, sets, db.Eq("id", r.ID))
	if err != nil || n > 0 {
		return err
	}
	// The first time, or after so long a silence that others took the row away.
	return db.SystemTx(ctx, s.o.System, func(in db.System) error {
		if err := db.InsertShared(ctx, in, r); err != nil {
			return err
		}
		_, err := db.UpdateShared[row](ctx, in, sets, db.Eq("id", r.ID))
		return err
	})
}

// outlive removes the rows of servers that must be dead.
func (s *Self) outlive(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := db.DeleteShared[row](ctx, s.o.System, db.Not("id", s.o.ID))
	return err
}

// Leave takes this process off the list. It must not lend any more.
func (s *Self) Leave(ctx context.Context) error {
	s.beaten.Store(nil)
	_, err := db.DeleteShared[row](ctx, s.o.System, db.Eq("id", s.o.ID))
	return err
}

// Prune removes the servers that have not been heard of for so long that they
// cannot lend from memory, and some more.
func (s *Self) Prune(ctx context.Context) error {
	live, err := list(ctx, s.o.System)
	if err != nil {
		return err
	}
	var faults []error
	for _, r := range live {
		if r.Lapsed() && r.silent > time.Hour {
			_, err := db.DeleteShared[row](ctx, s.o.System, db.Eq("id", r.ID), db.Eq("seen_at", db.At(r.SeenAt)))
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// never is how stale a process is of which nobody knows.
const never = time.Duration(1<<63 - 1)

// StaleFor is how long ago this process last knew all changes, as one that others
// know to be running.
func (s *Self) StaleFor() time.Duration {
	beaten := s.beaten.Load()
	if beaten == nil {
		return never
	}
	stale := s.o.Feed.StaleFor()
	now := time.Now()
	silent := max(now.Sub(*beaten), now.Round(0).Sub(beaten.Round(0)))
	return max(stale, silent-life)
}
