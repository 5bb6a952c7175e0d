package login_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/web"
	"latchkey/zohosim"
)

// where tenants are reached over TLS.
func TestCookiesOverTLSBelongToOneHostAndAreOutOfReachOfScripts(t *testing.T) {
	b := broker.New(t, storage.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db")), nil)
	public, _ := web.New(web.Deps{
		Services: b.Auth, Tenants: b.Tenants, Store: b.Methods, Consents: b.Consents, Lender: b.Lender, Ledger: b.Grants,
		Catalog: b.Catalog, Directory: b.Directory, Sessions: b.Sessions, Credentials: b.Credentials, SignIn: b.SignIn,
		PublicURL: broker.PublicURL, Log: slog.New(slog.DiscardHandler),
	})
	b.ZohoDesk(t, nil)
	people, err := b.Directory.For(b.Admin)
	must(t, err)
	connector, _, err := people.CreateConnector(t.Context(), directory.NewConnector{
		Reference: "zoho", Name: "Zoho", Type: sso.OpenIDConnect, Method: "zoho-desk", Environment: authmethods.Production,
	})
	must(t, err)
	ada := b.Seed.Users[0]
	_, err = people.CreateUser(t.Context(), directory.NewUser{UserName: ada.Email, Connectors: []authmethods.ID{connector.ID}})
	must(t, err)
	held := map[string]string{}
	send := func(method, address string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), method, address, nil)
		for name, value := range held {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		w := httptest.NewRecorder()
		public.ServeHTTP(w, r)
		response := w.Result()
		for _, c := range response.Cookies() {
			safe(t, c)
			if held[c.Name] = c.Value; c.MaxAge < 0 {
				delete(held, c.Name)
			}
		}
		return response
	}
	const origin = "https://acme.latchkey.test"
	led := send(http.MethodGet, origin+loginURL)
	callback, err := zohosim.Approve(nil, led.Header.Get("Location"), zohosim.Approval{User: ada.Email})
	must(t, err)
	if a := send(http.MethodGet, callback); a.Header.Get("Location") != "/" || held["__Host-latchkey"] == "" || len(held) != 1 {
		t.Fatalf("%d to %q with %v", a.StatusCode, a.Header.Get("Location"), held)
	}
	if a := send(http.MethodGet, origin+"/api/sso/session"); a.StatusCode != http.StatusOK || a.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("who is signed in: %d, %q", a.StatusCode, a.Header.Get("Strict-Transport-Security"))
	}
	// The same cookie without the prefix, as a neighbouring host could set it.
	held["latchkey"] = held["__Host-latchkey"]
	delete(held, "__Host-latchkey")
	if a := send(http.MethodGet, origin+"/api/sso/session"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("by a cookie without prefix: %d", a.StatusCode)
	}
	send(http.MethodGet, origin+"/login?stay=1")
}

// safe wants a cookie to be one that only this host can set and no script can read.
func safe(t *testing.T, c *http.Cookie) {
	t.Helper()
	if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("a cookie %s", c.Raw)
	}
	if len(c.Name)+len(c.Value) > 4096 {
		t.Errorf("the cookie %s has %d bytes", c.Name, len(c.Value))
	}
}

func TestTheCookieOfASignInIsGoneWithIt(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	callback := v.callback(ada.Email)
	if held := v.Cookies(); len(held) != 1 || !strings.HasPrefix(held[0].Name, "latchkey-signin-attempt-") {
		t.Fatalf("held on the way: %v", held)
	}
	v.welcome(v.Get(callback))
	if held := v.Cookies(); len(held) != 1 || held[0].Name != "latchkey" {
		t.Errorf("held afterwards: %v", held)
	}
}

// session is the value of the cookie with the session.
func (v *visitor) session() string {
	v.s.T.Helper()
	for _, c := range v.Cookies() {
		if c.Name == "latchkey" {
			return c.Value
		}
	}
	return ""
}

// holding is a browser that holds this session.
func (s *site) holding(session string) *visitor {
	s.T.Helper()
	v := s.visitor()
	v.again([]*http.Cookie{{Name: "latchkey", Value: session, Path: "/"}})
	return v
}

// A session that somebody else may know, or has planted, is over with a sign-in.
func TestASignInBeginsANewSessionAndEndsTheOneThatWasThere(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	sam := s.User(s.Seed.Users[1].Email)
	attacker := s.visitor()
	attacker.welcome(attacker.SignInAt(loginURL, s.Seed.Users[1].Email))
	planted := attacker.session()
	victim := s.holding(planted)
	victim.is(sam)
	victim.welcome(victim.SignInAt(loginURL, ada.Email))
	victim.is(known)
	if victim.session() == planted {
		t.Error("the session is the one that was planted")
	}
	s.holding(planted).nobody()
	before := victim.session()
	victim.welcome(victim.SignInAt(loginURL, ada.Email))
	s.holding(before).nobody()
}

// Of two cookies of one name, somebody else has planted one.
func TestTwoSessionsInOneRequestAreNone(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	for _, cookies := range []string{
		"latchkey=" + v.session() + "; latchkey=planted", "latchkey=planted; latchkey=" + v.session(),
		"latchkey=" + v.session() + "; latchkey=" + v.session(),
	} {
		if a := s.visitor().Send(http.MethodGet, "/api/sso/session", nil, "Cookie", cookies); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d", a.StatusCode)
		}
	}
}

// nobody is signed in by a form that another site made.
func TestALoginFormIsBoundToTheBrowserThatWasShownIt(t *testing.T) {
	s := newSite(t)
	s.local(t, "marie", marieWord)
	shown := s.visitor()
	page := shown.Get("/login")
	token := page.Token("/login")
	other := s.visitor()
	foreignToken := other.Get("/login").Token("/login")
	code := s.visitor()
	for name, form := range map[string]url.Values{
		"no token":           {},
		"an empty token":     {"csrf": {""}},
		"a foreign token":    {"csrf": {foreignToken}},
		"half of the token":  {"csrf": {token[:20]}},
		"the token in a url": {},
	} {
		form.Set("name", "marie")
		form.Set("password", marieWord)
		address := "/login"
		if name == "the token in a url" {
			address += "?csrf=" + token
		}
		a := shown.Send(http.MethodPost, address, form, "Accept", "text/html")
		if a.StatusCode != http.StatusForbidden || !strings.Contains(a.Text(), "The form had been open for too long") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.Text())
		}
		shown.nobody()
	}
	if a := code.Send(http.MethodPost, "/login", url.Values{"csrf": {token}, "name": {"marie"}, "password": {marieWord}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("a browser without the cookie: %d", a.StatusCode)
	}
	for _, headers := range [][]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		a := shown.Send(http.MethodPost, "/login", url.Values{"csrf": {token}, "name": {"marie"}, "password": {marieWord}}, headers...)
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %d", headers, a.StatusCode)
		}
	}
	shown.nobody()
	shown.welcome(shown.Submit(page, "/login", "name", "marie", "password", marieWord))
}
