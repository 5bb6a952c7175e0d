package zohosim

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// Kinds of events.
const (
	EventAuthorize    = "authorize"     // an authorise request arrived
	EventCode         = "code"          // a grant code was issued
	EventDenied       = "denied"        // the user refused
	EventToken        = "token"         // a token request other than a refresh
	EventRefresh      = "refresh"       // a refresh request
	EventEvictAccess  = "evict_access"  // an access token gave way to a newer one
	EventEvictRefresh = "evict_refresh" // a refresh token gave way to a newer one
	EventReuse        = "reuse"         // a rotated refresh token came back
	EventRevoke       = "revoke"        // a token or grant was revoked
	EventAPI          = "api"           // a call to Desk, CRM or userinfo
	EventDevice       = "device"        // a step of the device flow
	EventFault        = "fault"         // a fault was served
)

// Event is one line of the log. Times are the simulator's; Sequence orders events as the
// simulator applied them. Tokens appear only as fingerprints.
type Event struct {
	Sequence uint64    `json:"sequence"`
	Received time.Time `json:"received"`
	Answered time.Time `json:"answered,omitzero"`
	Kind     string    `json:"kind"`
	DC       string    `json:"dc,omitempty"`
	Client   string    `json:"client,omitempty"`
	User     string    `json:"user,omitempty"`
	Grant    string    `json:"grant,omitempty"`
	Refresh  string    `json:"refresh,omitempty"`
	Access   string    `json:"access,omitempty"`
	Path     string    `json:"path,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	Outcome  string    `json:"outcome"`
}

// Fingerprint names a token without telling it: the first 16 hex digits of its SHA-256.
func Fingerprint(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}

// eventLog keeps the newest events and counts the ones it had to drop.
type eventLog struct {
	mu   sync.Mutex
	ring []Event
	size uint64
	next uint64
}

func newEventLog(capacity int) *eventLog { return &eventLog{size: uint64(max(capacity, 1))} }

func (l *eventLog) add(e Event) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Sequence = l.next + 1
	if l.next < l.size {
		l.ring = append(l.ring, e)
	} else {
		l.ring[l.next%l.size] = e
	}
	l.next++
	return e.Sequence
}

func (l *eventLog) answered(sequences []uint64, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range sequences {
		if e := &l.ring[(n-1)%l.size]; e.Sequence == n {
			e.Answered = at
		}
	}
}

func (l *eventLog) dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next - uint64(len(l.ring))
}

func (l *eventLog) all() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Event, 0, len(l.ring))
	first := l.next % l.size
	if l.next < l.size {
		first = 0
	}
	list = append(list, l.ring[first:]...)
	return append(list, l.ring[:first]...)
}

// Events returns the log, oldest first.
func (s *Sim) Events() []Event { return s.log.all() }

// EventsDropped says how many of the oldest events the log no longer holds.
func (s *Sim) EventsDropped() uint64 { return s.log.dropped() }

// record logs an event that belongs to this request and is answered with it.
func (c *call) record(e Event) {
	e.Received, e.DC, e.Path = c.received, c.dc.code, c.path
	c.events = append(c.events, c.s.log.add(e))
}

// note logs something that happened to a grant by itself or through the control API.
func (s *Sim) note(kind string, g *grant, e Event) {
	now := s.clock.Now()
	e.Received, e.Answered, e.Kind, e.DC, e.Grant = now, now, kind, g.dc.code, g.id
	e.Client, e.User = g.client.ID, g.userEmail()
	s.log.add(e)
}

// overlaps watches how many token requests for one refresh token are in flight together.
type overlaps struct {
	mu     sync.Mutex
	flight map[string]int
	peak   *bounded[int]
}

func (o *overlaps) enter(fingerprint string) (leave func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.flight == nil {
		o.flight = map[string]int{}
	}
	o.flight[fingerprint]++
	peak, _ := o.peak.get(fingerprint)
	o.peak.put(fingerprint, max(peak, o.flight[fingerprint]))
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.flight[fingerprint]--; o.flight[fingerprint] == 0 {
			delete(o.flight, fingerprint)
		}
	}
}

// MaxOverlap is the largest number of token requests for one refresh token that were ever open at
// the same moment; 1 is what a careful client reaches.
func (s *Sim) MaxOverlap(refreshFingerprint string) int {
	s.overlap.mu.Lock()
	defer s.overlap.mu.Unlock()
	n, _ := s.overlap.peak.get(refreshFingerprint)
	return n
}
