package web_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/web"
	"latchkey/web/live"
	"latchkey/web/route"
)

// follow opens the stream of changes as somebody, and returns what it says, line by
// line.
func follow(t *testing.T, s *stack, p present) (*http.Response, *bufio.Scanner) {
	t.Helper()
	server := httptest.NewServer(s.public)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/events", nil)
	must(t, err)
	at, err := url.Parse(origin)
	must(t, err)
	r.Host = at.Host
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Cookie", p.cookie)
	answer, err := server.Client().Do(r)
	must(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer, bufio.NewScanner(answer.Body)
}

func TestAPageFollowsWhatChanges(t *testing.T) {
	hub := live.New()
	s := newStack(t, func(d *web.Deps) { d.Live = hub })
	answer, said := follow(t, s, s.signedIn(t, "marie"))
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("X-Accel-Buffering") != "no" {
		t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	if !said.Scan() || !strings.HasPrefix(said.Text(), "retry:") {
		t.Fatalf("it begins with %q", said.Text())
	}
	hub.Changed("tn_another", "method")
	hub.Changed(s.Tenant.ID, "connection")
	for said.Scan() && said.Text() == "" {
	}
	if said.Text() != "data: connection" {
		t.Errorf("it says %q", said.Text())
	}
	hub.Close()
	for said.Scan() {
	}
	if err := said.Err(); err != nil {
		t.Errorf("the stream does not end in order: %v", err)
	}
}

func TestTheStreamIsForWhoIsSignedInAndAsksForOne(t *testing.T) {
	s := newStack(t)
	marie := s.signedIn(t, "marie")
	s.send(route.Public, request(t, "GET", origin+"/events", "", nil, "Accept", "text/event-stream")).want(401, "not_signed_in")
	s.send(route.Public, request(t, "GET", origin+"/events", "", nil, "Cookie", marie.cookie)).want(400)
	left := s.send(route.Public, request(t, "GET", origin+"/account/session", "", nil, "Cookie", marie.cookie)).want(200).json()
	if n, _ := left["left_seconds"].(float64); n < 60 || n > left["left_at_most_seconds"].(float64) {
		t.Errorf("the session goes on for %v", left)
	}
}

func TestPagesAreCompressedUnlessAnotherSiteAsks(t *testing.T) {
	s := newStack(t)
	marie := s.signedIn(t, "marie")
	for site, want := range map[string]string{"same-origin": "gzip", "none": "gzip", "cross-site": "", "same-site": ""} {
		got := s.send(route.Public, request(t, "GET", origin+"/account", "", nil, "Cookie", marie.cookie, "Accept", "text/html", "Accept-Encoding", "gzip", "Sec-Fetch-Site", site)).want(200)
		if got.Header.Get("Content-Encoding") != want {
			t.Errorf("asked for by %s: %q", site, got.Header.Get("Content-Encoding"))
		}
	}
}
