package tokens

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// count counts the loans of one token to one service since they were last written
// down. The first loan is written down by itself, before the token leaves.
type count struct {
	borrowing Borrowing
	loans     atomic.Int64
	queued    atomic.Bool // it is in the tally's list
}

// tally lists the counts that are not written down, so that a loan from memory
// writes nothing.
type tally struct {
	mu    sync.Mutex // guards dirty
	dirty []*count
}

func (t *tally) add(c *count, n int64) {
	c.loans.Add(n)
	if c.queued.CompareAndSwap(false, true) {
		t.mu.Lock()
		t.dirty = append(t.dirty, c)
		t.mu.Unlock()
	}
}

func (t *tally) take() []*count {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.dirty
	t.dirty = nil
	return taken
}

// flushEvery is how often loans are written down; a process that dies loses the
// number of those since, never the fact that a service holds a token.
const flushEvery = 5 * time.Second

// Run writes the counts of loans down until ctx ends. Call [Lender.Flush] after
// the last loan.
func (l *Lender) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := l.Flush(ctx); err != nil && ctx.Err() == nil {
				l.engine.Log.Warn("writing loans down, trying again", "error", err)
			}
		}
	}
}

// Flush writes the counts of loans down. What could not be written is kept.
func (l *Lender) Flush(ctx context.Context) error {
	taken := l.tally.take()
	for i, c := range taken {
		c.queued.Store(false) // before the number is taken: a loan meanwhile queues it again
		n := c.loans.Swap(0)
		if n == 0 {
			continue
		}
		if err := l.ledger.Add(ctx, c.borrowing, n); err != nil {
			l.tally.add(c, n)
			for _, left := range taken[i+1:] {
				left.queued.Store(false)
				l.tally.add(left, 0)
			}
			return err
		}
	}
	return nil
}
