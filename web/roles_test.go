package web_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/sso"
)

func TestARoleIsMadeChangedAndDeleted(t *testing.T) {
	s := newStack(t)
	made := s.api("POST", "/roles", `{"reference":"supervisor","name":"Supervisor","rights":["users.view","connectors.view"]}`).want(201)
	at := "/roles/" + made.text("id")
	if made.Header.Get("Location") != "/api/v1"+at || made.Header.Get("ETag") != `"1"` || made.json()["ready_made"] != false {
		t.Errorf("a new role: %v %s", made.Header, made.Body)
	}
	if got := s.api("GET", "/roles/supervisor", nil).want(200).text("id"); got != made.text("id") {
		t.Errorf("by reference it is %s", got)
	}
	ready := s.api("GET", "/roles/help-desk", nil).want(200)
	if ready.json()["ready_made"] != true || ready.Header.Get("ETag") != "" {
		t.Errorf("a ready-made role: %v %s", ready.Header, ready.Body)
	}
	if all := s.api("GET", "/roles", nil).want(200).json()["items"].([]any); len(all) != 8 {
		t.Errorf("%d roles", len(all))
	}
	s.api("POST", "/roles", `{"reference":"supervisor","name":"x","rights":[]}`).want(409, "conflict")
	for body, want := range map[string]string{
		`{}`: "/reference /name /rights", `{"reference":"user","name":"x","rights":[]}`: "/reference",
		`{"reference":"x","name":"x","rights":["tokens.borrow"]}`: "/rights", `{"reference":"x","name":"x","rights":["everything"],"id":1}`: "/id",
	} {
		if got := s.api("POST", "/roles", body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
	marie := s.signedIn(t, "marie", "supervisor")
	marie.api("GET", "/users", nil).want(200)
	changed := s.api("PATCH", at, `{"rights":["connectors.view"]}`, "If-Match", `"1"`).want(200)
	if fmt.Sprint(changed.json()["rights"]) != "[connectors.view]" {
		t.Errorf("changed: %s", changed.Body)
	}
	marie.api("GET", "/users", nil).want(401)
	s.signIn(t, marie.refreshed(t)).api("GET", "/users", nil).want(403, "forbidden")
	s.api("PATCH", at, `{"name":"Late"}`, "If-Match", `"1"`).want(412, "changed_meanwhile")
	s.api("PATCH", "/roles/help-desk", `{"name":"Mine"}`).want(404, "not_found")

	refused := s.api("DELETE", at, nil).want(409, "has_dependents")
	if !strings.Contains(refused.Body, string(marie.user.ID)) {
		t.Errorf("who has it is not named: %s", refused.Body)
	}
	s.api("POST", "/users/marie/roles", `{"roles":[]}`).want(200)
	s.api("DELETE", at, nil).want(204)
	s.api("GET", at, nil).want(404, "not_found")
}

func TestSettingsAreMergedInSeconds(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	usual := s.api("GET", "/settings", nil).want(200)
	if usual.Header.Get("ETag") != `"0"` || usual.json()["session_idle_seconds"] != 1800.0 || usual.json()["local_login"] != true {
		t.Errorf("before anything was decided: %v %s", usual.Header, usual.Body)
	}
	patch := func(body string, headers ...string) reply { return s.api("PATCH", "/settings", body, headers...) }
	patch(`{"session_idle_seconds":3600}`, "If-Match", `"1"`).want(412, "changed_meanwhile")
	changed := patch(`{"session_idle_seconds":3600,"straight_to":"zoho"}`, "If-Match", `"0"`).want(200)
	if changed.Header.Get("ETag") != `"1"` || changed.json()["session_life_seconds"] != 43200.0 || changed.text("straight_to") != "zoho" {
		t.Errorf("changed: %v %s", changed.Header, changed.Body)
	}
	patch(`{"password_days":90}`, "If-Match", `"0"`).want(412, "changed_meanwhile")
	merged := patch(`{"password_days":90,"straight_to":null,"return_addresses":["https://app.acme.example"]}`).want(200).json()
	if merged["session_idle_seconds"] != 3600.0 || merged["password_days"] != 90.0 || merged["straight_to"] != "" || fmt.Sprint(merged["return_addresses"]) != "[https://app.acme.example]" {
		t.Errorf("merged: %v", merged)
	}
	for body, want := range map[string]string{
		`{"session_idle_seconds":10}`: "/session_idle_seconds", `{"session_life_seconds":1e9}`: "/session_life_seconds",
		`{"session_life_seconds":1800}`: "/session_idle_seconds", `{"password_days":7}`: "/password_days", `{"straight_to":"nowhere"}`: "/straight_to",
		`{"return_addresses":["http://app.acme.example"]}`: "/return_addresses/0", `{"session_idle":"1h"}`: "/session_idle", `{"local_login":null}`: "/local_login",
	} {
		if got := patch(body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
}

// refreshed is the user as they are now.
func (p present) refreshed(t *testing.T) sso.User {
	t.Helper()
	u, err := p.stack.people(t, p.Tenant.ID).User(t.Context(), string(p.user.ID))
	must(t, err)
	return u
}
