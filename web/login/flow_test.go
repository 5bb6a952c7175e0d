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
	v.s.T.Helper()
	a := v.Send(http.MethodGet, "/api/sso/session", nil, "Accept", "application/json")
	var body map[string]any
	must(v.s.T, json.Unmarshal([]byte(a.Body), &body))
	return a.StatusCode, body
}

func TestPeopleOfThreeDataCentresSignInAtOneTenant(t *testing.T) {
	s := newSite(t)
	for _, u := range s.Seed.Users {
		t.Run(u.DC, func(t *testing.T) {
			known := s.User(u.Email)
			v := s.visitor()
			a := v.SignInAt(loginURL, u.Email)
			if a.StatusCode != http.StatusSeeOther || a.To() != "/" {
				t.Fatalf("the callback answered %d to %s: %s", a.StatusCode, a.To(), a.Text())
			}
			status, body := v.who()
			user, _ := body["user"].(map[string]any)
			if status != http.StatusOK || user["id"] != string(known.ID) || user["user_name"] != u.Email {
				t.Errorf("who is signed in: %d %v", status, body)
			}
			pinned, err := s.People().User(t.Context(), string(known.ID))
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
	s.User(ada.Email)
	s.visitor().SignInAt(loginURL, ada.Email)
	renamed := ada // the same account, with another address
	renamed.Email = "ada.moreau@example.eu"
	_, err := s.Zoho.AddUser(renamed)
	must(t, err)
	v := s.visitor()
	if a := v.SignInAt(loginURL, "ada.moreau@example.eu"); a.To() != "/" {
		t.Fatalf("%d %s %s", a.StatusCode, a.To(), a.Text())
	}
	if _, body := v.who(); body["user"].(map[string]any)["user_name"] != ada.Email {
		t.Error(body)
	}
}

func TestWhoHasNoAccountIsToldSoWithACodeThatLeadsToTheAttempt(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	a := v.SignInAt(loginURL, s.Seed.Users[0].Email)
	code, ok := strings.CutPrefix(a.To(), "/error/")
	if !ok {
		t.Fatalf("%d %s", a.StatusCode, a.To())
	}
	page := v.Get(a.To()).Text()
	for _, want := range []string{"You could not be signed in", "Zoho Desk signed you in as ada@example.eu", code} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	other := s.visitor().Get(a.To()).Text()
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
	s.User(ada.Email)
	v := s.visitor()
	callback := v.AtZoho(v.Get(loginURL).Header.Get("Location"), zohosim.Approval{User: ada.Email})
	cookies := v.Client.Jar.Cookies(mustURL(t, s.Origin))
	if a := v.Get(callback); a.To() != "/" {
		t.Fatalf("%d %s", a.StatusCode, a.To())
	}
	thief := s.visitor()
	if a := thief.Get(callback); a.To() != "/login?notice=out-of-date" {
		t.Errorf("another browser: %d %s", a.StatusCode, a.To())
	}
	thief.Client.Jar.SetCookies(mustURL(t, s.Origin), cookies)
	if a := thief.Get(callback); a.To() != "/login?notice=out-of-date" {
		t.Errorf("again, with the same cookies: %d %s", a.StatusCode, a.To())
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
	s.User(ada.Email)
	v := s.visitor()
	v.SignInAt(loginURL, ada.Email)
	before := v.Client.Jar.Cookies(mustURL(t, s.Origin))
	v.SignInAt(loginURL, ada.Email)
	old := s.visitor()
	old.Client.Jar.SetCookies(mustURL(t, s.Origin), before)
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
		v.Get(loginURL)
	}
	n := 0
	for _, held := range v.Client.Jar.Cookies(mustURL(t, s.Origin)) {
		if strings.Contains(held.Name, "attempt") {
			n++
		}
	}
	if n == 0 || n > 5 {
		t.Errorf("%d are kept", n)
	}
}
