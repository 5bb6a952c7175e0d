package pages

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso/directory"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

// None stands for what only a real authenticator can make: its pages are not opened.
const None = ""

// Lost names, among the objects of [Site.Furnish], the connection whose approval is lost.
const Lost = "lost"

// Furnish signs Ada in by the connector, as an operator and an administrator, and makes
// at least one of everything that has a page. It returns what the parameters of addresses
// stand for, by the part of the path before them.
func (s *Site) Furnish(t testing.TB, ada *Visitor) map[string]string {
	t.Helper()
	u := s.User("ada@example.eu", "workspace-admin")
	ada.enter("ada@example.eu")
	// An operator is linked to an account by hand alone, or became one afterwards.
	_, err := s.Operators().ChangeUser(t.Context(), string(u.ID), 0, directory.UserChange{Roles: &[]string{"operator", "workspace-admin"}})
	must(t, err)
	ada.enter("ada@example.eu")
	s.NewTenant(t, "globex")
	done := s.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
	begun, _ := s.Begin(t, "zoho-desk", authmethods.Sandbox, consent.EnableOptions{})
	method, err := s.Store().Method(t.Context(), "zoho-desk")
	must(t, err)
	service, key := s.service(t)
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
	consentID, connector := string(begun.ID), string(s.Connector.ID)
	return map[string]string{
		"tenants/:slug":  "globex",
		"sessions/:item": string(sessions[0].ID), "accounts/:item": string(whole.Identities[0].ID), "connectors/:item": connector,
		"passkeys/:item": None,
		"methods/:id":    string(method.ID), "connections/:id": string(done.Connection), "sso/:id": connector, "users/:id": string(u.ID),
		"service-accounts/:id": string(service), "keys/:key_id": string(key), "roles/:id": string(role.ID),
		"approvals/:cs": consentID, "approvals/:consent_id": consentID, "approvals/:consent": consentID, "approvals/:id": consentID,
		"sign-ins/:id": reference, "sign-ins/:ref": reference, "connectors/:id": connector, "connectors/:connector_id": connector,
	}
}

// enter signs the visitor in by the connector.
func (v *Visitor) enter(email string) {
	v.t.Helper()
	if a := v.SignIn(email); a.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("%s is not signed in: %d %s", email, a.StatusCode, a.Text())
	}
}

// service makes a service account with a key, which has borrowed.
func (s *Site) service(t testing.TB) (service, key authmethods.ID) {
	t.Helper()
	made, err := s.Store().CreateService(t.Context(), store.NewService{
		Name: "Telephone", Permits: []authmethods.Permit{{Method: "zoho-desk", Environment: "production"}},
	})
	must(t, err)
	issued, err := s.Store().IssueKey(t.Context(), string(made.ID), "first", time.Now().AddDate(0, 0, 90))
	must(t, err)
	s.borrow(t, issued.Shown.Reveal())
	return made.ID, issued.ID
}

// borrow takes a loan as a service does.
func (s *Site) borrow(t testing.TB, key string) {
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

// Trouble adds what does not go well: a connection whose approval is lost at the
// provider, people who cannot sign in, a service account without a key.
func (s *Site) Trouble(t testing.TB, ada *Visitor, objects map[string]string) {
	t.Helper()
	done := s.Approve(t, "zoho-login", authmethods.Production, zohosim.Approval{User: "remy@example.ca"})
	s.Zoho.RemoveUser("remy@example.ca")
	lost := "/connections/" + string(done.Connection)
	ada.Follow(ada.Submit(ada.Get(lost+"/refresh"), lost+"/refresh")) // which also reads the message about it
	objects[Lost] = string(done.Connection)
	off := true
	paul := s.User("paul@example.eu", "help-desk")
	_, err := s.Operators().ChangeUser(t.Context(), string(paul.ID), 0, directory.UserChange{Disabled: &off})
	must(t, err)
	_, err = s.Operators().CreateUser(t.Context(), directory.NewUser{
		UserName: "nina@example.eu", DisplayName: "Nina Okafor", Email: "nina@example.eu", Invited: true, Roles: []string{"auditor"}, Connectors: []authmethods.ID{s.Connector.ID},
	})
	must(t, err)
	_, err = s.Store().CreateService(t.Context(), store.NewService{
		Name: "Nightly export", Permits: []authmethods.Permit{{Method: "zoho-desk", Environment: "sandbox"}},
	})
	must(t, err)
	s.Forget()
}
