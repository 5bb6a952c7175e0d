package signin_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/test/fleet"
)

func TestTwoServersAreOneToWhoSignsIn(t *testing.T) {
	s := newSite(t, fleet.Options{Storage: fleet.Postgres, Replicas: 2})
	first, second := s.Processes[0], s.Processes[1]
	marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
	v := s.visitor()
	led := v.at(first).get("/api/sso/login/zoho?return_to=/app/")
	if led.StatusCode != http.StatusSeeOther {
		t.Fatalf("begun at the one: %d %s", led.StatusCode, led.text())
	}
	back := v.at(second).get(v.atZoho(led.Header.Get("Location"), marie.Name))
	if back.to(s) != "/app/" {
		t.Fatalf("finished at the other: %d %s %s", back.StatusCode, back.to(s), back.text())
	}
	both := func(want int) {
		t.Helper()
		for _, p := range []*fleet.Process{first, second} {
			if a := v.at(p).get("/api/sso/session"); a.StatusCode != want {
				t.Errorf("%s answers %d, want %d: %s", p.Name, a.StatusCode, want, a.body)
			}
		}
	}
	both(http.StatusOK)
	for range 6 {
		if a := v.get(report); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "<p id=token>"+marie.Name) {
			t.Fatalf("through nginx: %d %s", a.StatusCode, a.body)
		}
	}
	thief := v.jar.Cookies(mustURL(t, s.origin))
	if a := v.at(second).logout(); a.to(s) != "/login?notice=signed-out" {
		t.Fatalf("signing out at the other: %d %s", a.StatusCode, a.to(s))
	}
	v.jar.SetCookies(mustURL(t, s.origin), thief) // who kept the cookie has nothing
	both(http.StatusUnauthorized)
	for range 4 {
		if a := v.get(report); !a.closed(s) {
			t.Errorf("through nginx, signed out: %d %s", a.StatusCode, a.text())
		}
	}
}

func TestASignInSurvivesTheServerThatBeganIt(t *testing.T) {
	s := newSite(t, fleet.Options{Storage: fleet.Postgres, Replicas: 2})
	marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
	v := s.visitor()
	led := v.at(s.Processes[1]).get("/api/sso/login/zoho?return_to=" + "/app/")
	callback := v.atZoho(led.Header.Get("Location"), marie.Name)
	must(t, s.Processes[1].Kill())
	if a := v.get(callback); a.to(s) != "/app/" { // nginx finds the one that lives
		t.Fatalf("%d %s %s", a.StatusCode, a.to(s), a.text())
	}
	for range 4 {
		if a := v.get(report); a.StatusCode != http.StatusOK {
			t.Errorf("%d %s", a.StatusCode, a.text())
		}
	}
	s.disable(marie)
	if a := v.get(report); !a.closed(s) {
		t.Errorf("disabled: %d %s", a.StatusCode, a.text())
	}
}
