package dispatch

import (
	"container/heap"
	"sync"
)

// ticket is an errand that waits in a queue.
type ticket struct {
	of       *party
	urgent   bool
	admitted chan struct{}
	stage    stage
}

type stage int

const (
	waiting  stage = iota
	inFlight       // it was admitted
	gone
)

// party is a tenant in a queue.
type party struct {
	name    string
	busy    int                // requests in flight
	turn    uint64             // when it was last served, or came
	waiting [classes][]*ticket // in the order they came
	at      [classes]int       // its index in the heaps; -1: not in it
}

// The classes of tickets. Those of the second wait until none of the first can go.
const (
	urgent = iota
	ahead
	classes
)

// queue lets requests to one host leave: at most slots at a time, of these at most
// share for one party. Of the parties that wait, the one with the fewest requests
// in flight goes first, and among equals the one that has waited longest since its
// last turn. So a party whose requests hang keeps its share of the slots busy and
// nothing else.
type queue struct {
	mu      sync.Mutex
	slots   int
	share   int
	limit   int // of waiting tickets
	busy    int
	length  int
	turns   uint64
	parties map[string]*party
	heaps   [classes]turnHeap
}

func newQueue(slots, share, limit int) *queue {
	q := &queue{slots: slots, share: share, limit: limit, parties: map[string]*party{}}
	for c := range q.heaps {
		q.heaps[c].class = c
	}
	return q
}

// join puts a request of the named party into the queue; nil if it is full.
func (q *queue) join(name string, hurry bool) *ticket {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.length >= q.limit {
		return nil
	}
	p := q.parties[name]
	if p == nil {
		// It comes after those that wait: whoever is new again and again would
		// otherwise keep them waiting.
		q.turns++
		p = &party{name: name, turn: q.turns, at: [classes]int{-1, -1}}
		q.parties[name] = p
	}
	t := &ticket{of: p, urgent: hurry, admitted: make(chan struct{})}
	q.length++
	q.enqueue(t)
	q.advance()
	return t
}

func (t *ticket) class() int {
	if t.urgent {
		return urgent
	}
	return ahead
}

func (q *queue) enqueue(t *ticket) {
	c, p := t.class(), t.of
	p.waiting[c] = append(p.waiting[c], t)
	q.settle(p, c)
}

// settle puts p into the heap of class c, moves it there or takes it out, whichever
// is due.
func (q *queue) settle(p *party, c int) {
	eligible := len(p.waiting[c]) > 0 && p.busy < q.share
	switch {
	case eligible && p.at[c] < 0:
		heap.Push(&q.heaps[c], p)
	case eligible:
		heap.Fix(&q.heaps[c], p.at[c])
	case p.at[c] >= 0:
		heap.Remove(&q.heaps[c], p.at[c])
	}
}

func (q *queue) settleAll(p *party) {
	for c := range classes {
		q.settle(p, c)
	}
	if p.busy == 0 && len(p.waiting[urgent])+len(p.waiting[ahead]) == 0 {
		delete(q.parties, p.name)
	}
}

// advance admits whoever may go now.
func (q *queue) advance() {
	for c := range classes {
		for q.busy < q.slots && q.heaps[c].Len() > 0 {
			p := q.heaps[c].parties[0]
			t := p.waiting[c][0]
			p.waiting[c][0] = nil
			p.waiting[c] = p.waiting[c][1:]
			q.turns++
			p.turn = q.turns
			p.busy++
			q.busy++
			q.length--
			t.stage = inFlight
			close(t.admitted)
			q.settleAll(p)
		}
	}
}

// hurry has t overtake those that nobody waits for.
func (q *queue) hurry(t *ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.stage != waiting || t.urgent {
		return
	}
	q.drop(t)
	t.urgent = true
	q.enqueue(t)
	q.advance()
}

// drop takes a waiting ticket out of its party's list.
func (q *queue) drop(t *ticket) {
	c, p := t.class(), t.of
	for i, other := range p.waiting[c] {
		if other == t {
			p.waiting[c] = append(p.waiting[c][:i], p.waiting[c][i+1:]...)
			break
		}
	}
	q.settle(p, c)
}

// leave gives back what t holds: its slot, or its place in the queue, or nothing if
// it left before.
func (q *queue) leave(t *ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch t.stage {
	case waiting:
		q.length--
		q.drop(t)
	case inFlight:
		t.of.busy--
		q.busy--
	case gone:
		return
	}
	t.stage = gone
	q.settleAll(t.of)
	q.advance()
}

// turnHeap orders the parties of a class by whose turn it is.
type turnHeap struct {
	class   int
	parties []*party
}

func (h *turnHeap) Len() int { return len(h.parties) }

func (h *turnHeap) Less(i, j int) bool {
	a, b := h.parties[i], h.parties[j]
	if a.busy != b.busy {
		return a.busy < b.busy
	}
	return a.turn < b.turn
}

func (h *turnHeap) Swap(i, j int) {
	h.parties[i], h.parties[j] = h.parties[j], h.parties[i]
	h.parties[i].at[h.class], h.parties[j].at[h.class] = i, j
}

// Push implements [heap.Interface].
func (h *turnHeap) Push(x any) {
	p := x.(*party)
	p.at[h.class] = len(h.parties)
	h.parties = append(h.parties, p)
}

// Pop implements [heap.Interface].
func (h *turnHeap) Pop() any {
	last := len(h.parties) - 1
	p := h.parties[last]
	h.parties[last] = nil
	h.parties = h.parties[:last]
	p.at[h.class] = -1
	return p
}
