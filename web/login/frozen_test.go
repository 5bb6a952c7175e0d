package login_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso/credentials"
	"latchkey/test/pages"
	"latchkey/zohosim"
)

// freeze freezes something of acme and returns what lifts it.
func freeze(t *testing.T, s *pages.Site, target store.FreezeTarget) (lift func()) {
	t.Helper()
	f, _, err := s.Store().Freeze(t.Context(), target, "the secret reason")
	must(t, err)
	return func() {
		t.Helper()
		_, err := s.Store().Unfreeze(t.Context(), f.ID)
		must(t, err)
	}
}

// isIn reports whether the visitor is signed in.
func isIn(v *pages.Visitor) bool { return v.Get("/account").StatusCode == http.StatusOK }

func TestNobodySignsInWhileTheWorkspaceIsFrozen(t *testing.T) {
	s := pages.New(t)
	u := s.User("marie@example.eu", "workspace-admin")
	operator := authmethods.NewCaller(s.Tenant.ID, s.Admin.Actor(), authmethods.OperatorRights, "req_test")
	must(t, s.Credentials.Set(t.Context(), operator, credentials.Target{User: &u, Rights: authmethods.OperatorRights}, secret.New(marieWord), "acme"))
	ada := s.User("ada@example.eu")
	before := s.As(t, ada) // who is signed in stays so
	lift := freeze(t, s, store.FreezeTarget{})

	word := s.Visitor(t)
	refused := word.Submit(word.Get("/login?stay=1"), "/login", "name", "marie@example.eu", "password", marieWord)
	if refused.StatusCode == http.StatusSeeOther || isIn(word) {
		t.Errorf("a password signs in: %d to %s", refused.StatusCode, refused.To())
	}
	door := s.Visitor(t)
	led := door.Get("/api/sso/login/zoho")
	if strings.Contains(led.Header.Get("Location"), s.Zoho.URL) || isIn(door) {
		t.Errorf("the connector leads on: %d to %s", led.StatusCode, led.Header.Get("Location"))
	}
	for _, a := range []pages.Answer{refused, led} {
		a.Lacks("the secret reason")
	}
	if !isIn(before) {
		t.Error("who was signed in is out")
	}

	lift()
	word = s.Visitor(t)
	if word.Submit(word.Get("/login?stay=1"), "/login", "name", "marie@example.eu", "password", marieWord).StatusCode != http.StatusSeeOther || !isIn(word) {
		t.Error("after the freeze was lifted her password does not sign in")
	}
	door = s.Visitor(t)
	if door.SignIn("ada@example.eu"); !isIn(door) {
		t.Error("after the freeze was lifted the connector does not sign in")
	}
}

// Somebody who is at the provider while the freeze is made comes back to it.
func TestAFreezeStopsSignInsThatAreUnderWay(t *testing.T) {
	for what, target := range map[string]store.FreezeTarget{"the workspace": {}, "the method": {Method: "zoho-login"}} {
		t.Run(what, func(t *testing.T) {
			s := pages.New(t)
			s.User("ada@example.eu")
			v := s.Visitor(t)
			back := v.AtZoho(v.Leave("/api/sso/login/zoho"), zohosim.Approval{User: "ada@example.eu"})
			lift := freeze(t, s, target)
			if a := v.Get(back); isIn(v) {
				t.Errorf("signed in, %d", a.StatusCode)
			}
			lift()
			if v.SignIn("ada@example.eu"); !isIn(v) {
				t.Error("after the freeze was lifted nobody signs in")
			}
		})
	}
}

func TestAFrozenMethodStopsItsOwnConnectorsAlone(t *testing.T) {
	s := pages.New(t)
	s.User("ada@example.eu")
	freeze(t, s, store.FreezeTarget{Method: "zoho-desk"}) // nobody signs in by it
	v := s.Visitor(t)
	if v.SignIn("ada@example.eu"); !isIn(v) {
		t.Fatal("the freeze of another method stops a sign-in")
	}
	freeze(t, s, store.FreezeTarget{Method: "zoho-login"})
	other := s.Visitor(t)
	led := other.Get("/api/sso/login/zoho")
	led.Lacks("the secret reason")
	if strings.Contains(led.Header.Get("Location"), s.Zoho.URL) {
		t.Errorf("a frozen method leads on to %s", led.Header.Get("Location"))
	}
	if !isIn(v) {
		t.Error("who was signed in by it is out")
	}
}
