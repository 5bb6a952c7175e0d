package zohosim_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"latchkey/zohosim"
)

func TestFaultsSpoilTheAnswer(t *testing.T) {
	z := begin(t, zohosim.Switches{Limits: zohosim.Limits{RefreshesPerWindow: -1}})
	refresh := z.connect("sam@example.com").text("refresh_token")
	fingerprint := zohosim.Fingerprint(refresh)
	values := form("grant_type", "refresh_token", "refresh_token", refresh, "client_id", z.seed.Server.ID, "client_secret", z.seed.Server.Secret)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, tc := range []struct {
		kind    string
		applied bool
		broken  bool // the connection ends without an answer
		check   func(*http.Response, string) bool
	}{
		{zohosim.FaultSlow, true, false, func(r *http.Response, b string) bool { return strings.Contains(b, "access_token") }},
		{zohosim.FaultLost, true, true, nil},
		{zohosim.FaultReset, false, true, nil},
		{zohosim.FaultEmpty, true, false, func(r *http.Response, b string) bool { return r.StatusCode == 200 && b == "" }},
		{zohosim.FaultTruncated, true, false, func(r *http.Response, b string) bool {
			return strings.HasPrefix(b, "{") && !strings.HasSuffix(strings.TrimSpace(b), "}")
		}},
		{zohosim.FaultDuplicated, true, false, func(r *http.Response, b string) bool { return strings.Count(b, "access_token") == 2 }},
		{zohosim.FaultContentType, true, false, func(r *http.Response, b string) bool {
			return strings.HasPrefix(r.Header.Get("Content-Type"), "text/html")
		}},
		{zohosim.FaultHTML, false, false, func(r *http.Response, b string) bool {
			return r.StatusCode == 200 && strings.Contains(b, "maintenance")
		}},
		{zohosim.FaultUnavailable, false, false, func(r *http.Response, b string) bool { return r.StatusCode == 503 }},
		{zohosim.FaultTooMany, false, false, func(r *http.Response, b string) bool {
			return r.StatusCode == 429 && r.Header.Get("Retry-After") == "30"
		}},
		{zohosim.FaultRedirect, false, false, func(r *http.Response, b string) bool {
			return r.StatusCode == 307 && strings.HasSuffix(r.Header.Get("Location"), "/signin")
		}},
		{zohosim.FaultHuge, false, false, func(r *http.Response, b string) bool { return len(b) == 16<<20 }},
		{zohosim.FaultCanned, false, false, func(r *http.Response, b string) bool {
			return r.StatusCode == 418 && b == "teapot" && r.Header.Get("X-Pot") == "yes"
		}},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			before := z.Refreshes(fingerprint)
			z.Inject(zohosim.Fault{Kind: tc.kind, Path: "/oauth/v2/token", GrantType: "refresh_token"})
			if tc.kind == zohosim.FaultCanned {
				z.ClearFaults()
				z.Inject(zohosim.Fault{Kind: tc.kind, Status: 418, Body: "teapot", Header: http.Header{"x-pot": {"yes"}}})
			}
			resp, err := client.PostForm(z.at("us").Accounts+"/oauth/v2/token", values)
			if (err != nil) != tc.broken {
				t.Fatalf("error %v, want one: %v", err, tc.broken)
			}
			if err == nil {
				raw, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || !tc.check(resp, string(raw)) {
					t.Errorf("status %d, %d bytes, %v", resp.StatusCode, len(raw), err)
				}
			}
			if applied := z.Refreshes(fingerprint) == before+1; applied != tc.applied {
				t.Errorf("applied %v, want %v", applied, tc.applied)
			}
			if len(z.Faults()) != 0 {
				t.Error("the fault is still queued")
			}
		})
	}
}

func TestFaultsMatchSkipAndRepeat(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	b := z.connect("sam@example.com")
	z.Inject(zohosim.Fault{Kind: zohosim.FaultUnavailable, DC: "eu"})
	z.Inject(zohosim.Fault{Kind: zohosim.FaultUnavailable, RefreshToken: zohosim.Fingerprint(b.text("refresh_token")), Skip: 1, Times: 2})
	var got []int
	for range 4 {
		got = append(got, z.refresh("us", b.text("refresh_token")).status)
	}
	if want := [4]int{200, 503, 503, 200}; [4]int(got) != want {
		t.Errorf("statuses %v, want %v", got, want)
	}
	if len(z.Faults()) != 1 {
		t.Errorf("%d faults left, want the one for eu", len(z.Faults()))
	}
}

func TestOverlappingRefreshesAreSeen(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	refresh := z.connect("sam@example.com").text("refresh_token")
	fingerprint := zohosim.Fingerprint(refresh)
	for range 3 {
		z.refresh("us", refresh)
	}
	if n := z.MaxOverlap(fingerprint); n != 1 {
		t.Errorf("overlap %d after requests one by one, want 1", n)
	}
	reached, release := make(chan struct{}), make(chan struct{})
	z.Inject(zohosim.Fault{BeforeReply: func(ctx context.Context) {
		close(reached)
		select {
		case <-release:
		case <-ctx.Done():
		}
	}})
	var wg sync.WaitGroup
	wg.Go(func() { z.refresh("us", refresh) })
	<-reached
	z.refresh("us", refresh)
	close(release)
	wg.Wait()
	if n := z.MaxOverlap(fingerprint); n != 2 {
		t.Errorf("overlap %d, want 2", n)
	}
}

func TestEventsTellTheStoryWithoutTokens(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	b := z.connect("sam@example.com")
	z.refresh("us", b.text("refresh_token"))
	z.get(z.at("us").Desk+"/api/v1/tickets", b.text("access_token"))
	var kinds []string
	for i, e := range z.Events() {
		if e.Sequence != uint64(i+1) || e.Received.IsZero() || e.Answered.Before(e.Received) {
			t.Errorf("event %+v", e)
		}
		kinds = append(kinds, e.Kind+" "+e.Outcome)
	}
	if got, want := strings.Join(kinds, ", "), "authorize ok, code ok, token ok, refresh ok, api ok"; got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	raw := z.get(z.URL+"/_sim/events", "").raw + z.get(z.URL+"/_sim/tokens", "").raw
	if strings.Contains(raw, b.text("refresh_token")) || strings.Contains(raw, b.text("access_token")) {
		t.Error("a token is in the log")
	}
	if !strings.Contains(raw, zohosim.Fingerprint(b.text("refresh_token"))) {
		t.Error("the fingerprint is not in the log")
	}
}

func TestTheEventLogForgetsTheOldest(t *testing.T) {
	sim := zohosim.New(zohosim.Config{EventCapacity: 3, BaseURL: "http://sim.test"})
	for range 5 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://sim.test/accounts.zoho.com/oauth/v2/auth", nil)
		if err != nil {
			t.Fatal(err)
		}
		sim.ServeHTTP(discard{http.Header{}}, r)
	}
	events := sim.Events()
	if len(events) != 3 || events[0].Sequence != 3 || events[2].Sequence != 5 || sim.EventsDropped() != 2 {
		t.Errorf("%d events, %d dropped", len(events), sim.EventsDropped())
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func TestManyClientsAtOnce(t *testing.T) {
	z := begin(t, zohosim.Switches{Limits: zohosim.Limits{RefreshesPerWindow: -1, DeskConcurrency: -1}})
	b := z.connect("sam@example.com")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				z.refresh("us", b.text("refresh_token"))
				z.get(z.at("us").Desk+"/api/v1/tickets", b.text("access_token"))
				z.Events()
				z.Tokens()
			}
		})
	}
	wg.Wait()
	if n := z.Refreshes(zohosim.Fingerprint(b.text("refresh_token"))); n != 40 {
		t.Errorf("%d refreshes, want 40", n)
	}
	live := 0
	for _, v := range z.Tokens() {
		if v.Kind == "access" && v.Valid {
			live++
		}
	}
	if live != 10 {
		t.Errorf("%d access tokens live, want 10", live)
	}
}
