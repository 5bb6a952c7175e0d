package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"latchkey/web"
	"latchkey/web/route"
)

func TestReadinessTellsThePublicLessThanTheOperator(t *testing.T) {
	ok := true
	s := newStack(t, func(d *web.Deps) {
		d.Ready = func(context.Context) []web.Check {
			return []web.Check{{Name: "database", OK: ok, Detail: "10.0.0.7 answers"}, {Name: "keys", OK: true}}
		}
	})
	get := func(l route.Listener) reply {
		base := map[route.Listener]string{route.Public: "https://any.example", route.Internal: internalBase}[l]
		return s.send(l, request(t, "GET", base+"/readyz", "", nil))
	}
	if got := get(route.Public).want(200); strings.Contains(got.Body, "10.0.0.7") || got.text("status") != "ok" {
		t.Errorf("in public: %s", got.Body)
	}
	if got := get(route.Internal).want(200); !strings.Contains(got.Body, "10.0.0.7") {
		t.Errorf("for the operator: %s", got.Body)
	}
	ok = false
	if got := get(route.Public).want(http.StatusServiceUnavailable); got.text("status") != "unavailable" || got.Header.Get("Retry-After") == "" {
		t.Errorf("not ready: %s", got.Body)
	}
	s.send(route.Public, request(t, "GET", "https://any.example/livez", "", nil)).want(200)
}

//
func TestMetricsCountByRouteAndNeverByAddress(t *testing.T) {
	s := newStack(t)
	s.connect()
	s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}).want(200)
	s.program("GET", "/internal/v1/canary-in-a-path", nil).want(404)
	s.api("GET", "/auth-methods/canary-in-a-path?x=canary", nil).want(404)
	odd := request(t, "GET", origin+"/", "", nil)
	odd.Method = "CANARY"
	s.send(route.Public, odd).want(405)
	got := s.send(route.Internal, request(t, "GET", internalBase+"/metrics", "", nil)).want(200).Body
	for _, want := range []string{
		`latchkey_http_requests_total{listener="internal",method="POST",route="/internal/v1/tokens",status="2xx"} 1`,
		`latchkey_http_requests_total{listener="public",method="GET",route="/api/v1/auth-methods/:id",status="4xx"} 1`,
		`latchkey_loans_total{source="store"} 1`,
		`latchkey_http_request_duration_seconds_count{listener="internal",route="/internal/v1/tokens"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(strings.ToLower(got), "canary") || strings.Contains(strings.ToLower(s.logs.String()), "canary") {
		t.Error("what a client sent became a label or a line of the log")
	}
}

//
func TestTheLogHasOneLineForARequest(t *testing.T) {
	s := newStack(t)
	before := strings.Count(s.logs.String(), "\n")
	got := s.api("GET", "/auth-methods", nil, "X-Request-Id", "forged")
	lines := strings.Split(strings.TrimSpace(s.logs.String()), "\n")[before:]
	if len(lines) != 1 {
		t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	for _, want := range []string{got.Header.Get("X-Request-Id"), `"tenant":"acme"`, `"actor":"sa_`, `"route":"/api/v1/auth-methods"`, `"status":200`} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("the line lacks %s: %s", want, lines[0])
		}
	}
	if strings.Contains(lines[0], "forged") || got.Header.Get("X-Request-Id") == "forged" {
		t.Error("the client's own request id is believed")
	}
}
