package dispatch

import (
	"cmp"
	"slices"
	"time"
)

// Host is how it stands with the way to one host, as this process sees it.
type Host struct {
	Name              string
	InFlight, Waiting int       // requests
	Failures          int       // in a row
	LastFailure       time.Time // zero: none is remembered
	ClosedUntil       time.Time // only probes leave before; zero: open
}

// Hosts are those that requests went to lately, by name.
func (d *Dispatcher) Hosts() []Host {
	d.mu.Lock()
	defer d.mu.Unlock()
	hosts := make([]Host, 0, len(d.lanes))
	for name, l := range d.lanes {
		h := Host{Name: name, Failures: l.breaker.streak, LastFailure: l.breaker.last, ClosedUntil: l.breaker.until}
		h.InFlight, h.Waiting = l.queue.load()
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, func(a, b Host) int { return cmp.Compare(a.Name, b.Name) })
	return hosts
}

// load is how many requests are in flight and wait.
func (q *queue) load() (busy, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.busy, q.length
}
