package upstream

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/crypto/secret"
	"latchkey/tokens"
)

func TestGetJSON(t *testing.T) {
	long := `["` + strings.Repeat("x", maxBody) + `"]`
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		status  int
		body    any
		flaw    Flaw
	}{
		{"an object whose numbers stay exact", reply(200, "application/json", `{"id":12345678901234567890}`), 200, map[string]any{"id": json.Number("12345678901234567890")}, ""},
		{"JSON by another name, with a byte order mark", reply(200, "text/html", "\xef\xbb\xbf [1] "), 200, []any{json.Number("1")}, ""},
		{"a refusal", reply(401, "application/json", `{"errorCode":"INVALID_OAUTH"}`), 401, map[string]any{"errorCode": "INVALID_OAUTH"}, ""},
		{"nothing", reply(204, "", ""), 204, nil, ""},
		{"a page", reply(200, "text/html; charset=utf-8", plantedAnswer), 200, nil, FlawHTML},
		{"a page that calls itself JSON", reply(503, "application/json", "\n<html>"+plantedAnswer), 503, nil, FlawHTML},
		{"words", reply(200, "application/json", plantedAnswer), 200, nil, FlawNotJSON},
		{"two values", reply(200, "application/json", `{} {}`), 200, nil, FlawNotJSON},
		{"something endless", reply(200, "application/json", long), 200, nil, FlawTooLong},
		{"the longest that is read", reply(200, "application/json", `"`+strings.Repeat("x", maxBody-2)+`"`), 200, strings.Repeat("x", maxBody-2), ""},
		{"something cut", raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[1"), 200, nil, FlawCut},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := serve(t, test.handler)
			status, _, body, err := newClient(t).GetJSON(t.Context(), Call{URL: p.URL + "/?CANARY=1"})
			var flawed *ReplyError
			if errors.As(err, &flawed) != (test.flaw != "") || flawed != nil && (flawed.Flaw != test.flaw || flawed.Status != test.status) {
				t.Errorf("error %v", err)
			}
			noCanary(t, err)
			if diff := cmp.Diff(test.body, body); diff != "" || status != test.status {
				t.Errorf("status %d (-want +got):\n%s", status, diff)
			}
		})
	}
}

func TestGetJSONCarriesItsHeadersAndKeepsFew(t *testing.T) {
	p := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.Header().Set("Set-Cookie", "a=b")
		w.WriteHeader(401)
	})
	status, header, _, err := newClient(t).GetJSON(t.Context(), Call{Method: "POST", URL: p.URL, Headers: []tokens.Header{
		{Name: "Authorization", Value: secret.New("Zoho-oauthtoken " + plantedAccess)}, {Name: "orgId", Value: secret.New("7")},
	}})
	if err != nil || status != 401 || header.Get("WWW-Authenticate") == "" || header.Get("Set-Cookie") != "" {
		t.Errorf("%d %v %v", status, header, err)
	}
	if got := p.only(t); got.method != "POST" || got.header.Get("Authorization") != "Zoho-oauthtoken "+plantedAccess || got.header.Get("orgId") != "7" {
		t.Errorf("%s %v", got.method, got.header)
	}
}

func TestGetJSONWithoutAReply(t *testing.T) {
	c := newClient(t)
	for _, address := range []string{closedPort(t) + "/?CANARY", "http://8.8.8.8/", "CANARY://x", "https://[::1/CANARY"} {
		status, _, _, err := c.GetJSON(t.Context(), Call{URL: address, Headers: []tokens.Header{{Name: "Authorization", Value: secret.New(plantedAccess)}}})
		if failureOf(t, err); status != 0 {
			t.Errorf("%s: status %d", address, status)
		}
	}
	_, _, _, err := c.GetJSON(t.Context(), Call{URL: "http://127.0.0.1/", Headers: []tokens.Header{{Name: "A", Value: secret.New("CANARY\r\nB: c")}}})
	failureOf(t, err)
}

// countBodies counts the bodies of answers that are not closed.
type countBodies struct {
	http.RoundTripper
	open *atomic.Int32
}

func (c countBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		c.open.Add(1)
		resp.Body = &countedBody{resp.Body, sync.OnceFunc(func() { c.open.Add(-1) })}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	closed func()
}

func (b *countedBody) Close() error {
	b.closed()
	return b.ReadCloser.Close()
}

// The test hangs if anything is left behind.
func TestFailuresLeaveNothingBehind(t *testing.T) {
	var open atomic.Int32
	before := runtime.NumGoroutine()
	var turn atomic.Int32
	handlers := []http.HandlerFunc{
		reply(503, "text/html", "<html>"), raw(""), reply(200, "application/json", strings.Repeat("x", maxBody+1)),
		raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), raw("junk\r\n"), reply(307, "", ""), reply(200, "application/json", granted),
	}
	p := prepare(func(w http.ResponseWriter, r *http.Request) {
		handlers[int(turn.Add(1))%len(handlers)](w, r)
	})
	p.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked: // who hijacks closes
			open.Add(-1)
		}
	}
	p.Start()
	c := newClient(t)
	var bodies atomic.Int32
	c.http.Transport = countBodies{c.http.Transport, &bodies}
	for range 10 * len(handlers) {
		_, _ = c.Send(t.Context(), refresh(p.URL))
		_, _, _, _ = c.GetJSON(t.Context(), Call{URL: p.URL})
		late := refresh(p.URL)
		late.NotAfter = late.NotAfter.AddDate(1, 0, 0)
		if _, err := c.Send(t.Context(), late); err == nil {
			t.Fatal("sent too late")
		}
	}
	if n := bodies.Load(); n != 0 {
		t.Fatalf("%d bodies were left open", n)
	}
	c.http.Transport.(countBodies).RoundTripper.(*transport).CloseIdleConnections()
	for open.Load() != 0 {
		runtime.Gosched()
	}
	p.Close()
	for runtime.NumGoroutine() > before {
		runtime.Gosched()
	}
}
