package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// seen is a request as a server got it.
type seen struct {
	method, uri string
	header      http.Header
	form        url.Values
}

// provider is a server that remembers what it was asked.
type provider struct {
	*httptest.Server
	mu       sync.Mutex // guards requests
	requests []seen
}

func (p *provider) all() []seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]seen(nil), p.requests...)
}

// only returns the one request there must have been.
func (p *provider) only(t *testing.T) seen {
	t.Helper()
	all := p.all()
	if len(all) != 1 {
		t.Fatalf("the provider saw %d requests, want exactly one", len(all))
	}
	return all[0]
}

// serve starts a provider; h runs after the request was read and remembered.
func serve(t testing.TB, h http.HandlerFunc) *provider {
	t.Helper()
	p := prepare(h)
	p.Start()
	t.Cleanup(p.Close)
	return p
}

// prepare makes a provider that is yet to be started.
func prepare(h http.HandlerFunc) *provider {
	p := &provider{}
	p.Server = httptest.NewUnstartedServer(p.remember(h))
	p.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	return p
}

func (p *provider) remember(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		form, formErr := url.ParseQuery(string(body))
		if err != nil || formErr != nil {
			return // it never came whole
		}
		p.mu.Lock()
		p.requests = append(p.requests, seen{r.Method, r.RequestURI, r.Header.Clone(), form})
		p.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		h(w, r)
	}
}

func reply(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// raw answers with these bytes and ends the connection.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, answer)
		conn.Close()
	}
}

func newClient(t testing.TB) *Client {
	t.Helper()
	c := New(Options{Allow: loopback})
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

const (
	plantedSecret  = "CANARY-client-secret"
	plantedRefresh = "CANARY-refresh-token"
	plantedAccess  = "CANARY-access-token"
	plantedCode    = "CANARY-code"
	plantedAnswer  = "CANARY-answer"
)

func registration(token string) tokens.Registration {
	return tokens.Registration{
		Provider: catalog.Provider{
			TokenEndpoint: token, ClientAuth: catalog.ClientAuthPost, ScopeSeparator: " ",
			TokenHeader: "Authorization", TokenHeaderPrefix: "Bearer",
			Errors: catalog.Errors{CodeFields: []string{"error"}},
		},
		Client: authmethods.Client{ID: "client", Secret: secret.New(plantedSecret)},
		Mode:   authmethods.ModeOAuth,
	}
}

func refresh(token string) tokens.Request {
	return tokens.Request{Registration: registration(token), RefreshToken: secret.New(plantedRefresh)}
}

// failureOf returns the failure in err, which must hold no planted secret.
func failureOf(t *testing.T, err error) *tokens.Failure {
	t.Helper()
	var f *tokens.Failure
	if !errors.As(err, &f) {
		t.Fatalf("error %v holds no *tokens.Failure", err)
	}
	noCanary(t, err)
	return f
}

func noCanary(t *testing.T, err error) {
	t.Helper()
	for e := range chain(err) {
		for _, text := range []string{e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
			if strings.Contains(text, "CANARY") {
				t.Errorf("an error text holds a secret: %s", text)
			}
		}
	}
}

// chain yields err and all that it wraps.
func chain(err error) func(yield func(error) bool) {
	return func(yield func(error) bool) { walk(err, yield) }
}

func walk(err error, yield func(error) bool) bool {
	if err == nil {
		return true
	}
	if !yield(err) {
		return false
	}
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		return walk(w.Unwrap(), yield)
	case interface{ Unwrap() []error }:
		for _, e := range w.Unwrap() {
			if !walk(e, yield) {
				return false
			}
		}
	}
	return true
}

// closedPort is an address of this machine where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
