package authclients_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens/consent"
	"latchkey/web/authclients"
	"latchkey/web/route"
)

func TestTheStartFormWantsTicketCookieAndToken(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	address := "/consents/" + string(id) + "/start"
	ticket := query(t, link).Get("ticket")
	token := func(p *person) string { return p.Get(link).Token(address) }
	known := s.person()
	good, strange := token(known), token(s.person())
	for _, c := range []struct {
		name    string
		who     *person
		form    url.Values
		headers []string
		status  int
	}{
		{"no cookie", s.person(), url.Values{"ticket": {ticket}, "csrf": {good}}, nil, http.StatusForbidden},
		{"no token", known, url.Values{"ticket": {ticket}}, nil, http.StatusForbidden},
		{"another browser's token", known, url.Values{"ticket": {ticket}, "csrf": {strange}}, nil, http.StatusForbidden},
		{"no ticket", known, url.Values{"csrf": {good}}, nil, http.StatusNotFound},
		{"a made-up ticket", known, url.Values{"ticket": {"made-up"}, "csrf": {good}}, nil, http.StatusNotFound},
		{"the ticket in the address only", known, nil, nil, http.StatusForbidden},
		{"another site", known, url.Values{"ticket": {ticket}, "csrf": {good}}, []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"a browser that asks for JSON without a token", known, url.Values{"ticket": {ticket}}, []string{"Accept", "application/json", "Sec-Fetch-Site", "same-origin"}, http.StatusForbidden},
	} {
		target := address
		if c.form == nil {
			target += "?" + url.Values{"ticket": {ticket}, "csrf": {good}}.Encode()
		}
		got := c.who.Send(http.MethodPost, target, c.form, c.headers...)
		if got.StatusCode != c.status || s.attempt(id).Status != consent.Pending {
			t.Errorf("%s: %d, consent %s; want %d and pending", c.name, got.StatusCode, s.attempt(id).Status, c.status)
		}
		if json := strings.Contains(got.Header.Get("Content-Type"), "json"); json != (c.headers != nil && c.headers[0] == "Accept") {
			t.Errorf("%s: answered as %s", c.name, got.Header.Get("Content-Type"))
		}
	}
	if got := known.Send(http.MethodPost, address, url.Values{"ticket": {ticket}, "csrf": {good}}); got.StatusCode != http.StatusOK || s.attempt(id).Status != consent.Started {
		t.Errorf("the form itself: %d", got.StatusCode)
	}
}

func TestALinkThatDoesNotFitIsAlwaysTheSamePage(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p := s.person()
	want := p.Get("/consents/" + string(id) + "/start?ticket=wrong")
	if want.StatusCode != http.StatusNotFound || !strings.Contains(want.Text(), "out of date") {
		t.Fatalf("a wrong ticket: %d %s", want.StatusCode, want.Text())
	}
	for _, path := range []string{
		"/consents/" + string(id) + "/start", "/consents/cs_00000000000000000000000000/start?ticket=" + query(t, link).Get("ticket"),
		"/consents/nonsense/start?ticket=wrong", "/consents/%20/start?ticket=%ff", "/consents/nonsense/result",
	} {
		if got := p.Get(path); got.StatusCode != http.StatusNotFound || got.Text() != want.Text() {
			t.Errorf("%s is told apart: %d %s", path, got.StatusCode, got.Text())
		}
	}
}

func TestAProgramGetsTheAuthorizationRequestAsJSON(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	for _, visited := range []bool{true, false} {
		id, link := s.begin(authmethods.Production)
		p := s.person()
		if visited {
			p.Get(link)
		}
		form := url.Values{"ticket": {query(t, link).Get("ticket")}}
		got := p.Send(http.MethodPost, "/consents/"+string(id)+"/start", form, "Accept", "application/json")
		var body map[string]string
		if err := json.Unmarshal([]byte(got.Body), &body); err != nil || got.StatusCode != http.StatusOK || len(body) != 1 {
			t.Fatalf("visited %t: %d %v %s", visited, got.StatusCode, err, got.Body)
		}
		if got.Header.Get("Cache-Control") != "no-store" {
			t.Error("the answer may be kept")
		}
		if result := p.Follow(p.Get(p.AtZoho(body["authorize_url"], ada))); !strings.Contains(result.Text(), "is connected") {
			t.Errorf("visited %t: %s", visited, result.Text())
		}
	}
}

func TestTheRedirectURIIsTheTenantsOwnOnly(t *testing.T) {
	s := newSite(t)
	other := s.NewTenant(t, "other")
	p := s.person()
	a, b := s.Tenant.CallbackA, s.Tenant.CallbackB
	for _, path := range []string{
		other.CallbackA + "/" + other.CallbackB, a + "/" + other.CallbackB, b + "/" + a, strings.ToUpper(a) + "/" + b,
		a + "/" + b + "x", a + "/%00", "%2e%2e/%2e%2e",
	} {
		for _, rest := range []string{"", "?code=x&state=y"} {
			if got := p.Get("/api/authclients/" + path + rest); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s%s: %d, want 404", path, rest, got.StatusCode)
			}
		}
	}
	bare := p.Get(s.pair)
	if bare.StatusCode != http.StatusOK || !strings.Contains(bare.Text(), "This address is ready") || !strings.Contains(bare.Text(), s.Origin+s.pair) {
		t.Errorf("opened by hand: %d %s", bare.StatusCode, bare.Text())
	}
}

func TestTheHeadOfACallbackUsesNothingUp(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p := s.person()
	callback := p.AtZoho(p.toProvider(link), ada)
	if got := p.Send(http.MethodHead, callback, nil); got.StatusCode != http.StatusOK || s.attempt(id).Status != consent.Started {
		t.Errorf("HEAD: %d, consent %s", got.StatusCode, s.attempt(id).Status)
	}
	if got := p.Follow(p.Get(callback)); !strings.Contains(got.Text(), "is connected") {
		t.Errorf("GET afterwards: %s", got.Text())
	}
}

func TestACallbackThatIsMalformedChangesNothing(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p := s.person()
	address, err := url.Parse(p.toProvider(link))
	must(t, err)
	state := "state=" + address.Query().Get("state")
	extra := func(n int) string {
		var more strings.Builder
		for i := range n {
			fmt.Fprintf(&more, "&p%d=", i)
		}
		return more.String()
	}
	for name, raw := range map[string]string{
		"two states":           state + "&" + state + "&code=x",
		"two codes":            state + "&code=x&code=y",
		"two errors":           state + "&error=x&error=y",
		"two issuers":          state + "&code=x&iss=a&iss=b",
		"a long value":         state + "&code=" + strings.Repeat("x", 4097),
		"a long name":          state + "&code=x&" + strings.Repeat("x", 4097) + "=",
		"too many parameters":  state + extra(20),
		"a broken escape":      state + "&code=%zz",
		"a semicolon":          state + ";code=x",
		"the state in a spoof": state + "&code=x&%73tate=y",
	} {
		got := p.Get(s.pair + "?" + raw)
		if got.StatusCode != http.StatusBadRequest || s.attempt(id).Status != consent.Started {
			t.Errorf("%s: %d, consent %s; want 400 and started", name, got.StatusCode, s.attempt(id).Status)
		}
		if !strings.Contains(got.Body, "<title>Error: ") || strings.Contains(got.Body, address.Query().Get("state")) {
			t.Errorf("%s: the page does not say what happened, or repeats what was sent", name)
		}
	}
	if got := p.Get(s.pair + "?" + state + "&error=access_denied" + extra(18)); got.StatusCode != http.StatusSeeOther || s.attempt(id).Status != consent.Failed {
		t.Errorf("a callback that is well formed: %d, consent %s", got.StatusCode, s.attempt(id).Status)
	}
}

func TestTheCookieIsAsStrictAsTheAddressAllows(t *testing.T) {
	b := broker.New(t, storage.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db")), nil)
	b.ZohoDesk(t, nil)
	begun, err := b.Consents.Enable(t.Context(), b.Admin, "zoho-desk", authmethods.Production, consent.EnableOptions{})
	must(t, err)
	visit := func(pattern authmethods.PublicURL, cookies ...*http.Cookie) *http.Response {
		h := &authclients.Handlers{Consents: b.Consents, PublicURL: pattern}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, begun.StartURL, nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		ec := echo.New().NewContext(r, w)
		ec.SetParamNames("id")
		ec.SetParamValues(string(begun.Attempt.ID))
		must(t, h.ShowStart(&route.Call{Context: ec, Tenant: b.Tenant, Caller: b.Browser}))
		return w.Result()
	}
	secure := visit(broker.PublicURL).Cookies()
	if len(secure) != 1 {
		t.Fatalf("%d cookies", len(secure))
	}
	c := secure[0]
	if c.Name != "__Host-latchkey-consent" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
		t.Errorf("over TLS: %s", c.Raw)
	}
	plain := visit("http://{tenant}.localhost:8080").Cookies()
	if len(plain) != 1 || plain[0].Name != "latchkey-consent" || plain[0].Secure || !plain[0].HttpOnly || plain[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("without TLS: %v", plain)
	}
	if again := visit(broker.PublicURL, c).Cookies(); len(again) != 0 {
		t.Errorf("a good cookie was replaced: %v", again)
	}
	if again := visit(broker.PublicURL, &http.Cookie{Name: c.Name, Value: "short"}).Cookies(); len(again) != 1 {
		t.Error("a cookie that is none of ours was kept")
	}
	if again := visit(broker.PublicURL, c, &http.Cookie{Name: c.Name, Value: strings.Repeat("x", 43)}).Cookies(); len(again) != 1 {
		t.Error("of two cookies one was believed")
	}
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Query()
}
