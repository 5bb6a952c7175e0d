package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso/directory"
	"latchkey/test/pages"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

// furnish signs Ada in by the connector, as an administrator, and makes one of
// everything that has a page. It returns what the parameters of addresses stand for, by
// the part of the path before them.
func furnish(t *testing.T, s *pages.Site, ada *pages.Visitor) map[string]string {
	t.Helper()
	u := s.User("ada@example.eu", "workspace-admin")
	if a := ada.SignIn("ada@example.eu"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("Ada is not signed in: %d %s", a.StatusCode, a.Text())
	}
	done := s.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
	begun, _ := s.Begin(t, "zoho-desk", authmethods.Sandbox, consent.EnableOptions{})
	method, err := s.Store().Method(t.Context(), "zoho-desk")
	must(t, err)
	service, err := s.Store().CreateService(t.Context(), store.NewService{
		Name: "Telephone", Permits: []authmethods.Permit{{Method: "zoho-desk", Environment: "production"}},
	})
	must(t, err)
	key, err := s.Store().IssueKey(t.Context(), string(service.ID), "first", time.Now().AddDate(0, 0, 90))
	must(t, err)
	borrow(t, s, key.Shown.Reveal())
	role, err := s.People().CreateRole(t.Context(), directory.NewRole{
		Reference: "night-shift", Name: "Night shift", Rights: authmethods.Rights{authmethods.ViewUsers},
	})
	must(t, err)
	refused := s.Visitor(t).SignIn("sam@example.com") // who has no account here
	reference := strings.TrimPrefix(refused.To(), "/error/")
	reference, _, _ = strings.Cut(reference, "?")
	sessions, err := s.Sessions.List(t.Context(), s.Admin, u.ID)
	must(t, err)
	whole, err := s.People().User(t.Context(), string(u.ID))
	must(t, err)
	if len(sessions) == 0 || len(whole.Identities) == 0 {
		t.Fatalf("Ada has %d sessions and %d accounts at the provider", len(sessions), len(whole.Identities))
	}
	return map[string]string{
		"sessions/:item": string(sessions[0].ID), "accounts/:item": string(whole.Identities[0].ID), "connectors/:item": string(s.Connector.ID),
		"passkeys/:item": none,
		"methods/:id":    string(method.ID), "connections/:id": string(done.Connection), "sso/:id": string(s.Connector.ID), "users/:id": string(u.ID),
		"service-accounts/:id": string(service.ID), "keys/:key_id": string(key.ID), "roles/:id": string(role.ID),
		"approvals/:cs": string(begun.ID), "approvals/:consent_id": string(begun.ID), "approvals/:consent": string(begun.ID), "approvals/:id": string(begun.ID),
		"sign-ins/:id": reference, "sign-ins/:ref": reference, "connectors/:id": string(s.Connector.ID), "connectors/:connector_id": string(s.Connector.ID),
	}
}

// none stands for what only a real authenticator can make: its pages are not opened.
const none = ""

// borrow takes a loan as a service does.
func borrow(t *testing.T, s *pages.Site, key string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Internal+"/internal/v1/tokens",
		strings.NewReader(`{"method":"zoho-desk","environment":"production","purpose":"call pop-up"}`))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("borrowing answers %d", answer.StatusCode)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
