package login_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso"
	"latchkey/test/storage"
	"latchkey/zohosim"
)

// platform is where the platform of these tests is.
const platform = "https://desk.example.com/app"

// ticket has a browser that is signed in go to the platform, and returns the ticket
// that it comes with.
func (s *site) ticket(v *visitor) string {
	s.T.Helper()
	s.Settings(func(set *sso.Settings) { set.ReturnAddresses = []string{platform} })
	a := v.Get("/login?" + url.Values{"return_to": {platform + "/after"}}.Encode())
	if !strings.HasPrefix(a.To(), platform+"/after?ticket=") {
		s.T.Fatalf("%d to %q", a.StatusCode, a.To())
	}
	return mustURL(s.T, a.To()).Query().Get("ticket")
}

// key is that of a service of a tenant.
func (s *site) key(tenant authmethods.TenantID) string {
	s.T.Helper()
	in, err := s.Methods.For(authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, authmethods.AdminRights, "req_test"))
	must(s.T, err)
	made, err := in.CreateService(s.T.Context(), store.NewService{Name: "platform " + time.Now().String()})
	must(s.T, err)
	issued, err := in.IssueKey(s.T.Context(), string(made.ID), "first", time.Time{})
	must(s.T, err)
	return issued.Shown.Reveal()
}

// redeem exchanges a ticket as a service of acme.
func (s *site) redeem(t *testing.T, ticket string) (int, map[string]any) {
	t.Helper()
	return s.redeemAs(t, s.key(s.Tenant.ID), map[string]any{"ticket": ticket})
}

func (s *site) redeemAs(t *testing.T, key string, body map[string]any, headers ...string) (int, map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Internal+"/internal/v1/sign-ins/exchange", strings.NewReader(string(text)))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	must(t, err)
	content, err := io.ReadAll(response.Body)
	must(t, err)
	must(t, response.Body.Close())
	if response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the answer may be kept: %v", response.Header)
	}
	var decoded map[string]any
	must(t, json.Unmarshal(content, &decoded))
	return response.StatusCode, decoded
}

func TestAPlatformOfItsOwnHostLearnsWhoItIsByATicket(t *testing.T) {
	database := "sqlite:" + t.TempDir() + "/latchkey.db"
	s := newSiteOn(t, database)
	ada, known := s.ada(sso.RoleAuditor)
	s.Settings(func(set *sso.Settings) { set.ReturnAddresses = []string{platform} })
	v := s.visitor()
	a := v.SignInAt(loginURL+"?"+url.Values{"return_to": {platform + "/after?tab=2&ticket=forged"}}.Encode(), ada.Email)
	to := mustURL(t, a.To())
	ticket := to.Query().Get("ticket")
	if a.StatusCode != http.StatusSeeOther || to.Host != "desk.example.com" || to.Path != "/app/after" || to.Query().Get("tab") != "2" ||
		len(to.Query()["ticket"]) != 1 || ticket == "forged" || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("%d to %q", a.StatusCode, a.To())
	}
	nowhere(t, database, ticket)
	key := s.key(s.Tenant.ID)
	status, body := s.redeemAs(t, key, map[string]any{"ticket": ticket})
	user, _ := body["user"].(map[string]any)
	if status != http.StatusOK || body["tenant"] != "acme" || user["id"] != string(known.ID) || user["user_name"] != ada.Email ||
		body["return_to"] != platform+"/after?tab=2&ticket=forged" || body["sign_in"] != string(s.last().ID) {
		t.Errorf("%d %v", status, body)
	}
	if claims := s.identity(t, body["identity"].(string)); claims["sub"] != string(known.ID) {
		t.Errorf("the identity is %v", claims)
	}
	if status, body := s.redeemAs(t, key, map[string]any{"ticket": ticket}); status != http.StatusNotFound || body["code"] != "not_found" {
		t.Errorf("a second time: %d %v", status, body)
	}
	v.is(known)
}

func TestATicketIsRefusedToWhomItIsNotFor(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	other := s.NewTenant(t, "globex")
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	ticket := s.ticket(v)
	ours, theirs := s.key(s.Tenant.ID), s.key(other.ID)
	var answers []map[string]any
	for _, c := range []struct {
		name, key string
		body      map[string]any
		want      int
	}{
		{"another tenant's key", theirs, map[string]any{"ticket": ticket}, http.StatusNotFound},
		{"another tenant's key that names ours", theirs, map[string]any{"ticket": ticket, "tenant": "acme"}, http.StatusNotFound},
		{"our key that names another", ours, map[string]any{"ticket": ticket, "tenant": "globex"}, http.StatusNotFound},
		{"a tenant that is not there", ours, map[string]any{"ticket": ticket, "tenant": "nowhere"}, http.StatusNotFound},
		{"a ticket that never was", ours, map[string]any{"ticket": strings.Repeat("A", 43)}, http.StatusNotFound},
		{"half a ticket", ours, map[string]any{"ticket": ticket[:20]}, http.StatusNotFound},
		{"no ticket", ours, map[string]any{}, http.StatusBadRequest},
		{"an empty ticket", ours, map[string]any{"ticket": ""}, http.StatusNotFound},
		{"a field too many", ours, map[string]any{"ticket": ticket, "user": "x"}, http.StatusBadRequest},
		{"no key", "", map[string]any{"ticket": ticket}, http.StatusUnauthorized},
		{"a wrong key", ours[:len(ours)-4] + "AAAA", map[string]any{"ticket": ticket}, http.StatusUnauthorized},
	} {
		status, body := s.redeemAs(t, c.key, c.body)
		if status != c.want {
			t.Errorf("%s: %d %v", c.name, status, body)
		}
		if c.want == http.StatusNotFound {
			delete(body, "request_id")
			delete(body, "instance")
			answers = append(answers, body)
		}
	}
	for _, a := range answers[1:] {
		if a["detail"] != answers[0]["detail"] || a["code"] != answers[0]["code"] {
			t.Errorf("the answers differ: %v and %v", answers[0], a)
		}
	}
	if status, _ := s.redeemAs(t, ours, map[string]any{"ticket": ticket}, "Cookie", "latchkey="+v.session()); status != http.StatusForbidden {
		t.Errorf("a browser: %d", status)
	}
	if a := v.Send(http.MethodPost, "/internal/v1/sign-ins/exchange", nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("at the public listener: %d", a.StatusCode)
	}
	if status, body := s.redeemAs(t, ours, map[string]any{"ticket": ticket, "tenant": "acme"}); status != http.StatusOK {
		t.Errorf("after all that: %d %v", status, body)
	}
}

func TestATicketEndsWithASignOutAndAfterAMinute(t *testing.T) {
	database := "sqlite:" + t.TempDir() + "/latchkey.db"
	s := newSiteOn(t, database)
	ada, _ := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	ticket := s.ticket(v)
	v.Submit(v.Get("/account"), "/logout")
	if status, _ := s.redeem(t, ticket); status != http.StatusNotFound {
		t.Errorf("after signing out: %d", status)
	}
	v.welcome(v.SignInAt(loginURL, ada.Email))
	ticket = s.ticket(v)
	_, err := storage.Raw(t, database).ExecContext(t.Context(), "UPDATE tickets SET expires_at = expires_at - 60000000")
	must(t, err)
	if status, _ := s.redeem(t, ticket); status != http.StatusNotFound {
		t.Errorf("after a minute: %d", status)
	}
}

// traps are addresses that a parser or a browser may take for something else.
var traps = []string{
	"https://evil.example/", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "/%09/evil.example", "/\t/evil.example",
	"/%5cevil.example", "/%2f/evil.example", "http:evil.example", "https:/evil.example", "javascript:alert(1)", "data:text/html,x",
	"https://desk.example.com.evil.example/app", "https://desk.example.com@evil.example/app", "https://evil.example#@desk.example.com/app",
	"https://evil.example\\@desk.example.com/app", "https://desk.example.com:444/app", "http://desk.example.com/app",
	"https://desk.example.com/", "https://desk.example.com/application", "https://desk.example.com/app/../evil",
	"https://desk.example.com/app/%2e%2e/evil", "https://desk.example.com/app//evil", "https://desk.example.com/app#token", "/..//evil.example",
	"/./evil", "/a\r\nSet-Cookie: a=b", "https://desk.example.com/app?x=\r\ny", " https://desk.example.com/app", "https://désk.example.com/app",
	"/" + strings.Repeat("a", 3000), "app", "?x", "#", "https://[::1]/app", "https://desk.example.com:443@evil.example/app",
}

func TestNobodyIsSentWhereTheTenantDidNotAllow(t *testing.T) {
	s := newSite(t)
	s.Settings(func(set *sso.Settings) { set.ReturnAddresses = []string{platform} })
	s.local(t, "marie", marieWord)
	for _, trap := range traps {
		for _, path := range []string{loginURL, "/login"} {
			v := s.visitor()
			a := v.Get(path + "?" + url.Values{"return_to": {trap}}.Encode())
			if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" || len(v.Cookies()) != 0 {
				t.Errorf("%s to %q: %d %q", path, trap, a.StatusCode, a.Header.Get("Location"))
			}
			if strings.Contains(a.Body, "evil") {
				t.Errorf("%q is on the page", trap)
			}
		}
		v := s.visitor()
		a := v.Submit(v.Get("/login"), "/login", "name", "marie", "password", marieWord, "return_to", trap)
		if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" {
			t.Errorf("a form to %q: %d %q", trap, a.StatusCode, a.Header.Get("Location"))
		}
		v.nobody()
	}
	a := s.visitor().Send(http.MethodGet, loginURL+"?return_to=https%3A%2F%2Fevil.example", nil, "Accept", "application/json")
	var problem map[string]any
	must(t, json.Unmarshal([]byte(a.Body), &problem))
	if a.StatusCode != http.StatusBadRequest || problem["code"] != "invalid_request" || !strings.Contains(a.Body, "/return_to") {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
	if a := s.visitor().Get(loginURL + "?return_to=/a&return_to=/b"); a.StatusCode != http.StatusNotFound {
		t.Errorf("two addresses: %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
}

func TestPeopleGoOnToWhereTheyWanted(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	s.Settings(func(set *sso.Settings) {
		set.ReturnAddresses = []string{platform, "https://other.example.com", "http://localhost:3000"}
	})
	for _, wanted := range []string{"/account", "/account?tab=sessions", platform, platform + "/", platform + "/a/b?c=d", "https://OTHER.example.com:443/x", "http://localhost:3000/x"} {
		v := s.visitor()
		a := v.SignInAt(loginURL+"?"+url.Values{"return_to": {wanted}}.Encode(), ada.Email)
		got := mustURL(t, a.To())
		q := got.Query()
		ticket := q.Get("ticket")
		q.Del("ticket")
		got.RawQuery = q.Encode()
		if a.StatusCode != http.StatusSeeOther || got.String() != wanted || (ticket != "") == strings.HasPrefix(wanted, "/") {
			t.Errorf("%s: %d to %q", wanted, a.StatusCode, a.To())
		}
		v.is(known)
	}
}

// The list counts as it is when somebody begins; what was checked is sealed.
func TestWhereSomebodyGoesOnIsWhatTheyBeganWith(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	s.Settings(func(set *sso.Settings) { set.ReturnAddresses = []string{platform} })
	v := s.visitor()
	callback := v.AtZoho(v.Leave(loginURL+"?return_to=/account"), zohosim.Approval{User: ada.Email})
	a := v.Get(altered(t, callback, set("return_to", platform)))
	if a.To() != "/account" {
		t.Errorf("%d to %q", a.StatusCode, a.To())
	}
}
