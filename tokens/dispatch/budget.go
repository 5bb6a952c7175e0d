package dispatch

import (
	"context"
	"sync"
	"time"

	"latchkey/authmethods/catalog"
)

// Bank is where all processes share their budgets.
type Bank interface {
	// Draw takes up to want permits from the budget named key, by the generic cell
	// rate algorithm: one permit each interval, and burst at once at most. It returns
	// how many it got, and how long until there is one if it got none.
	Draw(ctx context.Context, key string, interval time.Duration, burst, want int) (int, time.Duration, error)
	// Close tells the other processes that nothing may leave under key for so long;
	// 0 opens it again.
	Close(ctx context.Context, key string, d time.Duration) error
	// Closed returns what is closed, and for how long still.
	Closed(ctx context.Context) (map[string]time.Duration, error)
}

// hold is how long drawn permits may be used. Those that are not used by then are
// lost, so that none leaves in a window that it was not drawn for.
const hold = 2 * time.Second

// purse holds the permits that this process drew from one budget.
type purse struct {
	key      string
	interval time.Duration
	burst    int

	mu      sync.Mutex // held while drawing: one draws for all
	permits int
	until   time.Time // they are good
}

// newPurse divides what is allowed: a tenth may come at once, the rest evenly. A
// permit that is used as late as it may be counts in both windows, so the even part
// reaches over the window and hold: no window ever sees more than is allowed.
func newPurse(key string, limit catalog.RequestLimit) *purse {
	burst := max(limit.Allowed/10, 1)
	return &purse{key: key, burst: burst, interval: (limit.Window + hold) / time.Duration(max(limit.Allowed-burst, 1))}
}

// atOnce bounds the permits of one drawing.
const atOnce = 32

// spend takes one permit. It returns how long until there is one otherwise. As many
// are drawn as are wanted now: those that nobody uses are lost.
func (p *purse) spend(ctx context.Context, bank Bank, wanted int) (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.permits == 0 || !time.Now().Before(p.until) {
		until := time.Now().Add(hold)
		got, wait, err := bank.Draw(ctx, p.key, p.interval, p.burst, min(p.burst, max(wanted, 1), atOnce))
		if err != nil {
			return 0, err
		}
		if p.permits, p.until = got, until; got == 0 {
			return max(wait, time.Millisecond), nil
		}
	}
	p.permits--
	return 0, nil
}

// refund gives a permit back that was not used.
func (p *purse) refund() {
	if p != nil {
		p.mu.Lock()
		p.permits++
		p.mu.Unlock()
	}
}
