package login_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/zohosim"
)

// callback begins a sign-in and returns the address to which Zoho sends the browser
// back, which has not gone there yet.
func (v *visitor) callback(email string) string {
	v.s.T.Helper()
	return v.AtZoho(v.Leave(loginURL), zohosim.Approval{User: email})
}

// altered returns an address with other parameters.
func altered(t testing.TB, address string, change func(url.Values)) string {
	t.Helper()
	u := mustURL(t, address)
	q := u.Query()
	change(q)
	u.RawQuery = q.Encode()
	return u.String()
}

// set returns what gives a parameter a value.
func set(name, value string) func(url.Values) {
	return func(q url.Values) { q.Set(name, value) }
}

// again has the browser hold these cookies and no others.
func (v *visitor) again(held []*http.Cookie) {
	v.s.T.Helper()
	jar, err := cookiejar.New(nil)
	must(v.s.T, err)
	jar.SetCookies(mustURL(v.s.T, v.s.Origin), held)
	v.Client.Jar = jar
}

// last is the newest attempt that came back.
func (s *site) last() sso.SignIn {
	s.T.Helper()
	list, err := s.SignIn.List(s.T.Context(), s.Admin, sso.SignInQuery{Limit: 1})
	must(s.T, err)
	if len(list) == 0 {
		s.T.Fatal("nobody came back")
	}
	found, err := s.SignIn.Find(s.T.Context(), s.Admin, string(list[0].ID))
	must(s.T, err)
	return found
}

// attempts counts those who came back.
func (s *site) attempts() int {
	s.T.Helper()
	list, err := s.SignIn.List(s.T.Context(), s.Admin, sso.SignInQuery{Limit: 100})
	must(s.T, err)
	return len(list)
}

// exchanges counts the codes that were sent to the simulator's token endpoint.
func (s *site) exchanges() (n int) {
	for _, e := range s.Zoho.Events() {
		if e.Kind == zohosim.EventToken {
			n++
		}
	}
	return n
}

// welcome wants an answer to be that of a sign-in that succeeded.
func (v *visitor) welcome(a answer) {
	v.s.T.Helper()
	if a.StatusCode != http.StatusSeeOther || a.To() != "/" {
		why := ""
		if strings.HasPrefix(a.To(), "/error/") {
			why = strings.Join(v.s.last().Trace, "\n")
		}
		v.s.T.Fatalf("the callback answered %d to %q: %s\n%s", a.StatusCode, a.To(), a.Text(), why)
	}
	if status, _ := v.who(); status != http.StatusOK {
		v.s.T.Fatalf("who is signed in: %d", status)
	}
}

// refused wants an answer to lead to the page about an attempt that ended with this
// code, and nobody to be signed in.
func (v *visitor) refused(a answer, code authmethods.Code) sso.SignIn {
	v.s.T.Helper()
	ref, ok := strings.CutPrefix(a.To(), "/error/")
	if a.StatusCode != http.StatusSeeOther || !ok {
		v.s.T.Fatalf("the callback answered %d to %q, want a refusal by %s", a.StatusCode, a.To(), code)
	}
	found, err := v.s.SignIn.Find(v.s.T.Context(), v.s.Admin, ref)
	must(v.s.T, err)
	if found.Code != code || found.Outcome != sso.Refused {
		v.s.T.Errorf("it ended as %s with %q, want %q:\n%s", found.Outcome, found.Code, code, strings.Join(found.Trace, "\n"))
	}
	v.nobody()
	return found
}

// outOfDate wants an answer to be that to a callback which belongs to no sign-in of
// this browser.
func (v *visitor) outOfDate(a answer) {
	v.s.T.Helper()
	if a.StatusCode != http.StatusSeeOther || a.To() != "/login?notice=out-of-date" {
		v.s.T.Errorf("the callback answered %d to %q", a.StatusCode, a.To())
	}
	v.nobody()
}

// nobody wants nobody to be signed in here.
func (v *visitor) nobody() {
	v.s.T.Helper()
	if status, body := v.who(); status != http.StatusUnauthorized || body["code"] != string(authmethods.CodeNotSignedIn) {
		v.s.T.Errorf("who is signed in: %d %v", status, body)
	}
}

// is wants this user to be signed in here.
func (v *visitor) is(u sso.User) {
	v.s.T.Helper()
	status, body := v.who()
	user, _ := body["user"].(map[string]any)
	if status != http.StatusOK || user["id"] != string(u.ID) {
		v.s.T.Errorf("who is signed in: %d %v, want %s", status, body, u.UserName)
	}
}

// ada is somebody at Zoho who may sign in.
func (s *site) ada(roles ...string) (zohosim.User, sso.User) {
	s.T.Helper()
	at := s.Seed.Users[0]
	return at, s.User(at.Email, roles...)
}

// commandLine is whoever is at the command line, who is an operator.
func (s *site) commandLine() authmethods.Caller {
	return authmethods.NewCaller(s.Tenant.ID, authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, authmethods.OperatorRights, "req_test")
}

func ptr[T any](v T) *T { return &v }
