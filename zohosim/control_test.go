package zohosim_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/zohosim"
)

// holdWhile keeps the next request to a path open, after it was applied, while during runs.
func (z *zoho) holdWhile(path string, request, during func()) {
	reached, release := make(chan struct{}), make(chan struct{})
	z.Inject(zohosim.Fault{Path: path, BeforeReply: func(ctx context.Context) {
		close(reached)
		select {
		case <-release:
		case <-ctx.Done():
		}
	}})
	var wg sync.WaitGroup
	wg.Go(request)
	<-reached
	during()
	close(release)
	wg.Wait()
}

func (z *zoho) control(path, payload string) answer {
	z.t.Helper()
	resp, err := http.Post(z.URL+"/_sim/"+path, "application/json", strings.NewReader(payload))
	return read(z.t, resp, err)
}

func TestTheControlAPIDrivesTheSimulator(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	refresh := z.connect("sam@example.com").text("refresh_token")
	z.control("faults", `{"kind":"unavailable","path":"/oauth/v2/token"}`)
	if a := z.refresh("us", refresh); a.status != 503 {
		t.Errorf("status %d", a.status)
	}
	z.control("clock/advance", `{"by":"10m"}`)
	if now := z.Clock().Now(); !now.Equal(start.Add(10 * time.Minute)) {
		t.Errorf("clock %v", now)
	}
	z.control("switches", `{"throttle_status":200,"codes_per_window":3}`)
	z.control("switches", `{"language":"zh"}`)
	if sw := z.Switches(); sw.ThrottleStatus != 200 || sw.CodesPerWindow != 3 || sw.Language != "zh" {
		t.Errorf("%+v", sw)
	}
	a := z.control("self-client-code", `{"client":"`+z.seed.Self.ID+`","scope":"Desk.basic.READ"}`)
	if !strings.HasPrefix(a.body.text("code"), "1000.") {
		t.Errorf("%s", a.raw)
	}
	if a := z.control("revoke", `{"refresh_token":"`+refresh+`"}`); a.status != 200 || z.Token(refresh).Valid {
		t.Errorf("%s", a.raw)
	}
	z.control("users", `{"email":"new@example.jp","dc":"jp"}`)
	z.approve("new@example.jp", "scope", sso)
	for path, payload := range map[string]string{"switches": `{"nonsense":1}`, "clock/advance": `{"by":"soon"}`,
		"users": `{"email":"x","dc":"moon"}`, "revoke": `{}`, "faults": `[`, "self-client-code": `{"client":"x"}`} {
		if a := z.control(path, payload); a.status != 400 || a.body.text("error") == "" {
			t.Errorf("%s %s: %d %s", path, payload, a.status, a.raw)
		}
	}
	if a := z.get(z.URL+"/_sim/catalog", ""); !strings.Contains(a.raw, "accounts.zohocloud.ca") {
		t.Errorf("%s", a.raw)
	}
	if a := z.get(z.URL+"/_sim/events?kind=revoke", ""); len(a.body["events"].([]any)) != 1 {
		t.Errorf("%s", a.raw)
	}
}

func TestOtherSitesCannotSteerTheSimulator(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, z.URL+"/_sim/clock/advance", strings.NewReader(`{"by":"1h"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	if a := read(t, resp, err); a.status != http.StatusForbidden || !z.Clock().Now().Equal(start) {
		t.Errorf("status %d", a.status)
	}
}

func TestVirtualHostsAnnounceThemselves(t *testing.T) {
	server, err := zohosim.Start(t.Context(), zohosim.Config{BaseURL: "http://zoho.test", VirtualHosts: true}, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := zohosim.Demo(server.Sim); err != nil {
		t.Fatal(err)
	}
	dc, _ := server.DataCentre("ca")
	if dc.Accounts != "http://accounts.zohocloud.ca" || dc.API != "http://www.zohoapis.ca" {
		t.Errorf("%+v", dc)
	}
	server.SetBaseURL("http://zoho.test:8080/")
	if dc, _ = server.DataCentre("ca"); dc.Desk != "http://desk.zohocloud.ca:8080" {
		t.Errorf("%+v", dc)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

func TestVirtualHostsAnswerByHostHeader(t *testing.T) {
	server, err := zohosim.Start(t.Context(), zohosim.Config{VirtualHosts: true}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	dc, _ := server.DataCentre("eu")
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(server.URL, "http://"))
	}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(dc.Accounts + "/.well-known/openid-configuration")
	if a := read(t, resp, err); a.body.text("issuer") != dc.Accounts {
		t.Errorf("issuer %s, want %s", a.body.text("issuer"), dc.Accounts)
	}
}

func TestTheContextStopsTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server, err := zohosim.Start(ctx, zohosim.Config{}, "")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := server.Wait(); err != nil {
		t.Error(err)
	}
}

func TestARunningClockCanBeAdvanced(t *testing.T) {
	var clock zohosim.Clock
	before := time.Now()
	clock.Advance(time.Hour)
	if clock.Now().Before(before.Add(time.Hour)) {
		t.Error("the clock did not move")
	}
}
