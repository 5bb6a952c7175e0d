package dispatch

import (
	"context"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
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

// atOnce bounds the permits of one drawing.
const atOnce = 32

// purse holds the permits that this process drew from one budget.
type purse struct {
	key      string
	limit    catalog.RequestLimit
	interval time.Duration
	burst    int
	usable   time.Duration // how long permits that were drawn may be used

	wanted atomic.Int32 // by errands that did not get one yet

	turn    chan struct{} // full while somebody is at what follows: one draws for all
	permits int
	until   time.Time // they are good; those that are not used by then are lost
	dry     time.Time // the bank has none before
}

// newPurse divides what is allowed: a tenth may come at once, the rest evenly. A
// permit counts in the windows in which it was drawn, and in which it reaches the
// provider, which is up to hold later; half of that is for the way. So the rest of a
// budget is spread over a window and hold, and no window ever sees more than is
// allowed.
func newPurse(key string, limit catalog.RequestLimit) *purse {
	burst := max(limit.Allowed/10, 1)
	hold := min(limit.Window/30, 2*time.Second)
	// In time t there are burst and t/interval permits, and the one more that a
	// fraction would make must not be. The bank counts in microseconds.
	interval := (limit.Window + hold) / time.Duration(limit.Allowed-burst+1)
	interval = interval.Truncate(time.Microsecond) + time.Microsecond
	return &purse{key: key, limit: limit, burst: burst, interval: interval, usable: hold / 2, turn: make(chan struct{}, 1)}
}

// permit is the right to make one request, until then.
type permit struct{ until time.Time }

// spend takes one permit, or returns how long until there is one. As many are drawn
// as are wanted now: those that nobody uses are lost.
func (p *purse) spend(ctx context.Context, bank Bank) (permit, time.Duration, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return permit{}, 0, busy()
	}
	defer func() { <-p.turn }()
	now := time.Now()
	if p.permits == 0 || !now.Before(p.until) {
		if now.Before(p.dry) {
			return permit{}, p.dry.Sub(now), nil
		}
		want := min(int(p.wanted.Load()), p.burst, atOnce)
		got, wait, err := bank.Draw(ctx, p.key, p.interval, p.burst, max(want, 1))
		if err != nil {
			return permit{}, 0, away(err)
		}
		p.permits, p.until = got, now.Add(p.usable)
		if got == 0 {
			p.dry = time.Now().Add(max(wait, time.Millisecond))
			return permit{}, time.Until(p.dry), nil
		}
	}
	p.permits--
	return permit{p.until}, 0, nil
}

// refund takes back a permit that was not used.
func (p *purse) refund(unused permit) {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if unused.until.Equal(p.until) {
		p.permits++
	}
}

// away is what a bank that does not work means for an errand.
func away(err error) error {
	if authmethods.KindOf(err) == authmethods.Unavailable {
		return err
	}
	return &authmethods.Problem{
		Kind: authmethods.Unavailable, Code: authmethods.CodeStorageUnavailable, RetryAfter: 2 * time.Second, Err: err,
		Detail: "Whether the provider's limits allow a token request could not be found out, and no usable token is left.",
	}
}

// short is how long a budget is waited for with a slot in hand; for longer, the
// caller is told to come back.
const short = 2 * time.Second

// pay takes a permit from each of the budgets, as soon as there is one of each. None
// is held while another is waited for: it would be too old then.
func pay(ctx context.Context, bank Bank, budgets []*purse) error {
	for _, p := range budgets {
		p.wanted.Add(1)
		defer p.wanted.Add(-1)
	}
	for patience := time.Now().Add(short); ; {
		wait, err := spendAll(ctx, bank, budgets)
		if wait == 0 || err != nil {
			return err
		}
		if time.Now().Add(wait).After(patience) {
			return &authmethods.Problem{
				Kind: authmethods.Unavailable, Code: authmethods.CodeProviderThrottled, RetryAfter: wait,
				Detail: "The budget of token requests to this provider is used up, and no usable token is left.",
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return busy()
		}
	}
}

// spendAll takes a permit of each budget, or of none and returns how long to wait.
func spendAll(ctx context.Context, bank Bank, budgets []*purse) (time.Duration, error) {
	var taken [2]permit
	for i, p := range budgets {
		t, wait, err := p.spend(ctx, bank)
		if wait == 0 && err == nil {
			taken[i] = t
			continue
		}
		for j, q := range budgets[:i] {
			q.refund(taken[j])
		}
		return wait, err
	}
	return 0, nil
}
