package web_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web"
	"latchkey/web/route"
)

const anID = "01KAJ3M8Q5W2X7Y9Z0ABCDEFGH"

// address is a route's address with parameters that name nothing.
func address(r route.Route) string {
	base := origin
	if r.Listeners == route.Internal {
		base = internalBase
	}
	return base + strings.NewReplacer(":token_id", "tok_"+anID, ":permit_id", "pmt_"+anID, ":id", "nothing", ":a", "x", ":b", "y", ":file", "x").Replace(r.Path)
}

// TestEveryRouteAsksForItsKey loops over the route table: whoever comes without
// the right key, from another tenant or without rights is turned away.
func TestEveryRouteAsksForItsKey(t *testing.T) {
	s := newStack(t)
	globex := s.NewTenant(t, "globex")
	foreign := s.key(adminOf(globex.ID), store.NewService{Name: "administrator", Admin: true})
	platform := s.key(adminOf(authmethods.Platform), store.NewService{Name: "operator", Admin: true})
	guarded := 0
	for _, r := range web.Table(web.Deps{}) {
		if slices.Contains(route.Exceptions[:], r.Right) {
			continue
		}
		guarded++
		call := func(headers ...string) reply {
			headers = append(headers, "Accept", "application/json")
			return s.send(r.Listeners, request(t, r.Method, address(r), "", "{}", headers...))
		}
		if r.Page {
			answer := s.send(r.Listeners, request(t, r.Method, address(r), "", "{}", "Accept", "text/html"))
			if answer.Status != http.StatusSeeOther || !strings.HasPrefix(answer.Header.Get("Location"), "/login?") {
				t.Errorf("%s %s without a session: %d to %s", r.Method, r.Path, answer.Status, answer.Header.Get("Location"))
			}
		}
		for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer lk_nonsense", "Basic " + s.admin, "Bearer " + s.admin + "x"} {
			answer := call("Authorization", bad).want(401, "invalid_api_key")
			if answer.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s %s: WWW-Authenticate is %q", r.Method, r.Path, answer.Header.Get("WWW-Authenticate"))
			}
		}
		if r.Listeners == route.Internal {
			continue
		}
		call("Authorization", "Bearer "+foreign).want(401, "invalid_api_key")
		call("Authorization", "Bearer "+platform).want(401, "invalid_api_key")
		call("Authorization", "Bearer "+s.borrower).want(403, "forbidden")
	}
	if guarded < 30 {
		t.Errorf("only %d routes ask for a key", guarded)
	}
}

func TestTwoAuthorizationHeadersAreNone(t *testing.T) {
	s := newStack(t)
	r := request(t, "GET", origin+"/api/v1/auth-methods", s.admin, nil)
	r.Header.Add("Authorization", "Bearer "+s.admin)
	s.send(route.Public, r).want(401, "invalid_api_key")
}

// TestForeignAndMissingAreTheSameAnswer compares the whole answers: nobody learns
// that something is another tenant's.
func TestForeignAndMissingAreTheSameAnswer(t *testing.T) {
	s := newStack(t)
	s.connect()
	method := s.api("GET", "/auth-methods/zoho-desk", nil).want(200).text("id")
	connection := s.api("GET", "/connections", nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"].(string)
	service := s.api("GET", "/service-accounts/call-pop", nil).want(200)
	key := service.json()["keys"].([]any)[0].(map[string]any)["id"].(string)
	token := s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}).want(200).text("token_id")

	globex := s.NewTenant(t, "globex")
	admin := s.key(adminOf(globex.ID), store.NewService{Name: "administrator", Admin: true})
	borrower := s.key(adminOf(globex.ID), store.NewService{Name: "call-pop", Permits: []authmethods.Permit{{Method: "*", Environment: "*"}}})
	there := func(method, path string, body any) reply {
		return s.send(route.Public, request(t, method, "https://globex.latchkey.test/api/v1"+path, admin, body))
	}
	lending := func(method, path string, body any) reply {
		return s.send(route.Internal, request(t, method, internalBase+path, borrower, body))
	}
	environment := map[string]any{"environment": "production"}
	for _, c := range []struct {
		name             string
		foreign, missing reply
	}{
		{"a method", there("GET", "/auth-methods/"+method, nil), there("GET", "/auth-methods/am_"+anID, nil)},
		{"a change of a method", there("PATCH", "/auth-methods/"+method, map[string]any{"name": "x"}), there("PATCH", "/auth-methods/am_"+anID, map[string]any{"name": "x"})},
		{"a deletion", there("DELETE", "/auth-methods/"+method, nil), there("DELETE", "/auth-methods/am_"+anID, nil)},
		{"enabling", there("POST", "/auth-methods/"+method+"/enable", environment), there("POST", "/auth-methods/am_"+anID+"/enable", environment)},
		{"a connection", there("GET", "/connections/"+connection, nil), there("GET", "/connections/conn_"+anID, nil)},
		{"revoking", there("POST", "/connections/"+connection+"/revoke", nil), there("POST", "/connections/conn_"+anID+"/revoke", nil)},
		{"a service", there("GET", "/service-accounts/"+service.text("id"), nil), there("GET", "/service-accounts/sa_"+anID, nil)},
		{"a key", there("DELETE", "/api-keys/"+key, nil), there("DELETE", "/api-keys/key_"+anID, nil)},
		{"a loan by reference", lending("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}), lending("POST", "/internal/v1/tokens", map[string]any{"method": "nothing"})},
		{"a loan by tenant", lending("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk", "tenant": "acme"}), lending("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk", "tenant": "nobody"})},
		{"a rejection", lending("POST", "/internal/v1/tokens/"+token+"/rejections", map[string]any{"status": 401}), lending("POST", "/internal/v1/tokens/tok_"+anID+"/rejections", map[string]any{"status": 401})},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.foreign.want(404, "not_found")
			if c.foreign.Body != c.missing.Body {
				t.Errorf("foreign: %s\nmissing: %s", c.foreign.Body, c.missing.Body)
			}
			for _, h := range []http.Header{c.foreign.Header, c.missing.Header} {
				h.Del("X-Request-Id")
			}
			for name := range c.foreign.Header {
				if !slices.Equal(c.foreign.Header[name], c.missing.Header[name]) {
					t.Errorf("header %s differs", name)
				}
			}
		})
	}
	s.api("GET", "/connections/"+connection, nil).want(200) // nothing happened to it
}

func TestTheHostDecidesTheTenant(t *testing.T) {
	s := newStack(t, func(d *web.Deps) { d.PublicURL = "https://{tenant}.latchkey.test:8443" })
	get := func(host, path string) reply {
		r := request(t, "GET", "https://acme.latchkey.test"+path, "", nil)
		r.Host = host
		return s.send(route.Public, r)
	}
	for _, host := range []string{
		"acme.latchkey.test", "ACME.Latchkey.TEST", "acme.latchkey.test.", "acme.latchkey.test:443", "acme.latchkey.test:8443", "Acme.latchkey.test.:8443",
	} {
		if got := get(host, "/login"); got.Status != 200 {
			t.Errorf("%s: status %d", host, got.Status)
		}
	}
	for _, host := range []string{
		"", ".", "latchkey.test", "nobody.latchkey.test", "platform.latchkey.test", "acme.latchkey.test:80", "acme.latchkey.test:",
		"acme.latchkey.test..", "x.acme.latchkey.test", "acme.latchkey.test.evil.example", "127.0.0.1", "[::1]", "[::1]:8443",
		"acme.latchkey.test:8443:1", "acmе.latchkey.test", "acme.latchkey.test\x00", string(s.Tenant.ID) + ".latchkey.test",
	} {
		if got := get(host, "/"); got.Status != http.StatusMisdirectedRequest {
			t.Errorf("%q: status %d, want 421", host, got.Status)
		}
		get(host, "/livez").want(200)
		get(host, "/api/v1/auth-methods").want(421, "unknown_host")
	}
}

func TestATenantThatIsDisabledIsNotThere(t *testing.T) {
	s := newStack(t)
	must(t, s.Tenants.Disable(t.Context(), authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, "acme"))
	s.api("GET", "/auth-methods", nil).want(421, "unknown_host")
}

func TestATenantIsReachedByItsOwnHosts(t *testing.T) {
	s := newStack(t)
	_, err := s.Tenants.Create(t.Context(), authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, store.NewTenant{Slug: "initech", Hosts: []string{"sso.initech.example"}})
	must(t, err)
	r := request(t, "GET", "https://sso.initech.example/login", "", nil)
	if got := s.send(route.Public, r).want(200); !strings.Contains(got.Body, "initech") {
		t.Errorf("the page of another tenant:\n%s", got.Body)
	}
}

//
func TestTheInternalListenerRefusesBrowsers(t *testing.T) {
	s := newStack(t)
	for name, value := range map[string]string{"Origin": "null", "Sec-Fetch-Site": "none", "Cookie": "a=b"} {
		s.program("POST", "/internal/v1/tokens", map[string]any{"method": "x"}, name, value).want(403, "browser_request_refused")
	}
}

//
func TestTheListenersDoNotServeEachOthersRoutes(t *testing.T) {
	s := newStack(t)
	for _, r := range web.Table(web.Deps{}) {
		if r.Listeners&route.Public == 0 {
			s.send(route.Public, request(t, r.Method, origin+strings.TrimPrefix(address(r), internalBase), s.borrower, "{}")).want(404)
		}
		if r.Listeners&route.Internal == 0 {
			s.send(route.Internal, request(t, r.Method, internalBase+strings.TrimPrefix(address(r), origin), s.admin, "{}")).want(404)
		}
	}
}

//
func TestAnotherSiteCannotSendForms(t *testing.T) {
	s := newStack(t)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		s.api("POST", "/auth-methods", map[string]any{}, headers...).want(403, "cross_origin_refused")
	}
}

func TestOddRequestsAreRefusedWithProblems(t *testing.T) {
	s := newStack(t)
	for _, method := range []string{"TRACE", "OPTIONS", "PUT", "CONNECT", "PROPFIND", "get"} {
		r := request(t, "GET", origin+"/api/v1/auth-methods", s.admin, nil)
		r.Method = method
		s.send(route.Public, r).want(405, "method_not_allowed")
	}
	allowed := s.api("POST", "/consents/cs_"+anID, "{}").want(405, "method_not_allowed").Header.Get("Allow")
	if !strings.Contains(allowed, "GET") {
		t.Errorf("Allow: %q", allowed)
	}
	s.api("GET", "/nothing", nil).want(404, "not_found")
	s.api("GET", "/auth-methods/%00", nil).want(404, "not_found")
	s.api("GET", "/auth-methods/%ff", nil).want(404, "not_found")
	large := `{"name":"` + strings.Repeat("x", 300<<10) + `"}`
	s.api("POST", "/auth-methods", large).want(413, "request_too_large")
	s.program("POST", "/internal/v1/tokens", `{"method":"`+strings.Repeat("x", 70<<10)+`"}`).want(413, "request_too_large")
	chunked := request(t, "POST", internalBase+"/internal/v1/tokens", s.borrower, large)
	chunked.ContentLength = -1
	s.send(route.Internal, chunked).want(413, "request_too_large")
	s.api("HEAD", "/auth-methods", nil).want(200)
}

func TestPeopleGetPagesAndProgramsGetProblems(t *testing.T) {
	s := newStack(t)
	const chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, c := range []struct{ path, accept, want string }{
		{"/nothing", chromium, "text/html"},
		{"/nothing", "*/*", "application/problem+json"},
		{"/nothing", "", "application/problem+json"},
		{"/consents/out-of-date", "*/*", "text/html"},
		{"/consents/out-of-date", "application/json", "application/problem+json"},
		{"/consents/out-of-date", chromium, "text/html"},
		{"/api/v1/nothing", chromium, "application/problem+json"},
		{"/api/authclients/x/y", chromium, "text/html"},
	} {
		got := s.send(route.Public, request(t, "GET", origin+c.path, "", nil, "Accept", c.accept)).want(404)
		if !strings.HasPrefix(got.Header.Get("Content-Type"), c.want) {
			t.Errorf("%s for %q: %s, want %s", c.path, c.accept, got.Header.Get("Content-Type"), c.want)
		}
	}
}

func TestTheStyleSheetOfAPageIsThereForEver(t *testing.T) {
	s := newStack(t)
	home := s.send(route.Public, request(t, "GET", origin+"/login", "", nil, "Accept", "text/html")).want(200)
	_, rest, ok := strings.Cut(home.Body, `<link rel="stylesheet" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal("no style sheet")
	}
	css := s.send(route.Public, request(t, "GET", origin+path, "", nil)).want(200)
	if !strings.HasPrefix(css.Header.Get("Content-Type"), "text/css") || !strings.Contains(css.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("headers of the style sheet: %v", css.Header)
	}
	s.send(route.Public, request(t, "GET", origin+"/static/other.css", "", nil)).want(404)
}

func TestHSTSIsSentWhereTenantsAreReachedOverTLS(t *testing.T) {
	s := newStack(t)
	if got := s.api("GET", "/nothing", nil).Header.Get("Strict-Transport-Security"); !strings.Contains(got, "max-age=63072000") {
		t.Errorf("over TLS: %q", got)
	}
	plain := newStack(t, func(d *web.Deps) { d.PublicURL = "http://{tenant}.localhost:8080" })
	r := request(t, "GET", "http://acme.localhost:8080/api/v1/nothing", "", nil)
	if got := plain.send(route.Public, r).want(404).Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("without TLS: %q", got)
	}
}

//
//
func TestAPanicIsAFaultAndTheServerLives(t *testing.T) {
	s := newStack(t, func(d *web.Deps) { d.Catalog = nil })
	got := s.api("GET", "/integration-types", nil).want(500, "internal_error")
	if strings.Contains(got.Body, "nil pointer") || got.json()["detail"] != nil {
		t.Errorf("the fault tells too much: %s", got.Body)
	}
	if !strings.Contains(s.logs.String(), "nil pointer") {
		t.Error("the log does not tell what happened")
	}
	s.api("GET", "/auth-methods", nil).want(200)
}

func TestAWriterThatAbortsIsLeftToTheServer(t *testing.T) {
	s := newStack(t)
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v", err)
		}
	}()
	s.internal.ServeHTTP(aborting{}, request(t, "GET", internalBase+"/livez", "", nil))
}

type aborting struct{}

func (aborting) Header() http.Header       { return http.Header{} }
func (aborting) Write([]byte) (int, error) { panic(http.ErrAbortHandler) }
func (aborting) WriteHeader(int)           {}
