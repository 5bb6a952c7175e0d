package zohosim

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kinds of faults. Those marked "applied" happen after the server made the change it was asked
// for; the others leave the server untouched unless the fault says Apply.
const (
	FaultSlow        = "slow"         // applied; only the delays of the fault
	FaultLost        = "lost"         // applied; the connection closes without an answer
	FaultEmpty       = "empty"        // applied; the right status with no body
	FaultTruncated   = "truncated"    // applied; half of the body, and a length that agrees
	FaultDuplicated  = "duplicated"   // applied; the body twice
	FaultContentType = "content_type" // applied; the body labelled text/html
	FaultReset       = "reset"        // the connection is reset
	FaultHTML        = "html"         // a maintenance page with status 200
	FaultUnavailable = "unavailable"  // a maintenance page with status 503
	FaultTooMany     = "too_many"     // 429 with Retry-After
	FaultRedirect    = "redirect"     // 307 to Location, or to a sign-in page
	FaultHuge        = "huge"         // 16 MiB of JSON white space
	FaultCanned      = "canned"       // Status, Header and Body of the fault
)

// Fault spoils the next requests that match it. Empty matchers match everything.
type Fault struct {
	Kind string `json:"kind"`
	// Path is the end of the request's path, such as "/oauth/v2/token".
	Path string `json:"path"`
	// GrantType matches the grant_type parameter.
	GrantType string `json:"grant_type"`
	// DC is a location code.
	DC string `json:"dc"`
	// RefreshToken is the fingerprint of the refresh token in the request.
	RefreshToken string `json:"refresh_token"`
	// Skip lets that many matching requests through first.
	Skip int `json:"skip"`
	// Times is how many requests are spoilt: 0 is one, a negative number all.
	Times int `json:"times"`
	// Apply makes the change although the answer will not say so.
	Apply bool `json:"apply"`

	// BeforeMS and AfterMS delay the request before the change and the answer after it, in
	// milliseconds of real time.
	BeforeMS int `json:"before_ms"`
	AfterMS  int `json:"after_ms"`

	Status   int         `json:"status"`
	Header   http.Header `json:"header"`
	Body     string      `json:"body"`
	Location string      `json:"location"`

	// BeforeApply and BeforeReply run at those moments, so that a test can hold a request open
	// for as long as it likes; their context ends when the client goes away.
	BeforeApply func(context.Context) `json:"-"`
	BeforeReply func(context.Context) `json:"-"`
}

type faultQueue struct {
	mu    sync.Mutex
	queue []*Fault
}

// Inject queues a fault.
func (s *Sim) Inject(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	f.Times = or(f.Times, 1)
	s.faults.queue = append(s.faults.queue, &f)
}

// Faults returns the faults still queued.
func (s *Sim) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	list := make([]Fault, 0, len(s.faults.queue))
	for _, f := range s.faults.queue {
		list = append(list, *f)
	}
	return list
}

// ClearFaults forgets every queued fault.
func (s *Sim) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = nil
}

func (f *Fault) matches(c *call) bool {
	return strings.HasSuffix(c.path, f.Path) &&
		(f.GrantType == "" || f.GrantType == c.form.Get("grant_type")) &&
		(f.DC == "" || f.DC == c.dc.code) &&
		(f.RefreshToken == "" || f.RefreshToken == Fingerprint(c.form.Get("refresh_token")))
}

func (q *faultQueue) next(c *call) *Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, f := range q.queue {
		if !f.matches(c) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		chosen := *f
		if f.Times > 0 {
			f.Times--
		}
		if f.Times == 0 {
			q.queue = slices.Delete(q.queue, i, i+1)
		}
		return &chosen
	}
	return nil
}

func (s *Sim) serveFault(w http.ResponseWriter, c *call, f Fault) {
	ctx := c.r.Context()
	applied := []string{"", FaultSlow, FaultLost, FaultEmpty, FaultTruncated, FaultDuplicated, FaultContentType}
	wait(ctx, f.BeforeMS)
	if f.BeforeApply != nil {
		f.BeforeApply(ctx)
	}
	c.record(Event{Kind: EventFault, Detail: or(f.Kind, FaultSlow), Outcome: "served",
		Client: c.form.Get("client_id"), Refresh: fingerprintOf(c.form.Get("refresh_token"))})
	if f.Apply || slices.Contains(applied, f.Kind) {
		c.apply()
	}
	if f.BeforeReply != nil {
		f.BeforeReply(ctx)
	}
	wait(ctx, f.AfterMS)
	c.finish()
	f.spoil(w, c)
}

// spoil sends what the fault makes of the answer.
func (f Fault) spoil(w http.ResponseWriter, c *call) {
	switch f.Kind {
	case FaultReset, FaultLost:
		drop(w, f.Kind == FaultReset)
		return
	case FaultEmpty:
		c.body.Reset()
	case FaultTruncated:
		c.body.Truncate(c.body.Len() / 2)
	case FaultDuplicated:
		c.body.Write(bytes.Clone(c.body.Bytes()))
	case FaultContentType:
		c.header.Set("Content-Type", "text/html;charset=UTF-8")
	case FaultHTML, FaultUnavailable:
		c.reply = reply{header: http.Header{}, status: http.StatusOK}
		c.header.Set("Content-Type", "text/html;charset=UTF-8")
		if f.Kind == FaultUnavailable {
			c.status = http.StatusServiceUnavailable
		}
		c.body.WriteString(maintenancePage)
	case FaultTooMany:
		c.reply = reply{header: http.Header{"Retry-After": {"30"}}}
		c.json(http.StatusTooManyRequests, map[string]any{"error": "too_many_requests"})
	case FaultRedirect:
		c.reply = reply{header: http.Header{}, status: http.StatusTemporaryRedirect}
		c.header.Set("Location", or(f.Location, c.accounts(c.dc, "/signin", nil)))
	case FaultHuge:
		c.huge(w)
		return
	case FaultCanned:
		c.reply = reply{header: http.Header{}, status: http.StatusOK}
		c.body.WriteString(f.Body)
	}
	for name, values := range f.Header {
		c.header[http.CanonicalHeaderKey(name)] = values
	}
	c.status = or(f.Status, c.status)
	c.send(w)
}

// huge streams, because a client that stops reading should find a server still writing.
func (c *call) huge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	chunk := strings.Repeat(" ", 64<<10)
	for range 256 {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
}

func drop(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the only way to end an HTTP/2 stream without an answer
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // makes Close send RST; without it this is an ordinary close
	}
	_ = conn.Close()
}

func wait(ctx context.Context, ms int) {
	if ms <= 0 {
		return
	}
	timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func fingerprintOf(token string) string {
	if token == "" {
		return ""
	}
	return Fingerprint(token)
}
