package login_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/test/storage"
)

// Passwords that are on no list.
const (
	marieWord = "violet harbour cabbage nine"
	otherWord = "slow copper lantern meadow"
)

// local makes a user with a password.
func (s *site) local(t *testing.T, name, password string, roles ...string) sso.User {
	t.Helper()
	u, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: name, Roles: roles})
	must(t, err)
	must(t, s.Credentials.Set(t.Context(), s.commandLine(), credentials.Target{User: &u}, secret.New(password), "acme"))
	u, err = s.People().User(t.Context(), string(u.ID))
	must(t, err)
	return u
}

// logIn fills in the login form.
func (v *visitor) logIn(name, password string) answer {
	v.s.T.Helper()
	return v.Submit(v.Get("/login?stay=1"), "/login", "name", name, "password", password)
}

func TestAPasswordSignsIn(t *testing.T) {
	s := newSite(t)
	u := s.local(t, "Marie.Dupont", marieWord)
	for _, typed := range []string{"Marie.Dupont", "MARIE.DUPONT", "marie.dupont"} {
		v := s.visitor()
		v.welcome(v.logIn(typed, marieWord))
		v.is(u)
		_, body := v.who()
		if in := body["session"].(map[string]any); in["means"] != "password" || in["connector"] != nil {
			t.Errorf("%v", in)
		}
	}
	found, err := s.People().User(t.Context(), string(u.ID))
	if must(t, err); found.LastSeenAt.IsZero() {
		t.Error("it was not written down that she was here")
	}
}

// Unknown, wrong and without a password are one answer; only who knows the password
// of a disabled account is told more.
func TestNothingIsToldToWhoDoesNotKnowThePassword(t *testing.T) {
	s := newSite(t)
	s.local(t, "marie", marieWord)
	off := s.local(t, "paul", otherWord)
	_, err := s.People().ChangeUser(t.Context(), string(off.ID), 0, directory.UserChange{Disabled: ptr(true)})
	must(t, err)
	s.User("without@example.eu")
	for name, c := range map[string]struct{ name, password, says string }{
		"a wrong password":                    {"marie", otherWord, "User name or password is wrong."},
		"the password in capitals":            {"marie", strings.ToUpper(marieWord), "User name or password is wrong."},
		"the beginning of the password":       {"marie", marieWord[:12], "User name or password is wrong."},
		"no password":                         {"marie", "", "User name or password is wrong."},
		"somebody unknown":                    {"nobody", marieWord, "User name or password is wrong."},
		"somebody without a password":         {"without@example.eu", marieWord, "User name or password is wrong."},
		"a disabled account, wrong":           {"paul", marieWord, "User name or password is wrong."},
		"a disabled account":                  {"paul", otherWord, "This account is switched off."},
		"an id for a name":                    {string(off.ID), otherWord, "User name or password is wrong."},
		"no name":                             {"", marieWord, "User name or password is wrong."},
		"a name that is none":                 {"\u202emarie", marieWord, "User name or password is wrong."},
		"an endless name":                     {strings.Repeat("m", 5000), marieWord, "User name or password is wrong."},
		"an endless password":                 {"marie", strings.Repeat("w", 5000), "User name or password is wrong."},
		"a password that is no text":          {"marie", "\xff\xfe", "User name or password is wrong."},
		"a password with something behind it": {"marie", marieWord + "\x00", "User name or password is wrong."},
	} {
		v := s.visitor()
		a := v.logIn(c.name, c.password)
		if a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Text(), c.says) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.Text())
		}
		if c.password != "" && strings.Contains(a.Body, c.password) {
			t.Errorf("%s: the password is on the page", name)
		}
		v.nobody()
	}
}

//
func TestWhoGuessesWaits(t *testing.T) {
	s := newSite(t)
	s.local(t, "marie", marieWord)
	known := s.visitor()
	known.welcome(known.logIn("marie", marieWord))
	known.Submit(known.Get("/account"), "/logout")
	for _, typed := range []string{"marie", "nobody"} {
		v := s.visitor()
		var a answer
		for range 12 {
			if a = v.logIn(typed, "a wrong password of some length"); a.StatusCode != http.StatusUnauthorized {
				break
			}
		}
		wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if a.StatusCode != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 900 || !strings.Contains(a.Text(), "Too many attempts") {
			t.Errorf("%s: %d, Retry-After %q: %s", typed, a.StatusCode, a.Header.Get("Retry-After"), a.Text())
		}
		if a := v.logIn(strings.ToUpper(typed), marieWord); a.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%s in capitals, with the right password: %d", typed, a.StatusCode)
		}
		v.nobody()
	}
	// Strangers who guess keep nobody out of a device that was here before.
	known.welcome(known.logIn("marie", marieWord))
}

func TestLocalLoginCanBeClosed(t *testing.T) {
	s := newSite(t)
	s.local(t, "marie", marieWord)
	v := s.visitor()
	page := v.Get("/login")
	s.Settings(func(set *sso.Settings) { set.LocalLogin = false })
	if a := v.Submit(page, "/login", "name", "marie", "password", marieWord); a.StatusCode != http.StatusNotFound {
		t.Errorf("a form from before: %d", a.StatusCode)
	}
	v.nobody()
	if a := v.Get("/login"); strings.Contains(a.Body, `type="password"`) || !strings.Contains(a.Text(), "Continue with Zoho") {
		t.Errorf("the page: %s", a.Text())
	}
	a := v.Send(http.MethodPost, "/login/passkey", nil, "Latchkey-Request", "script", "Content-Type", "application/json")
	if a.StatusCode == http.StatusOK {
		t.Errorf("a passkey: %d", a.StatusCode)
	}
}

// code is what an authenticator shows so many steps from now.
func code(t *testing.T, key string, steps int) string {
	t.Helper()
	shown, err := totp.GenerateCode(key, time.Now().Add(time.Duration(steps)*30*time.Second))
	must(t, err)
	return shown
}

// codesOn turns one-time codes on in the browser of who is signed in and returns their
// secret.
func (v *visitor) codesOn() string {
	v.s.T.Helper()
	page := v.Submit(v.Get("/account"), "/account/codes")
	_, rest, ok := strings.Cut(page.Body, "<code>")
	key, _, _ := strings.Cut(rest, "<")
	if !ok || page.Header.Get("Cache-Control") != "no-store" {
		v.s.T.Fatalf("%d %s", page.StatusCode, page.Text())
	}
	t, _ := v.s.T.(*testing.T)
	if a := v.Submit(page, "/account/codes/confirm", "code", "000000"); a.StatusCode != http.StatusUnprocessableEntity {
		v.s.T.Errorf("a wrong first code: %d", a.StatusCode)
	}
	if a := v.Submit(page, "/account/codes/confirm", "code", code(t, key, -1)); a.To() != "/account" {
		v.s.T.Fatalf("the first code: %d %s", a.StatusCode, a.Text())
	}
	return key
}

func TestASecondProofIsAskedForAfterThePassword(t *testing.T) {
	s := newSite(t)
	u := s.local(t, "marie", marieWord)
	v := s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	other := s.visitor()
	other.welcome(other.logIn("marie", marieWord))
	key := v.codesOn()
	v.is(u)        // this browser goes on
	other.nobody() // the others do not

	stranger := s.visitor()
	if a := stranger.Get("/login/code"); a.To() != "/login?notice=out-of-date" {
		t.Errorf("who gave no password: %d to %q", a.StatusCode, a.To())
	}
	a := other.logIn("marie", marieWord)
	if a.To() != "/login/code" {
		t.Fatalf("%d to %q", a.StatusCode, a.To())
	}
	other.nobody()
	half := other.Cookies()
	page := other.Get("/login/code")
	if a := other.Send(http.MethodPost, "/login/code", url.Values{"code": {code(t, key, 0)}}); a.To() != "/login?notice=form-out-of-date" {
		t.Errorf("without the form's token: %d to %q", a.StatusCode, a.To())
	}
	for name, typed := range map[string]string{"wrong": "000000", "used": code(t, key, -1)} {
		if a := other.Submit(page, "/login/code", "code", typed); a.StatusCode != http.StatusUnauthorized || !strings.Contains(a.Text(), "This code is not right") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.Text())
		}
		other.nobody()
	}
	right := code(t, key, 0)
	other.welcome(other.Submit(page, "/login/code", "code", right[:3]+" "+right[3:]))
	other.is(u)
	_, body := other.who()
	if claims := s.identity(t, body["identity"].(string)); len(claims["amr"].([]any)) != 2 || claims["amr"].([]any)[1] != "otp" {
		t.Errorf("%v", claims["amr"])
	}
	// The same code again, by whoever looked over her shoulder and knows the password.
	thief := s.visitor()
	thief.again(half)
	thief.Submit(thief.Get("/login/code"), "/login/code", "code", right)
	thief.nobody()
}

func TestCodesAreGuessedAFewTimesOnly(t *testing.T) {
	s := newSite(t)
	s.local(t, "marie", marieWord)
	v := s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	key := v.codesOn()
	guesser := s.visitor()
	guesser.logIn("marie", marieWord)
	page := guesser.Get("/login/code")
	var a answer
	for range 8 {
		a = guesser.Submit(page, "/login/code", "code", "000000")
	}
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %q", a.StatusCode, a.Header.Get("Retry-After"))
	}
	if a := guesser.Submit(page, "/login/code", "code", code(t, key, 0)); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the right one: %d", a.StatusCode)
	}
	guesser.nobody()
}

// What happens between the password and the code counts.
func TestTheFirstHalfOfASignInIsVoidIfTheUserChanges(t *testing.T) {
	s := newSite(t)
	u := s.local(t, "marie", marieWord)
	v := s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	key := v.codesOn()
	half := s.visitor()
	half.logIn("marie", marieWord)
	page := half.Get("/login/code")
	must(t, s.Credentials.Set(t.Context(), s.commandLine(), credentials.Target{User: &u}, secret.New(otherWord), "acme"))
	if a := half.Submit(page, "/login/code", "code", code(t, key, 0)); a.To() != "/login?notice=out-of-date" {
		t.Errorf("%d to %q", a.StatusCode, a.To())
	}
	half.nobody()
}

// older makes all passwords of a site as old as this.
func older(t *testing.T, database string, days int) {
	t.Helper()
	_, err := storage.Raw(t, database).ExecContext(t.Context(), "UPDATE passwords SET set_at = set_at - "+strconv.Itoa(days)+" * 86400000000")
	must(t, err)
}

func TestAnExpiredPasswordIsReplacedFirst(t *testing.T) {
	database := "sqlite:" + t.TempDir() + "/latchkey.db"
	s := newSiteOn(t, database)
	u := s.local(t, "marie", marieWord)
	s.Settings(func(set *sso.Settings) { set.PasswordDays = 30 })
	v := s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	older(t, database, 31)
	v.is(u) // who is signed in stays so
	v = s.visitor()
	if a := v.logIn("marie", marieWord); a.To() != "/login/password" {
		t.Fatalf("%d to %q", a.StatusCode, a.To())
	}
	v.nobody()
	page := v.Get("/login/password")
	for name, c := range map[string][]string{
		"the same":             {marieWord, marieWord},
		"too short":            {marieWord, "short"},
		"a common one":         {marieWord, "password1234"},
		"a wrong present one":  {otherWord, "a new word for the door"},
		"the name of the user": {marieWord, "marie marie marie"},
	} {
		if a := v.Submit(page, "/login/password", "current", c[0], "password", c[1]); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.Text())
		}
		v.nobody()
	}
	if a := v.Send(http.MethodPost, "/login/password", url.Values{"current": {marieWord}, "password": {otherWord}}); a.To() != "/login?notice=form-out-of-date" {
		t.Errorf("without the form's token: %d to %q", a.StatusCode, a.To())
	}
	v.welcome(v.Submit(page, "/login/password", "current", marieWord, "password", otherWord))
	v.is(u)
	again := s.visitor()
	if a := again.logIn("marie", marieWord); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old one: %d", a.StatusCode)
	}
	again.welcome(again.logIn("marie", otherWord))
}

func TestAnExpiredPasswordIsReplacedBehindTheSecondProof(t *testing.T) {
	database := "sqlite:" + t.TempDir() + "/latchkey.db"
	s := newSiteOn(t, database)
	u := s.local(t, "marie", marieWord)
	s.Settings(func(set *sso.Settings) { set.PasswordDays = 30 })
	v := s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	key := v.codesOn()
	older(t, database, 31)
	v = s.visitor()
	if a := v.logIn("marie", marieWord); a.To() != "/login/code" {
		t.Fatalf("%d to %q", a.StatusCode, a.To())
	}
	early := v.Submit(v.Get("/login/password"), "/login/password", "current", marieWord, "password", otherWord)
	if early.To() != "/login/code" {
		t.Errorf("before the code: %d to %q", early.StatusCode, early.To())
	}
	v.nobody()
	if a := v.Submit(v.Get("/login/code"), "/login/code", "code", code(t, key, 0)); a.To() != "/login/password" {
		t.Fatalf("%d to %q", a.StatusCode, a.To())
	}
	v.nobody()
	// A second code is no way around the new password.
	a := v.Submit(v.Get("/login/code"), "/login/code", "code", code(t, key, 1))
	if a.To() != "/login/password" {
		t.Errorf("a second code led to %q", a.To())
	}
	v.nobody()
	v.welcome(v.Submit(v.Get("/login/password"), "/login/password", "current", marieWord, "password", otherWord))
	v.is(u)
}

func TestTheLoginPageLeadsStraightToAProviderOnceOnly(t *testing.T) {
	s := newSite(t)
	s.Settings(func(set *sso.Settings) { set.StraightTo, set.ReturnAddresses = "zoho", []string{platform} })
	for path, want := range map[string]string{
		"/login": loginURL, "/login?return_to=%2Faccount": loginURL + "?return_to=%2Faccount",
		"/login?stay=1": "", "/login?notice=signed-out": "", "/login?notice=out-of-date": "",
	} {
		if a := s.visitor().Get(path); a.To() != want {
			t.Errorf("%s: %d to %q", path, a.StatusCode, a.To())
		}
	}
	if a := s.visitor().Get("/login?stay=1&notice=%3Cscript%3Ealert(1)"); strings.Contains(a.Body, "alert(1)") {
		t.Error("a notice is what the address says")
	}
}
