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
	bulletin

	mu      sync.Mutex // guards the maps and all breakers
	lanes   map[string]*lane
	clients map[clientID]*client
}

// lane is the way to one host.
type lane struct {
	key     string // in the bank
	queue   *queue
	breaker breaker             // for all
	parties map[string]*breaker // for each tenant by itself
	purse   *purse
}

type clientID struct{ host, id string }

// client is what is counted for a client at a host.
type client struct {
	key     string // in the bank
	breaker breaker
	purse   *purse
}

// New returns a Dispatcher.
func New(o Options) *Dispatcher {
	return &Dispatcher{
		bank: o.Bank, log: o.Log, bulletin: newBulletin(),
		lanes: map[string]*lane{}, clients: map[clientID]*client{},
	}
}

// way is an errand on its way.
type way struct {
	tokens.Errand
	lane    *lane
	client  *client
	ticket  *ticket
	passes  [passes]*breaker
	probes  [passes]bool // of which of them it is the probe
	budgets [2]*purse    // those that there are
	pays    int          // how many
	left    bool
}

// The breakers that an errand passes.
const (
	atHost = iota
	atParty
	atClient
	passes
)

// Enter implements [tokens.Gate].
func (d *Dispatcher) Enter(ctx context.Context, e tokens.Errand) (func(tokens.Departure), error) {
	d.inform(ctx)
	w, err := d.way(e)
	if err == nil {
		err = w.queueUp(ctx)
	}
	if err == nil {
		err = d.begin(w)
	}
	if err == nil && w.pays > 0 {
		err = pay(ctx, d.bank, w.budgets[:w.pays])
	}
	if err != nil {
		d.leave(w, tokens.Departure{})
		return nil, err
	}
	return func(became tokens.Departure) { d.leave(w, became) }, nil
}

// way finds or makes everything that an errand passes. It fails while one of the
// breakers lets nothing pass.
func (d *Dispatcher) way(e tokens.Errand) (*way, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, c := d.lane(e.Host), d.client(e.Host, e.Client)
	p := l.parties[e.Party]
	if p == nil {
		p = &breaker{threshold: 5, witnesses: 1, most: 30 * time.Second}
		l.parties[e.Party] = p
	}
	w := &way{Errand: e, lane: l, client: c, passes: [passes]*breaker{&l.breaker, p, &c.breaker}}
	for _, b := range w.passes {
		b.using++
	}
	w.owe(&c.purse, c.key, e.Limits.PerClient)
	w.owe(&l.purse, l.key, e.Limits.PerHost)
	return w, w.refusal(time.Now())
}

func (d *Dispatcher) lane(host string) *lane {
	l := d.lanes[host]
	if l == nil {
		l = &lane{
			key: "host:" + host, queue: newQueue(slots, share, maxWaiting), parties: map[string]*breaker{},
			breaker: breaker{threshold: 5, witnesses: 2, most: 30 * time.Second},
		}
		l.breaker.learn(time.Now(), d.closed[l.key])
		d.lanes[host] = l
	}
	return l
}

func (d *Dispatcher) client(host, id string) *client {
	c := d.clients[clientID{host, id}]
	if c == nil {
		c = &client{key: "client:" + host + ":" + id, breaker: breaker{threshold: 3, witnesses: 2, most: 5 * time.Minute}}
		c.breaker.learn(time.Now(), d.closed[c.key])
		d.clients[clientID{host, id}] = c
	}
	return c
}

// owe has the errand pay from the budget for limit, if that is one.
func (w *way) owe(p **purse, key string, limit catalog.RequestLimit) {
	if limit.Allowed <= 0 {
		return
	}
	if *p == nil || (*p).limit != limit {
		*p = newPurse(key, limit)
	}
	w.budgets[w.pays] = *p
	w.pays++
}

// refusal is why the errand may not pass its breakers; nil if it may.
func (w *way) refusal(now time.Time) error {
	if wait := w.passes[atClient].wait(now); wait > 0 {
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderThrottled, RetryAfter: wait,
			Detail: "The provider asks this client to wait, and no usable token is left.",
		}
	}
	if wait := max(w.passes[atHost].wait(now), w.passes[atParty].wait(now)); wait > 0 {
		return &authmethods.Problem{
			Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown, RetryAfter: wait,
			Detail: "The provider did not answer several requests in a row, so it is asked rarely now, and no usable token is left.",
		}
	}
	return nil
}

// begin passes the breakers, as the probe where one is due. Much may have happened
// while the errand was in the queue.
func (d *Dispatcher) begin(w *way) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := w.refusal(time.Now()); err != nil {
		return err
	}
	for i, b := range w.passes {
		w.probes[i] = b.begin()
	}
	return nil
}

// queueUp waits for a slot.
func (w *way) queueUp(ctx context.Context) error {
	demanded, hurry := w.Demanded, false
	select {
	case <-demanded:
		demanded, hurry = nil, true
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
			return busy()
		case <-ctx.Done():
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

// leave gives the slot back and learns from what became of the errand. Only the
// first call counts.
func (d *Dispatcher) leave(w *way, became tokens.Departure) {
	d.mu.Lock()
	again := w.left
	if w.left = true; !again {
		d.learn(w, became)
	}
	d.mu.Unlock()
	if !again && w.ticket != nil {
		w.lane.queue.leave(w.ticket)
	}
}

// learn tells the breakers of a departure. d.mu is held.
func (d *Dispatcher) learn(w *way, became tokens.Departure) {
	for i, b := range w.passes {
		b.using--
		if w.probes[i] {
			b.probing = false
		}
	}
	f, now := became.Failure, time.Now()
	switch {
	case !became.Sent:
		return
	case absent(f):
		w.passes[atParty].fail(now, w.Party, w.probes[atParty], f.RetryAfter)
		if open := w.passes[atHost].fail(now, w.Party, w.probes[atHost], f.RetryAfter); open > 0 {
			d.post(w.lane.key, now.Add(open))
		}
		return
	}
	// Somebody is there, whatever the answer says of this grant.
	w.passes[atParty].succeed(w.probes[atParty])
	if w.passes[atHost].succeed(w.probes[atHost]) {
		d.post(w.lane.key, time.Time{})
	}
	if f != nil && f.Code == authmethods.CodeProviderThrottled {
		if open := w.passes[atClient].fail(now, w.Grant, w.probes[atClient], f.RetryAfter); open > 0 {
			d.post(w.client.key, now.Add(open))
		}
	} else if w.passes[atClient].succeed(w.probes[atClient]) {
		d.post(w.client.key, time.Time{})
	}
}

// absent reports a failure that says that the provider itself is out of order.
func absent(f *tokens.Failure) bool {
	return f != nil && f.Verdict == tokens.Temporary && f.Code != authmethods.CodeProviderThrottled &&
		(f.Status == 0 || f.Status >= 500 || f.Code == authmethods.CodeUnexpectedReply)
}
