package dispatch

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// bulletin is what this process and the others tell each other of what is closed.
// Dispatcher.mu guards the maps.
type bulletin struct {
	closed   map[string]time.Time // as the others said last: until when
	news     map[string]time.Time // what they do not know yet: until when; zero: open again
	posted   chan struct{}        // there is news
	informed atomic.Bool          // closed was read
	asking   sync.Mutex           // held for the first reading
	asked    time.Time            // when that was tried last
}

func newBulletin() bulletin {
	return bulletin{news: map[string]time.Time{}, posted: make(chan struct{}, 1)}
}

const (
	interval = time.Second     // how often is asked what others closed
	telling  = 5 * time.Second // for one piece of news
)

// Run tells the other processes what this one closed, and learns from them, until
// ctx ends.
func (d *Dispatcher) Run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		d.listen(ctx)
		select {
		case <-ctx.Done():
			return
		case <-d.posted:
			d.tell(ctx)
		case <-tick.C:
			d.sweep(time.Now())
		}
	}
}

// inform learns what is closed before the first errand passes: Run may not have
// come to it. Where that fails, one errand a second tries.
func (d *Dispatcher) inform(ctx context.Context) {
	if d.informed.Load() {
		return
	}
	d.asking.Lock()
	defer d.asking.Unlock()
	if !d.informed.Load() && time.Since(d.asked) >= interval {
		d.listen(ctx)
		d.asked = time.Now()
	}
}

// post has Run tell the other processes that key is closed until then. d.mu is held.
func (d *Dispatcher) post(key string, until time.Time) {
	d.news[key] = until
	select {
	case d.posted <- struct{}{}:
	default:
	}
}

// tell passes the news on. It helps others, so that it may fail.
func (d *Dispatcher) tell(ctx context.Context) {
	d.mu.Lock()
	news := maps.Clone(d.news)
	d.mu.Unlock()
	for key, until := range news {
		open := max(time.Until(until), 0)
		if open > 0 {
			d.log.Warn("no token requests for a while", "to", key, "for", open.Round(time.Millisecond).String())
		}
		within, cancel := context.WithTimeout(ctx, telling)
		err := d.bank.Close(within, key, open)
		cancel()
		if err != nil && ctx.Err() == nil {
			d.log.Warn("telling other processes of a provider that does not answer", "to", key, "error", err)
		}
		d.mu.Lock()
		if d.news[key].Equal(until) {
			delete(d.news, key)
		}
		d.mu.Unlock()
	}
}

// listen believes what other processes closed, but of what this one has news.
func (d *Dispatcher) listen(ctx context.Context) {
	asked := time.Now()
	left, err := d.bank.Closed(ctx)
	if err != nil {
		return
	}
	closed := make(map[string]time.Time, len(left))
	for key, d := range left {
		closed[key] = asked.Add(d)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = closed
	d.informed.Store(true)
	learn := func(key string, b *breaker) {
		if _, fresh := d.news[key]; !fresh {
			b.learn(asked, closed[key])
		}
	}
	for _, l := range d.lanes {
		learn(l.key, &l.breaker)
	}
	for _, c := range d.clients {
		learn(c.key, &c.breaker)
	}
}

// sweep forgets ways that nobody uses.
func (d *Dispatcher) sweep(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for host, l := range d.lanes {
		for name, p := range l.parties {
			if p.forgettable(now) {
				delete(l.parties, name)
			}
		}
		if len(l.parties) == 0 && l.breaker.forgettable(now) {
			delete(d.lanes, host)
		}
	}
	for id, c := range d.clients {
		if c.breaker.forgettable(now) {
			delete(d.clients, id)
		}
	}
}
