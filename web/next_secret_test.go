package web_test

import (
	"strings"
	"testing"
)

func TestANextSecretIsSetShownAndTakenAwayAndNeverRead(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	const given = "a-next-secret-that-nobody-reads-k7q2"
	patch := func(body string) reply { return s.api("PATCH", "/auth-methods/zoho-desk", body) }
	// shown is what an answer says of the next secret of the method or of its sandbox.
	shown := func(r reply, sandbox bool) map[string]any {
		t.Helper()
		m := r.want(200).json()
		if sandbox {
			m = m["environments"].(map[string]any)["sandbox"].(map[string]any)
		}
		if strings.Contains(r.Body, given) {
			t.Error("an answer holds the secret")
		}
		return m["next_client_secret"].(map[string]any)
	}
	own := `{"environments":{"sandbox":{"client_secret":"own-secret-of-the-sandbox"}}}`
	patch(own).want(200)
	for _, sandbox := range []bool{false, true} {
		in := func(value string) string {
			if value = `"next_client_secret":` + value; sandbox {
				return `{"environments":{"sandbox":{` + value + `}}}`
			}
			return `{` + value + `}`
		}
		for _, nothing := range []string{`null`, `""`} {
			if got := shown(patch(in(`"`+given+`"`)), sandbox); got["set"] != true || got["last4"] != "k7q2" || got["set_at"] == nil {
				t.Errorf("after it was set: %v", got)
			}
			if got := shown(s.api("GET", "/auth-methods/zoho-desk", nil), sandbox); got["set"] != true {
				t.Errorf("read again: %v", got)
			}
			if got := shown(patch(in(nothing)), sandbox); got["set"] != false || got["last4"] != nil {
				t.Errorf("after %s: %v", nothing, got)
			}
		}
	}
	if got := patch(`{"environments":{"production":{"next_client_secret":"x1"}}}`).pointers(); got != "/environments/production/next_client_secret" {
		t.Errorf("without an own secret to follow: faults at %q", got)
	}
	if got := s.api("POST", "/auth-methods", `{"name":"x","integration_type":"zoho_desk","client_id":"1000.X","scopes":["Desk.tickets.READ"],"next_client_secret":"x1"}`).pointers(); got != "/next_client_secret" {
		t.Errorf("of a new method without a secret: faults at %q", got)
	}
	made := s.api("POST", "/auth-methods", `{"name":"y","integration_type":"zoho_desk","client_id":"1000.X","scopes":["Desk.tickets.READ"],"client_secret":"x1","next_client_secret":"`+given+`"}`).want(201)
	if got := made.json()["next_client_secret"].(map[string]any); got["set"] != true || strings.Contains(made.Body, given) {
		t.Errorf("made with both: %v", got)
	}
	history := s.api("GET", "/auth-methods/zoho-desk/history", nil).want(200)
	if strings.Contains(history.Body, given) || !strings.Contains(history.Body, `"environments.sandbox.next_client_secret"`) || strings.Contains(s.logs.String(), given) {
		t.Errorf("the history says: %s", history.Body)
	}
}
