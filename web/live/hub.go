package live

import (
	"sync"

	"latchkey/authmethods"
)

// How many pages may listen: of one person, and in this process.
const (
	perPerson = 12
	inAll     = 2000
)

// Hub passes on what changed to the pages that are open in this process.
type Hub struct {
	mu      sync.Mutex // guards what follows
	tenants map[authmethods.TenantID]map[*listener]bool
	people  map[authmethods.ID]int
	all     int
	closed  bool
}

// New returns a Hub to which nobody listens.
func New() *Hub {
	return &Hub{tenants: map[authmethods.TenantID]map[*listener]bool{}, people: map[authmethods.ID]int{}}
}

// listener is an open page.
type listener struct {
	wake chan struct{} // holds one while there is something to tell; closed at the end
	kind string        // of what changed; "several" for more than one
}

// several stands for more than one kind.
const several = "several"

// Changed tells the pages of a tenant that something of a kind changed; of all tenants
// if none is named. It never waits.
func (h *Hub) Changed(tenant authmethods.TenantID, kind string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if tenant == "" {
		for _, each := range h.tenants {
			tell(each, several)
		}
		return
	}
	tell(h.tenants[tenant], kind)
}

func tell(listeners map[*listener]bool, kind string) {
	for l := range listeners {
		if l.kind != "" && l.kind != kind {
			kind = several
		}
		l.kind = kind
		select {
		case l.wake <- struct{}{}:
		default: // it will find the kind when it looks
		}
	}
}

// listen adds a page of a person; nil if there are enough, or the server is going
// away. stop takes it away again.
func (h *Hub) listen(tenant authmethods.TenantID, person authmethods.ID) (l *listener, stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.all >= inAll || h.people[person] >= perPerson {
		return nil, nil
	}
	l = &listener{wake: make(chan struct{}, 1)}
	if h.tenants[tenant] == nil {
		h.tenants[tenant] = map[*listener]bool{}
	}
	h.tenants[tenant][l] = true
	h.people[person]++
	h.all++
	return l, func() { h.leave(tenant, person, l) }
}

func (h *Hub) leave(tenant authmethods.TenantID, person authmethods.ID, l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if delete(h.tenants[tenant], l); len(h.tenants[tenant]) == 0 {
		delete(h.tenants, tenant)
	}
	if h.people[person]--; h.people[person] == 0 {
		delete(h.people, person)
	}
	h.all--
}

// take returns what changed since it was last asked.
func (h *Hub) take(l *listener) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	kind := l.kind
	l.kind = ""
	return kind
}

// Close ends all streams, and lets none begin: a server that waits for its requests to
// end would wait for pages to be closed.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for _, each := range h.tenants {
		for l := range each {
			close(l.wake)
		}
	}
	h.tenants = map[authmethods.TenantID]map[*listener]bool{}
}
