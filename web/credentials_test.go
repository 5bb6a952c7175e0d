package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
)

func TestALinkIsShownOnceWhereThereIsNoMail(t *testing.T) {
	s := newStack(t)
	s.api("POST", "/users", `{"user_name":"marie","email":"marie@acme.example","invited":true}`).want(201)
	shown := s.api("POST", "/users/marie/invitation", nil).want(201)
	if shown.text("purpose") != "invitation" || !strings.HasPrefix(shown.text("url"), origin+"/invitations/") || shown.text("sent_to") != "" {
		t.Errorf("the invitation: %s", shown.Body)
	}
	again := s.api("POST", "/users/marie/password-reset", `{}`).want(201)
	if again.text("purpose") != "reset" || again.text("url") == shown.text("url") {
		t.Errorf("the reset: %s", again.Body)
	}
	s.api("POST", "/users/marie/invitation", `{"to":"somebody@example.com"}`).want(400, "invalid_request")
	s.api("POST", "/users/nobody/invitation", nil).want(404, "not_found")

	code := last(again.text("url"))
	accepted, err := s.Credentials.Accept(t.Context(), s.Browser, secret.New(code), secret.New("a long sentence nobody else has"))
	must(t, err)
	if accepted != authmethods.ID(s.api("GET", "/users/marie", nil).text("id")) {
		t.Errorf("the link was for %s", accepted)
	}
	s.api("POST", "/users/marie/invitation", nil).want(409, "conflict")
	for _, hidden := range []string{last(shown.text("url")), code} {
		if strings.Contains(s.logs.String(), hidden) || strings.Contains(s.api("GET", "/audit-events?limit=200", nil).Body, hidden) {
			t.Error("a link is in the log or in the audit log")
		}
	}
}

// last is what stands behind the last slash of an address.
func last(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

func TestSecondProofsOfSomebodyElseAreTakenAway(t *testing.T) {
	s := newStack(t)
	s.member(t, "marie")
	if got := s.api("GET", "/users/marie/passkeys", nil).ids(); got != "" {
		t.Errorf("passkeys: %s", got)
	}
	s.api("DELETE", "/users/marie/passkeys/pky_"+anID, nil).want(404, "not_found")
	s.api("DELETE", "/users/nobody/totp", nil).want(404, "not_found")

	eve := s.signedIn(t, "eve")
	caller := authmethods.NewCaller(s.Tenant.ID, authmethods.Actor{Kind: authmethods.ActorPerson, ID: eve.user.ID, Name: "eve"}, nil, "req_test")
	begun, err := s.Credentials.BeginTOTP(t.Context(), caller, &eve.user, "Acme")
	must(t, err)
	code, err := totp.GenerateCode(begun.Secret.Reveal(), time.Now())
	must(t, err)
	must(t, s.Credentials.ConfirmTOTP(t.Context(), caller, &eve.user, code))
	s.api("DELETE", "/users/eve/totp", nil).want(204)
	if on, err := s.Credentials.HasTOTP(t.Context(), s.Admin, &eve.user); on || err != nil {
		t.Errorf("one-time codes are still asked for: %t, %v", on, err)
	}
}

func TestOnlyAnOperatorActsOnAnOperator(t *testing.T) {
	s := newStack(t)
	s.member(t, "root", sso.RoleOperator)
	admin, operator := s.signedIn(t, "boss", sso.RoleWorkspaceAdmin), s.signedIn(t, "second", sso.RoleOperator)
	for _, one := range []struct{ method, path string }{
		{"POST", "/password-reset"}, {"DELETE", "/totp"}, {"DELETE", "/passkeys/pky_" + anID}, {"DELETE", ""},
	} {
		s.api(one.method, "/users/root"+one.path, nil).want(403, "forbidden")
		admin.api(one.method, "/users/root"+one.path, nil).want(403, "forbidden")
	}
	admin.api("PATCH", "/users/root", `{"email":"boss@acme.example"}`).want(403, "forbidden")
	admin.api("POST", "/users/boss/roles", `{"roles":["operator","workspace-admin"]}`).want(403, "forbidden")
	operator.api("POST", "/users/root/password-reset", nil).want(201)
}

func TestTheHelpDeskGivesNoRightsThatItHasNot(t *testing.T) {
	s := newStack(t)
	desk := s.signedIn(t, "desk", sso.RoleHelpDesk)
	s.member(t, "boss", sso.RoleWorkspaceAdmin)
	desk.api("POST", "/users", `{"user_name":"new","roles":["workspace-admin"]}`).want(403, "forbidden")
	desk.api("POST", "/users", `{"user_name":"new","roles":["user"]}`).want(201)
	desk.api("POST", "/users/new/roles", `{"roles":["auditor"]}`).want(403, "forbidden")
	desk.api("POST", "/users/desk/roles", `{"roles":["workspace-admin"]}`).want(403, "forbidden")
	desk.api("POST", "/users/new/roles", `{"roles":["help-desk"]}`).want(200)
	for _, one := range []struct {
		method, path string
		body         any
	}{
		{"PATCH", "/users/boss", `{"email":"desk@acme.example"}`},
		{"POST", "/users/boss/password-reset", nil},
		{"POST", "/users/boss/identities", `{"connector":"zoho","issuer":"https://a.example","subject":"1"}`},
		{"DELETE", "/users/boss/totp", nil},
		{"POST", "/roles", `{"reference":"mine","name":"Mine","rights":["users.delete"]}`},
		{"PATCH", "/settings", `{"local_login":false}`},
		{"DELETE", "/users/new", nil},
	} {
		desk.api(one.method, one.path, one.body).want(403, "forbidden")
	}
	list := "user_name,roles\nother,workspace-admin\n"
	desk.api("POST", "/users/import", list, "Content-Type", "text/csv").want(400, "invalid_request")
}

func TestTheLastAdministratorStays(t *testing.T) {
	s := newStack(t)
	boss := s.signedIn(t, "boss", sso.RoleWorkspaceAdmin)
	for _, one := range []struct {
		method, path string
		body         any
	}{
		{"PATCH", "/users/boss", `{"disabled":true}`},
		{"POST", "/users/boss/roles", `{"roles":["user"]}`},
		{"DELETE", "/users/boss", nil},
		{"PATCH", "/settings", `{"local_login":false}`},
	} {
		boss.api(one.method, one.path, one.body).want(409, "last_administrator")
	}
	list := "user_name,roles\nboss,user\n"
	boss.api("POST", "/users/import", list, "Content-Type", "text/csv").want(409, "last_administrator")
	_, err := s.people(t, s.Tenant.ID).CreateUser(t.Context(), directory.NewUser{UserName: "second", Roles: []string{sso.RoleWorkspaceAdmin}})
	must(t, err)
	boss.api("POST", "/users/boss/roles", `{"roles":["user"]}`).want(200)
}
