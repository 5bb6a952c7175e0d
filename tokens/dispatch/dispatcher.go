package dispatch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
)

// The bounds of what one process does towards one host.
const (
	slots      = 128  // requests in flight
	share      = 96   // of these, of one tenant
	maxWaiting = 4096 // requests in the queue

	patience = 30 * time.Second // in the queue
	// short is how long a budget is waited for with a slot in hand; for longer, the
	// caller is told to come back.
	short = 2 * time.Second
)

// Options are what a Dispatcher needs.
type Options struct {
	Bank Bank // where budgets and closures are shared
	Log  *slog.Logger
}

// Dispatcher lets token requests leave. Run must be running.
type Dispatcher struct {
	bank Bank
	log  *slog.Logger

	mu      sync.Mutex // guards the maps and all breakers
	lanes   map[string]*lane
	clients map[string]*client
	closed  map[string]time.Duration // as other processes said last
}

// lane is the way to one host.
type lane struct {
	queue   *queue
	breaker breaker             // for all
	parties map[string]*breaker // for each tenant by itself
	purse   *purse              // nil: no budget
	using   int                 // errands on their way
}

// client is what is counted for a client at a host.
type client struct {
	breaker breaker
	purse   *purse
	using   int
}

// New returns a Dispatcher.
func New(o Options) *Dispatcher {
	return &Dispatcher{bank: o.Bank, log: o.Log, lanes: map[string]*lane{}, clients: map[string]*client{}}
}

// way is an errand on its way.
type way struct {
	tokens.Errand
	lane   *lane
	party  *breaker
	client *client
	ticket *ticket
	probes [3]bool // of which of its breakers it is the probe
}

func hostKey(e *tokens.Errand) string   { return "host:" + e.Host }
func clientKey(e *tokens.Errand) string { return "client:" + e.Host + ":" + e.Client }

// Enter implements [tokens.Gate].
func (d *Dispatcher) Enter(ctx context.Context, e tokens.Errand) (func(tokens.Departure), error) {
	w := d.way(e)
	err := d.open(w)
	if err == nil {
		err = w.queueUp(ctx)
	}
	if err == nil {
		err = d.begin(w) // much may have happened in the queue
	}
	if err == nil {
		err = d.pay(ctx, w)
	}
	if err != nil {
		d.leave(w, tokens.Departure{})
		return nil, err
	}
	return func(became tokens.Departure) { d.leave(w, became) }, nil
}

// way finds or makes everything that an errand passes.
func (d *Dispatcher) way(e tokens.Errand) *way {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[e.Host]
	if l == nil {
		l = &lane{
			queue: newQueue(slots, share, maxWaiting), parties: map[string]*breaker{},
			breaker: breaker{threshold: 5, witnesses: 2, most: 30 * time.Second},
		}
		l.breaker.learn(time.Now(), d.closed[hostKey(&e)])
		d.lanes[e.Host] = l
	}
	l.purse = fitting(l.purse, hostKey(&e), e.Limits.PerHost)
	p := l.parties[e.Party]
	if p == nil {
		p = &breaker{threshold: 5, witnesses: 1, most: 30 * time.Second}
		l.parties[e.Party] = p
	}
	c := d.clients[clientKey(&e)]
	if c == nil {
		c = &client{breaker: breaker{threshold: 3, witnesses: 2, most: 5 * time.Minute}}
		c.breaker.learn(time.Now(), d.closed[clientKey(&e)])
		d.clients[clientKey(&e)] = c
	}
	c.purse = fitting(c.purse, clientKey(&e), e.Limits.PerClient)
	l.using++
	c.using++
	return &way{Errand: e, lane: l, party: p, client: c}
}

// fitting returns the purse for a limit: p, if it is that.
func fitting(p *purse, key string, limit catalog.RequestLimit) *purse {
	if limit.Allowed <= 0 {
		return nil
	}
	fresh := newPurse(key, limit)
	if p != nil && p.interval == fresh.interval && p.burst == fresh.burst {
		return p
	}
	return fresh
}

// open fails while one of the breakers on the way lets nothing pass.
func (d *Dispatcher) open(w *way) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return w.refusal(time.Now())
}

func (w *way) refusal(now time.Time) error {
	if wait := w.client.breaker.wait(now); wait > 0 {
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderThrottled, RetryAfter: wait,
			Detail: "The provider asks this client to wait, and no usable token is left.",
		}
	}
	if wait := max(w.lane.breaker.wait(now), w.party.wait(now)); wait > 0 {
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, RetryAfter: wait,
			Detail: "The provider did not answer several requests in a row, so it is asked rarely now, and no usable token is left.",
		}
	}
	return nil
}

// begin passes the breakers, as the probe where one is due.
func (d *Dispatcher) begin(w *way) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := w.refusal(time.Now()); err != nil {
		return err
	}
	for i, b := range w.breakers() {
		w.probes[i] = b.begin()
	}
	return nil
}

// breakers are those that an errand passes.
func (w *way) breakers() [3]*breaker {
	return [3]*breaker{&w.lane.breaker, w.party, &w.client.breaker}
}

// queueUp waits for a slot.
func (w *way) queueUp(ctx context.Context) error {
	demanded := w.Demanded
	hurry := false
	select {
	case <-demanded:
		hurry = true
		demanded = nil
	default:
	}
	q := w.lane.queue
	t := q.join(w.Party, hurry)
	if t == nil {
		return busy()
	}
	w.ticket = t
	select {
	case <-t.admitted:
		return nil
	default:
	}
	tired := time.NewTimer(patience)
	defer tired.Stop()
	for {
		select {
		case <-t.admitted:
			return nil
		case <-demanded:
			demanded = nil
			q.hurry(t)
		case <-tired.C:
			q.leave(t)
			return busy()
		case <-ctx.Done():
			q.leave(t)
			return busy()
		}
	}
}

func busy() error {
	return &authmethods.Problem{
		Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, RetryAfter: 2 * time.Second,
		Detail: "Too many token requests wait for this provider, and no usable token is left.",
	}
}

// pay takes a permit from each budget on the way.
func (d *Dispatcher) pay(ctx context.Context, w *way) error {
	d.mu.Lock()
	host, hosts, client, clients := w.lane.purse, w.lane.using, w.client.purse, w.client.using
	d.mu.Unlock()
	if err := d.payOne(ctx, client, clients); err != nil {
		return err
	}
	err := d.payOne(ctx, host, hosts)
	if err != nil {
		client.refund()
	}
	return err
}

// payOne takes a permit from p, if that is a budget, which so many want now.
func (d *Dispatcher) payOne(ctx context.Context, p *purse, wanted int) error {
	if p == nil {
		return nil
	}
	for left := short; ; {
		wait, err := p.spend(ctx, d.bank, wanted)
		if wait == 0 || err != nil {
			return err
		}
		if wait > left {
			return &authmethods.Problem{
				Kind: authmethods.Unavailable, Code: authmethods.CodeProviderThrottled, RetryAfter: wait,
				Detail: "The budget of token requests to this provider is used up, and no usable token is left.",
			}
		}
		left -= wait
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return busy()
		}
	}
}

// leave gives the slot back and learns from what became of the errand.
func (d *Dispatcher) leave(w *way, became tokens.Departure) {
	if w.ticket != nil {
		w.lane.queue.leave(w.ticket)
	}
	closed := d.learn(w, became)
	if len(closed) > 0 {
		go d.share(closed)
	}
}

// learn tells the breakers of a departure. It returns what the other processes
// should know: how long a key is closed, 0 for open again.
func (d *Dispatcher) learn(w *way, became tokens.Departure) map[string]time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	w.lane.using--
	w.client.using--
	now, news := time.Now(), map[string]time.Duration{}
	for i, b := range w.breakers() {
		if w.probes[i] {
			b.probing = false
		}
	}
	f := became.Failure
	if !became.Sent {
		return nil
	}
	if absent(f) {
		w.party.fail(now, w.Party, w.probes[1], f.RetryAfter)
		if open := w.lane.breaker.fail(now, w.Party, w.probes[0], f.RetryAfter); open > 0 {
			news[hostKey(&w.Errand)] = open
		}
		return news
	}
	// Somebody is there, whatever the answer says of this grant.
	w.party.succeed()
	if w.lane.breaker.succeed() {
		news[hostKey(&w.Errand)] = 0
	}
	if f != nil && f.Code == authmethods.CodeProviderThrottled {
		if open := w.client.breaker.fail(now, w.Grant, w.probes[2], f.RetryAfter); open > 0 {
			news[clientKey(&w.Errand)] = open
		}
	} else if w.client.breaker.succeed() {
		news[clientKey(&w.Errand)] = 0
	}
	return news
}

// absent reports a failure that says that the provider itself is out of order.
func absent(f *tokens.Failure) bool {
	return f != nil && f.Verdict == tokens.Temporary && f.Code != authmethods.CodeProviderThrottled &&
		(f.Status == 0 || f.Status >= 500 || f.Code == authmethods.CodeUnexpectedReply)
}

// patienceShare bounds the telling: it helps others, and nothing waits for it.
const patienceShare = 5 * time.Second

func (d *Dispatcher) share(news map[string]time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patienceShare)
	defer cancel()
	for key, open := range news {
		if open > 0 {
			d.log.Warn("no token requests for a while", "to", key, "for", open.Round(time.Millisecond).String())
		}
		if err := d.bank.Close(ctx, key, open); err != nil {
			d.log.Warn("telling other processes of a provider that does not answer", "to", key, "error", err)
		}
	}
}

// interval is how often is asked what other processes closed.
const interval = time.Second

// Run learns from other processes until ctx ends.
func (d *Dispatcher) Run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if closed, err := d.bank.Closed(ctx); err == nil {
			d.take(closed)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// take believes what other processes closed, and forgets ways that nobody uses.
func (d *Dispatcher) take(closed map[string]time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.closed = closed
	for host, l := range d.lanes {
		l.breaker.learn(now, closed["host:"+host])
		if l.using > 0 {
			continue
		}
		for name, p := range l.parties {
			if p.forgettable(now) {
				delete(l.parties, name)
			}
		}
		if len(l.parties) == 0 && l.breaker.forgettable(now) {
			delete(d.lanes, host)
		}
	}
	for key, c := range d.clients {
		c.breaker.learn(now, closed[key])
		if c.using == 0 && c.breaker.forgettable(now) {
			delete(d.clients, key)
		}
	}
}
