package tokens

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
)

// Engine carries out what [Decide] decides: one refresh per grant at a time, in
// this process by a flight that callers join, among processes by the lease.
type Engine struct {
	Policy   Policy
	Upstream Upstream
	Gate     Gate // nil: requests leave at once
	Log      *slog.Logger
	// Asked is told of every token request, with nil for a success and how long the
	// provider took; nil: nobody is.
	Asked func(f *Failure, took time.Duration)

	mu       sync.Mutex // guards flights and watches; never held across I/O
	flights  map[string]*flight
	watches  map[string]*watch
	running  sync.WaitGroup
	holding  atomic.Int64 // answers that are in this process's memory only
	draining atomic.Bool
}

// Token returns the grant of s with an access token that satisfies w, and
// whether a refresh was needed for it. now is the storage's time at which it was
// read.
func (e *Engine) Token(ctx context.Context, s Slot, w Want) (g Grant, now time.Time, refreshed bool, err error) {
	var began time.Time // by the storage's clock
	for revived := false; ; {
		g, now, err = s.Load(ctx)
		loaded := time.Now() // for its monotonic reading only
		if err != nil {
			return g, now, false, err
		}
		if began.IsZero() {
			began = now
		}
		d := Decide(e.Policy, &g, w, now)
		asks := d.Step == Refresh || d.Step == Recover
		if asks && refreshed && !g.Access.IssuedAt.Before(began) {
			// This token was got for us, and the next one would be no better.
			d, asks = Decision{Step: Unmeetable}, false
		}
		switch {
		case d.Step == Serve:
			if d.Ahead {
				e.fly(ctx, s, &job{g, now, loaded}, false)
			}
			return g, now, refreshed, nil
		case d.Step == Wait:
			refreshed = true
			err = e.waitForLease(ctx, s, &g, d.At.Sub(now))
		case asks:
			refreshed = true
			err = e.fly(ctx, s, &job{g, now, loaded}, true).wait(ctx)
		case d.Step == Fail && g.lost() && !revived:
			revived = true
			err = e.fly(ctx, s, &job{g, now, loaded}, true).wait(ctx)
		default:
			return g, now, false, refusalOf(&g, d, w, now)
		}
		if now = now.Add(time.Since(loaded)); err != nil && ctx.Err() == nil && lendable(e.Policy, &g, w, now) {
			return degraded(g, err), now, false, nil // whatever became of the refresh
		}
		if err != nil {
			return g, now, false, err
		}
	}
}

// degraded is g as it is lent though it could not be refreshed for err.
func degraded(g Grant, err error) Grant {
	if g.Failures == 0 {
		g.Failures, g.FailureCode = 1, authmethods.CodeProviderDown
		var p *authmethods.Problem
		if errors.As(err, &p) {
			g.FailureCode = p.Code
		}
	}
	return g
}

// Ahead refreshes the grant of s, as it was just loaded, though nobody waits for
// it. It is nil if that was tried, or if somebody else is at it.
func (e *Engine) Ahead(ctx context.Context, s Slot, g Grant, now time.Time) error {
	return e.fly(ctx, s, &job{g, now, time.Now()}, false).wait(ctx)
}

// Drain waits until no refresh is in flight, or until ctx ends. From then on no
// answer that is safe in the lifeboat is waited for.
func (e *Engine) Drain(ctx context.Context) error {
	e.draining.Store(true)
	done := make(chan struct{})
	go func() { e.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("tokens: waiting for refreshes in flight: %w", ctx.Err())
	}
}

// Secure waits until no answer of a provider is in this process's memory only, or
// until ctx ends. A process that ends before may lose a refresh token.
func (e *Engine) Secure(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for e.holding.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("tokens: %d answers are stored nowhere: %w", e.holding.Load(), ctx.Err())
		}
	}
	return nil
}
