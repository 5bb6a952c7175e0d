package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// provider is as much of Zoho as answers refreshes, after a delay.
type provider struct {
	address string
	delay   time.Duration
	server  *http.Server
	issued  atomic.Int64 // makes access tokens differ

	mu    sync.Mutex // guards all below
	seen  map[string]*refreshes
	first time.Time // when the first request came
	last  time.Time // when the last answer left
}

// refreshes are the requests for one refresh token.
type refreshes struct {
	calls, running, overlaps int
}

// startProvider starts a provider on a port of its own.
func startProvider(delay time.Duration) (*provider, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting a provider: %w", err)
	}
	p := &provider{address: "http://" + l.Addr().String(), delay: delay}
	p.forget()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/v2/token", p.token)
	p.server = &http.Server{Handler: mux}
	go p.server.Serve(l) // ends with stop
	return p, nil
}

func (p *provider) stop() { p.server.Close() }

// token answers a refresh (RFC 6749 section 6) as Zoho does.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	token := r.PostFormValue("refresh_token")
	p.came(token)
	timer := time.NewTimer(p.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	fmt.Fprintf(w, `{"access_token":"1000.%032x.%032x","scope":"Desk.tickets.READ Desk.basic.READ",`+
		`"api_domain":"https://www.zohoapis.com","token_type":"Bearer","expires_in":3600}`, p.issued.Add(1), time.Now().UnixNano())
	p.left(token)
}

func (p *provider) came(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first.IsZero() {
		p.first = time.Now()
	}
	one := p.seen[token]
	if one == nil {
		one = new(refreshes)
		p.seen[token] = one
	}
	one.calls++
	if one.running++; one.running > 1 {
		one.overlaps++
	}
}

func (p *provider) left(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[token].running--
	p.last = time.Now()
}

// forget begins to count anew. Nothing may be running.
func (p *provider) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.first, p.last = map[string]*refreshes{}, time.Time{}, time.Time{}
}

// count is what a provider was asked.
type count struct {
	tokens   int // refresh tokens that were used
	calls    int
	most     int // calls for one refresh token
	overlaps int // calls for one refresh token while another ran
	took     time.Duration
}

func (p *provider) counted() count {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := count{tokens: len(p.seen), took: p.last.Sub(p.first)}
	for _, one := range p.seen {
		c.calls += one.calls
		c.most = max(c.most, one.calls)
		c.overlaps += one.overlaps
	}
	return c
}

// awaitTokens waits until so many refresh tokens were used, or until for so long
// no other was, and returns how many it were.
func (p *provider) awaitTokens(ctx context.Context, n int, quiet time.Duration) int {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	before, changed := -1, time.Now()
	for {
		got := p.counted().tokens
		if got != before {
			before, changed = got, time.Now()
		}
		if got >= n || time.Since(changed) > quiet || ctx.Err() != nil {
			return got
		}
		<-tick.C
	}
}

// integrations makes a directory of integration types that lead Zoho's here.
func (p *provider) integrations(dir string) error {
	text := fmt.Sprintf("extends: zoho\ndata_centres:\n  us:\n    authorization_server: %s\n    hosts:\n"+
		"      desk: {production: %[1]s, sandbox: %[1]s}\n"+
		"      api: {production: %[1]s, sandbox: %[1]s, developer: %[1]s}\n", p.address)
	if err := os.WriteFile(filepath.Join(dir, "zoho.dc.yaml"), []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing integration types: %w", err)
	}
	return nil
}
