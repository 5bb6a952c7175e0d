package tokens

import (
	"context"
	"sync"
	"time"
)

// patience is a context whose deadline costs nothing until somebody waits on it:
// most loans end before anybody does.
type patience struct {
	context.Context // the caller's
	end             time.Time

	mu       sync.Mutex // guards what follows
	waited   context.Context
	cancel   context.CancelFunc
	released bool // the work is done
}

// withPatience returns ctx with a deadline. Call release when the work is done.
func withPatience(ctx context.Context, d time.Duration) *patience {
	return &patience{Context: ctx, end: time.Now().Add(d)}
}

// Deadline implements [context.Context].
func (p *patience) Deadline() (time.Time, bool) {
	if sooner, ok := p.Context.Deadline(); ok && sooner.Before(p.end) {
		return sooner, true
	}
	return p.end, true
}

// Done implements [context.Context].
func (p *patience) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waited == nil {
		p.waited, p.cancel = context.WithDeadline(p.Context, p.end)
		if p.released {
			p.cancel()
		}
	}
	return p.waited.Done()
}

// Value implements [context.Context]. It leads package context to what is waited on,
// which then needs no goroutine to be heard of.
func (p *patience) Value(key any) any {
	p.mu.Lock()
	in := p.waited
	p.mu.Unlock()
	if in == nil {
		in = p.Context
	}
	return in.Value(key)
}

// Err implements [context.Context].
func (p *patience) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.waited != nil:
		return p.waited.Err()
	case p.released:
		return context.Canceled
	}
	return p.Context.Err()
}

// release ends what waits on p.
func (p *patience) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.released = true
	if p.cancel != nil {
		p.cancel()
	}
}
