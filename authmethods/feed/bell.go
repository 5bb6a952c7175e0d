package feed

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

const (
	// pause is how long the rings after a signal are collected for the next one.
	// The first after a silence does not wait.
	pause = 3 * time.Millisecond
	// most bounds the rings that wait for a signal. What comes beyond it is dropped.
	most = 10_000
	// together is how many ids fit into one payload of a signal.
	together = 100
	// longest is the length of an id that cannot be one.
	longest = 64
)

// Bell tells the other processes that grants were refreshed or set back, so that
// who waits for one need not poll. It promises nothing: who waits polls as well.
type Bell struct {
	sys   db.System
	log   *slog.Logger
	mute  bool          // nobody could hear it
	wake  chan struct{} // holds one when there are rings
	mu    sync.Mutex
	rings map[authmethods.ID]bool
}

// NewBell returns a Bell that is not running yet. log may be nil.
func NewBell(sys db.System, log *slog.Logger) *Bell {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bell{sys: sys, log: log, mute: !sys.Notifies(), wake: make(chan struct{}, 1), rings: map[authmethods.ID]bool{}}
}

// Ring tells that the grant with this id was refreshed or set back. It returns at
// once and may be called from anywhere.
func (b *Bell) Ring(id authmethods.ID) {
	if b.mute || id == "" || len(id) > longest || strings.Contains(string(id), separator) {
		return
	}
	b.mu.Lock()
	if len(b.rings) < most {
		b.rings[id] = true
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Run sends what is rung until ctx ends.
func (b *Bell) Run(ctx context.Context) {
	if b.mute {
		return
	}
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-rest.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
			b.send(ctx)
			rest.Reset(pause)
		}
	}
}

// send signals what was rung since the last time.
func (b *Bell) send(ctx context.Context) {
	b.mu.Lock()
	rings := b.rings
	b.rings = make(map[authmethods.ID]bool)
	b.mu.Unlock()
	if len(rings) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := db.Signal(ctx, b.sys, payloads(rings)); err != nil && ctx.Err() == nil {
		b.log.Debug("ringing", "error", err)
	}
}

// separator stands between the ids of a payload.
const separator = " "

func payloads(rings map[authmethods.ID]bool) []string {
	var all []string
	var ids []string
	for id := range rings {
		if ids = append(ids, string(id)); len(ids) == together {
			all, ids = append(all, strings.Join(ids, separator)), nil
		}
	}
	if len(ids) > 0 {
		all = append(all, strings.Join(ids, separator))
	}
	return all
}
