package feed

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// soonest and latest bound the time until a connection that broke is replaced.
const soonest, latest = 100 * time.Millisecond, 30 * time.Second

// Hear has f called with each id that any process, this one included, rings with
// a [Bell]. All calls come from one goroutine; f must not block. Hear before Run.
// Nothing is ever heard on SQLite or through a pooler.
func (w *Watcher) Hear(f func(id authmethods.ID)) { w.hearers = append(w.hearers, f) }

// listen hears notices until ctx ends, over and over.
func (w *Watcher) listen(ctx context.Context) {
	if !w.sys.Notifies() {
		return
	}
	wait := soonest
	for ctx.Err() == nil {
		ready := func() {
			wait = soonest
			w.hurry() // what was announced meanwhile was not heard
		}
		err := db.Listen(ctx, w.sys, ready, w.heard)
		if ctx.Err() != nil {
			return
		}
		w.log.Info("not listening for changes, only polling", "error", err, "again_in", wait)
		pace(ctx, wait/2+rand.N(wait/2)) // #nosec G404 -- not all processes at once
		wait = min(2*wait, latest)
	}
}

// heard takes a notice apart.
func (w *Watcher) heard(payload string) {
	if payload == "" {
		w.hurry()
		return
	}
	for id := range strings.SplitSeq(payload, separator) {
		for _, f := range w.hearers {
			f(authmethods.ID(id))
		}
	}
}

// hurry has the next poll happen now.
func (w *Watcher) hurry() {
	select {
	case w.now <- struct{}{}:
	default:
	}
}
