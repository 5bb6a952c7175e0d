package tokens

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
)

const defaultRemember = 100_000

// shelf remembers tokens that are ready to be lent, by what was asked for.
type shelf struct {
	seed  maphash.Seed
	parts []part
	began time.Time // what items count their time from, by the monotonic clock
	// Time is counted in changes: clock is the number of the newest, each tenant's
	// home holds its newest, all the newest that concerned everybody. An item is void
	// if one of them is newer than what it was read under.
	clock atomic.Int64
	homes sync.Map // authmethods.TenantID → *home
	all   atomic.Int64
}

// home is where the items of a tenant belong.
type home struct {
	changed atomic.Int64

	mu   sync.Mutex // guards kins
	kins map[kinship]*kin
}

// part is some of the items, by the hashes of their keys. Two keys of one hash take
// each other's place.
type part struct {
	mu    sync.RWMutex // guards what follows
	items map[uint64]*item
	most  int
	ring  []uint64 // the hashes of all items, in the order of a clock's face
	hand  int      // where room is looked for next
}

// shelfKey is a request as it was worded.
type shelfKey struct {
	wording
	subject string
}

// wording is what a request has in common with others. owner keeps apart services
// whose "own tenant" differs.
type wording struct {
	owner       authmethods.TenantID
	tenant      string
	method      string
	environment authmethods.Environment
}

func keyOf(owner authmethods.TenantID, r LoanRequest) shelfKey {
	return shelfKey{wording{owner, r.Tenant, r.Method, r.Environment}, r.Subject}
}

// Parts spread the callers over locks; a small shelf has one, so that its size is
// what was asked for.
const (
	manyParts = 16
	smallest  = 1024
)

func newShelf(size int) *shelf {
	if size <= 0 {
		size = defaultRemember
	}
	s := &shelf{seed: maphash.MakeSeed(), began: time.Now(), parts: make([]part, 1)}
	if size >= smallest {
		s.parts = make([]part, manyParts)
	}
	for i := range s.parts {
		s.parts[i].items, s.parts[i].most = map[uint64]*item{}, size/len(s.parts)
	}
	return s
}

// now is the storage's time, carried on from when the item was read by the
// monotonic clock, which no step of the wall clock moves.
func (s *shelf) now(i *item) time.Time {
	return time.Unix(0, i.read+int64(time.Since(s.began))-i.at).UTC()
}

func (s *shelf) part(key shelfKey) (*part, uint64) {
	h := maphash.Comparable(s.seed, key)
	return &s.parts[h%uint64(len(s.parts))], h
}

// find returns what is remembered for key and still true.
func (s *shelf) find(key shelfKey) *item {
	p, h := s.part(key)
	p.mu.RLock()
	i := p.items[h]
	p.mu.RUnlock()
	if i == nil || !i.answers(key) || i.kin.home.changed.Load() > i.seen || s.all.Load() > i.seen {
		return nil
	}
	if !i.used.Load() {
		i.used.Store(true)
	}
	return i
}

func (i *item) answers(key shelfKey) bool {
	return i.subject == key.subject && i.kin.worded == key.wording
}

// mark is taken before the storage is read, for newItem.
func (s *shelf) mark() int64 { return s.clock.Load() }

func (s *shelf) put(key shelfKey, i *item) {
	p, h := s.part(key)
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.items[h]
	switch {
	case old == nil:
		p.makeRoom(h)
	case old.answers(key) && old.token == i.token:
		for c := old.borrowers.Load(); c != nil; c = c.next {
			i.lentTo(c.by.Value())
		}
	}
	p.items[h] = i
}

// makeRoom gives a new hash its place in the ring: if there is no other, that of
// the next item that nobody asked for since the hand last passed.
func (p *part) makeRoom(h uint64) {
	if len(p.ring) < p.most {
		p.ring = append(p.ring, h)
		return
	}
	for p.items[p.ring[p.hand]].used.CompareAndSwap(true, false) {
		p.hand = (p.hand + 1) % len(p.ring)
	}
	delete(p.items, p.ring[p.hand])
	p.ring[p.hand] = h
	p.hand = (p.hand + 1) % len(p.ring)
}

// apart is the wording without ties to the request that it came from, whose whole
// body its texts would keep in memory.
func (w wording) apart(of authmethods.Loanable) wording {
	return wording{
		owner: w.owner, tenant: apart(w.tenant, of.TenantSlug), method: apart(w.method, of.Method),
		environment: authmethods.Environment(apart(string(w.environment), string(of.Environment))),
	}
}

// apart returns s as a text of its own: usual if it is the same.
func apart(s, usual string) string {
	if s == usual {
		return usual
	}
	return strings.Clone(s)
}

func (s *shelf) homeOf(id authmethods.TenantID) *home {
	if h, ok := s.homes.Load(id); ok {
		return h.(*home)
	}
	h, _ := s.homes.LoadOrStore(id, new(home))
	return h.(*home)
}

func (s *shelf) forget(id authmethods.TenantID) {
	h := s.homeOf(id)
	h.changed.Store(s.clock.Add(1))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kins = nil // those of the void items; the next have others
}

func (s *shelf) forgetAll() {
	s.all.Store(s.clock.Add(1))
	s.homes.Range(func(_, found any) bool {
		h := found.(*home)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.kins = nil
		return true
	})
}
