package tokens

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"latchkey/authmethods"
)

// count counts the loans of one token to one service since they were last written
// down. The first loan is written down by itself, before the token leaves.
type count struct {
	of     *item
	by     unique.Handle[borrower]
	loans  atomic.Int64
	queued atomic.Bool // it is in the tally's list
	next   *count      // of the same item
}

// borrower is who borrows, and what for. The same ones borrow many tokens.
type borrower struct {
	service authmethods.ID
	name    string // the service's
	purpose string
}

// tally lists the counts that are not written down, so that a loan from memory
// writes nothing.
type tally struct{ listed[*count] }

// listed is a list that grows until it is taken.
type listed[T any] struct {
	mu   sync.Mutex // guards list
	list []T
}

func (l *listed[T]) add(x T) {
	l.mu.Lock()
	l.list = append(l.list, x)
	l.mu.Unlock()
}

func (l *listed[T]) take() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.list
	l.list = nil
	return taken
}

func (t *tally) add(c *count, n int64) {
	c.loans.Add(n)
	if c.queued.CompareAndSwap(false, true) {
		t.listed.add(c)
	}
}

// flushAtOnce bounds the loans that are written down in one transaction, so that
// none holds the storage for long.
const flushAtOnce = 500

// Flush writes the counts of loans down. What could not be written is kept. A process
// that dies loses the number of those since the last time, never the fact that a
// service holds a token.
func (l *Lender) Flush(ctx context.Context) error {
	l.tellPaces()
	var fault error
	for some := range slices.Chunk(l.tally.take(), flushAtOnce) {
		loans := make([]Repeated, 0, len(some))
		for _, c := range some {
			c.queued.Store(false) // before the number is taken: a loan meanwhile queues it again
			loans = append(loans, Repeated{Borrowing: c.of.borrowing(c.by.Value()), Loans: c.loans.Swap(0), Mark: c.of.mark(time.Now())})
		}
		if fault == nil {
			if fault = l.ledger.Add(ctx, loans); fault == nil {
				continue
			}
		}
		for i, c := range some {
			if loans[i].Mark {
				c.of.marked.Store(0)
			}
			l.tally.add(c, loans[i].Loans)
		}
	}
	return fault
}
