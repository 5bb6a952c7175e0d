package feed

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

const (
	interval = 250 * time.Millisecond
	// breath is the least time between polls, however many changes are announced.
	breath = 20 * time.Millisecond
	// fresh is how old the last successful poll may be while caches hold good.
	fresh = time.Second
	// overlap is how long before the last poll the next one begins. A change that
	// stays invisible for longer, because its transaction takes that long, is
	// missed; no transaction of ours comes near.
	overlap = 15 * time.Second
	// patience is how long a poll may take: a connection that hangs must not hide
	// that the feed is stale.
	patience   = 5 * time.Second
	keep       = time.Hour
	pruneEvery = 5 * time.Minute
)

// Watcher polls the changes and passes them on. Where it can it listens as well,
// to poll as soon as there is something; the polling is what can be relied upon.
type Watcher struct {
	sys     db.System
	log     *slog.Logger
	every   time.Duration // between polls
	now     chan struct{} // holds one when the next poll must not wait
	subs    []func(Change)
	hearers []func(authmethods.ID)
	marked  []func()
	last    atomic.Pointer[time.Time] // the beginning of the last successful poll
	seen    map[int64]bool            // numbers of the changes in the window that were passed on
	applied atomic.Int64              // the highest of them ever
}

// New returns a Watcher that is not running yet. log may be nil.
func New(sys db.System, log *slog.Logger) *Watcher {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Watcher{sys: sys, log: log, every: interval, now: make(chan struct{}, 1)}
}

// Subscribe has f called with every change. All calls come from one goroutine; f
// must not block. Subscribe before Run.
func (w *Watcher) Subscribe(f func(Change)) { w.subs = append(w.subs, f) }

// Marked has f called when a change of kind Mark, and all that was committed before
// it, has been passed on to everybody. f must not block. Marked before Run.
func (w *Watcher) Marked(f func()) { w.marked = append(w.marked, f) }

// Applied is the highest number of the changes that were passed on. Who has heard of
// a number has heard of all that was committed before that number was given.
func (w *Watcher) Applied() int64 { return w.applied.Load() }

// Run polls until ctx ends. It begins with a Change of kind Everything, since
// nothing is known of what happened before. All that it started has ended when it
// returns.
func (w *Watcher) Run(ctx context.Context) {
	var listening sync.WaitGroup
	listening.Go(func() { w.listen(ctx) })
	defer listening.Wait()
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	var pruned time.Time
	for {
		begun := time.Now()
		w.poll(ctx)
		if time.Since(pruned) > pruneEvery {
			pruned = time.Now()
			if err := db.PruneChanges(ctx, w.sys, keep); err != nil && ctx.Err() == nil {
				w.log.Warn("forgetting old changes", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.now:
			pace(ctx, breath-time.Since(begun))
		}
	}
}

// pace waits, if there is anything to wait for.
func pace(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (w *Watcher) poll(ctx context.Context) {
	start := time.Now()
	gap := w.staleAt(start)
	// After too long a silence, or the first time, the past does not matter: only
	// the window is read, to know what has been passed on by Everything.
	lost := gap > overlap
	window := 2 * overlap
	if !lost {
		window = overlap + gap
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	changes, err := db.ChangesWithin(ctx, w.sys, window)
	if err != nil {
		if w.last.Load() != nil && gap < fresh {
			w.log.Warn("polling for changes", "error", err)
		}
		return
	}
	seen := make(map[int64]bool, len(changes))
	marked, highest := false, w.applied.Load()
	for _, c := range changes {
		seen[c.Seq] = true
		highest = max(highest, c.Seq)
		if w.seen[c.Seq] {
			continue
		}
		if marked = marked || Kind(c.Kind) == Mark; !lost {
			w.tell(Change{Tenant: c.TenantID, Kind: Kind(c.Kind), Object: c.ObjectID})
		}
	}
	w.seen = seen
	if lost {
		w.tell(Change{Kind: Everything})
	}
	// Only now may caches be relied upon: the subscribers have heard it all.
	w.last.Store(&start)
	w.applied.Store(highest)
	if marked {
		for _, f := range w.marked {
			f()
		}
	}
}

func (w *Watcher) tell(c Change) {
	for _, f := range w.subs {
		f(c)
	}
}

// never is how stale a Watcher is that has not polled yet.
const never = time.Duration(1<<63 - 1)

// StaleFor returns how long ago the last successful poll began.
func (w *Watcher) StaleFor() time.Duration { return w.staleAt(time.Now()) }

// Fresh reports whether caches that follow the feed may be relied upon.
func (w *Watcher) Fresh() bool { return w.StaleFor() < fresh }

// staleAt counts by the monotonic clock and by the wall clock and takes the
// longer: the one stands still while a machine is suspended, the other may be set
// back.
func (w *Watcher) staleAt(now time.Time) time.Duration {
	last := w.last.Load()
	if last == nil {
		return never
	}
	return max(now.Sub(*last), now.Round(0).Sub(last.Round(0)))
}
