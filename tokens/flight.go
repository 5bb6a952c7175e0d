package tokens

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"latchkey/authmethods"
)

// job is a grant to refresh, as it was loaded.
type job struct {
	g      Grant
	now    time.Time // by the storage's clock
	loaded time.Time // the same moment by this process's monotonic clock
}

// time returns the storage's time now.
func (j *job) time() time.Time { return j.now.Add(time.Since(j.loaded)) }

// flight is a refresh in progress in this process.
type flight struct {
	done     chan struct{}
	err      error // of the machinery; the outcome is in the storage
	demanded chan struct{}
	demand   func() // closes demanded, once
}

func newFlight() *flight {
	f := &flight{done: make(chan struct{}), demanded: make(chan struct{})}
	f.demand = sync.OnceFunc(func() { close(f.demanded) })
	return f
}

// fly returns the flight of s in this process, or starts one for j, which it loads
// itself if it is nil. demanded says that somebody is going to wait for it.
func (e *Engine) fly(ctx context.Context, s Slot, j *job, demanded bool) *flight {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.flights[s.Key()]
	if f == nil {
		f = newFlight()
		if e.flights == nil {
			e.flights = map[string]*flight{}
		}
		e.flights[s.Key()] = f
		e.running.Go(func() { e.run(ctx, s, j, f) })
	}
	if demanded {
		f.demand()
	}
	return f
}

// run carries a flight out.
func (e *Engine) run(ctx context.Context, s Slot, j *job, f *flight) {
	defer func() {
		if r := recover(); r != nil {
			f.err = fmt.Errorf("tokens: panic in a refresh: %v", r)
		}
		e.mu.Lock()
		delete(e.flights, s.Key())
		e.mu.Unlock()
		if f.err != nil && authmethods.KindOf(f.err) != authmethods.Unavailable && !frozen(f.err) {
			e.Log.Error("refresh ended abnormally", "grant", s.Key(), "error", f.err)
		}
		close(f.done)
	}()
	// The caller may hang up. The rotation must not: the provider may already
	// have replaced the token that we hold.
	ctx = context.WithoutCancel(ctx)
	if j == nil {
		if j, f.err = e.load(ctx, s); j == nil {
			return
		}
	}
	f.err = e.refresh(ctx, s, j, f.demanded)
}

// frozen reports whether err is that of a freeze.
func frozen(err error) bool {
	var p *authmethods.Problem
	return errors.As(err, &p) && p.Code == authmethods.CodeFrozen
}

// load returns the job of refreshing s ahead; nil if there is none any more.
func (e *Engine) load(ctx context.Context, s Slot) (*job, error) {
	g, now, err := s.Load(ctx)
	if err != nil {
		return nil, err
	}
	switch step := renew(&g, now).Step; {
	case step == Wait:
		return nil, errElsewhere
	case step == Recover, step == Refresh && due(e.Policy, &g, now):
		return &job{g, now, time.Now()}, nil
	}
	return nil, nil
}

// errElsewhere says that another process refreshes the grant.
var errElsewhere = &authmethods.Problem{
	Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, Detail: "Another process refreshes the token.",
}

// over reports whether the flight has ended; then err may be read.
func (f *flight) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

func (f *flight) failed() bool { return f.over() && f.err != nil }

func (f *flight) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return waited(ctx)
	case <-f.done:
		return f.err
	}
}

// waited is the answer to a caller whose patience ended before the refresh did.
// The refresh goes on.
func waited(ctx context.Context) error {
	return &authmethods.Problem{
		Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown,
		Detail: "The provider has not answered yet.", RetryAfter: time.Second, Err: ctx.Err(),
	}
}

// watch looks at a lease that another process holds, for all who wait for it in
// this one.
type watch struct {
	done    chan struct{}
	heard   chan struct{} // somebody said that the refresh is over
	waiters int           // guarded by Engine.mu
	cancel  context.CancelFunc
}

// waitForLease waits for the answer itself if the lease is this process's own.
// Otherwise another has it, and all there is to do is to look again.
func (e *Engine) waitForLease(ctx context.Context, s Slot, g *Grant, left time.Duration) error {
	e.mu.Lock()
	if f := e.flights[s.Key()]; f != nil {
		e.mu.Unlock()
		f.demand()
		return f.wait(ctx)
	}
	w := e.watches[s.Key()]
	if w == nil {
		looking, cancel := context.WithCancel(context.WithoutCancel(ctx))
		w = &watch{done: make(chan struct{}), heard: make(chan struct{}, 1), cancel: cancel}
		if e.watches == nil {
			e.watches = map[string]*watch{}
		}
		e.watches[s.Key()] = w
		go e.look(looking, w, s, g.Epoch, left)
	}
	w.waiters++
	e.mu.Unlock()
	defer e.leave(w)
	select {
	case <-ctx.Done():
		return waited(ctx)
	case <-w.done:
		return nil
	}
}

// leave ends w with its last waiter.
func (e *Engine) leave(w *watch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w.waiters--; w.waiters == 0 {
		w.cancel()
	}
}

// look ends w when the lease that was seen with epoch is over: most refreshes are
// soon, so it looks often at first, and at once when it hears of it.
func (e *Engine) look(ctx context.Context, w *watch, s Slot, epoch int64, left time.Duration) {
	defer func() {
		e.mu.Lock()
		delete(e.watches, s.Key())
		e.mu.Unlock()
		close(w.done)
		w.cancel()
	}()
	end := time.Now().Add(left)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for wait := e.Policy.Poll / 8; ; wait = min(2*wait, e.Policy.Poll) {
		pause.Reset(min(wait, time.Until(end)) + time.Millisecond)
		select {
		case <-pause.C:
		case <-w.heard:
		case <-ctx.Done():
			return
		}
		g, now, err := s.Load(ctx)
		if err != nil || g.Epoch != epoch || !now.Before(g.LeaseUntil) {
			return
		}
	}
}

// Heard tells those who wait for another process's refresh of the grant with this
// key to look now.
func (e *Engine) Heard(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w := e.watches[key]; w != nil {
		select {
		case w.heard <- struct{}{}:
		default:
		}
	}
}
