package login_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/sso"
	"latchkey/zohosim"
)

const loginURL = "/api/sso/login/zoho"

// who asks who is signed in.
func (v *visitor) who() (int, map[string]any) {
	v.s.t.Helper()
	a := v.send(http.MethodGet, "/api/sso/session", nil, "Accept", "application/json")
	var body map[string]any
	must(v.s.t, json.Unmarshal([]byte(a.body), &body))
	return a.StatusCode, body
}

func TestPeopleOfThreeDataCentresSignInAtOneTenant(t *testing.T) {
	s := newSite(t)
	for _, u := range s.Seed.Users {
		t.Run(u.DC, func(t *testing.T) {
			known := s.user(u.Email)
			v := s.visitor()
			a := v.signIn(loginURL, u.Email)
			if a.StatusCode != http.StatusSeeOther || a.to(s) != "/" {
				t.Fatalf("the callback answered %d to %s: %s", a.StatusCode, a.to(s), a.text())
			}
			status, body := v.who()
			user, _ := body["user"].(map[string]any)
			if status != http.StatusOK || user["id"] != string(known.ID) || user["user_name"] != u.Email {
				t.Errorf("who is signed in: %d %v", status, body)
			}
			pinned, err := s.people().User(t.Context(), string(known.ID))
			must(t, err)
			if len(pinned.Identities) != 1 || pinned.Identities[0].Subject.ID != u.ZUID {
				t.Errorf("pinned: %+v", pinned.Identities)
			}
		})
	}
}

func TestASecondSignInIsByThePinWhateverTheAddress(t *testing.T) {
	s := newSite(t)
	ada := s.Seed.Users[0]
	s.user(ada.Email)
	s.visitor().signIn(loginURL, ada.Email)
	renamed := ada // the same account, with another address
	renamed.Email = "ada.moreau@example.eu"
	_, err := s.Zoho.AddUser(renamed)
	must(t, err)
	v := s.visitor()
	if a := v.signIn(loginURL, "ada.moreau@example.eu"); a.to(s) != "/" {
		t.Fatalf("%d %s %s", a.StatusCode, a.to(s), a.text())
	}
	if _, body := v.who(); body["user"].(map[string]any)["user_name"] != ada.Email {
		t.Error(body)
	}
}

func TestWhoHasNoAccountIsToldSoWithACodeThatLeadsToTheAttempt(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	a := v.signIn(loginURL, s.Seed.Users[0].Email)
	code, ok := strings.CutPrefix(a.to(s), "/error/")
	if !ok {
		t.Fatalf("%d %s", a.StatusCode, a.to(s))
	}
	page := v.get(a.to(s)).text()
	for _, want := range []string{"You could not be signed in", "Zoho Desk signed you in as ada@example.eu", code} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	other := s.visitor().get(a.to(s)).text()
	if strings.Contains(other, "ada@example.eu") || !strings.Contains(other, code) {
		t.Errorf("another browser is told: %s", other)
	}
	found, err := s.SignIn.Find(t.Context(), s.Admin, strings.ToLower(code))
	must(t, err)
	if found.Code != "no_matching_user" || found.Outcome != sso.Refused || found.Claims["email"] != "ada@example.eu" || len(found.Trace) < 3 {
		t.Errorf("%+v", found)
	}
	if status, _ := v.who(); status != http.StatusUnauthorized {
		t.Errorf("who is signed in: %d", status)
	}
}

//
func TestAStateIsGoodOnce(t *testing.T) {
	s := newSite(t)
	ada := s.Seed.Users[0]
	s.user(ada.Email)
	v := s.visitor()
	callback := v.atZoho(v.get(loginURL).Header.Get("Location"), zohosim.Approval{User: ada.Email})
	cookies := v.client.Jar.Cookies(mustURL(t, s.origin))
	if a := v.get(callback); a.to(s) != "/" {
		t.Fatalf("%d %s", a.StatusCode, a.to(s))
	}
	thief := s.visitor()
	if a := thief.get(callback); a.to(s) != "/login?notice=out-of-date" {
		t.Errorf("another browser: %d %s", a.StatusCode, a.to(s))
	}
	thief.client.Jar.SetCookies(mustURL(t, s.origin), cookies)
	if a := thief.get(callback); a.to(s) != "/login?notice=out-of-date" {
		t.Errorf("again, with the same cookies: %d %s", a.StatusCode, a.to(s))
	}
}

func mustURL(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u
}

func TestWhoSignsInAgainLeavesNoOldSessionBehind(t *testing.T) {
	s := newSite(t)
	ada := s.Seed.Users[0]
	s.user(ada.Email)
	v := s.visitor()
	v.signIn(loginURL, ada.Email)
	before := v.client.Jar.Cookies(mustURL(t, s.origin))
	v.signIn(loginURL, ada.Email)
	old := s.visitor()
	old.client.Jar.SetCookies(mustURL(t, s.origin), before)
	if status, body := old.who(); status != http.StatusUnauthorized {
		t.Errorf("the session of before: %d %v", status, body)
	}
	if status, _ := v.who(); status != http.StatusOK {
		t.Errorf("the new one: %d", status)
	}
}

func TestABrowserKeepsAFewUnfinishedSignInsOnly(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	for range 12 {
		v.get(loginURL)
	}
	n := 0
	for _, held := range v.client.Jar.Cookies(mustURL(t, s.origin)) {
		if strings.Contains(held.Name, "attempt") {
			n++
		}
	}
	if n == 0 || n > 5 {
		t.Errorf("%d are kept", n)
	}
}
