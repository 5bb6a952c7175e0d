package web_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/web/route"
	"latchkey/zohosim"
)

// atCommandLine is an operator who acts in a tenant.
func atCommandLine(tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, authmethods.OperatorRights, "req_test")
}

// people are those of a tenant in an operator's hands.
func (s *stack) people(t testing.TB, tenant authmethods.TenantID) *directory.Tenant {
	t.Helper()
	people, err := s.Directory.For(atCommandLine(tenant))
	must(t, err)
	return people
}

// connector makes an SSO connector of acme for the method zoho-desk.
func (s *stack) connector(t testing.TB, reference string) sso.Connector {
	t.Helper()
	made, _, err := s.people(t, s.Tenant.ID).CreateConnector(t.Context(), directory.NewConnector{
		Reference: reference, Name: "Zoho", Type: sso.OpenIDConnect, Method: "zoho-desk", Environment: authmethods.Production,
	})
	must(t, err)
	return made
}

// member makes somebody of acme with these roles.
func (s *stack) member(t testing.TB, name string, roles ...string) sso.User {
	t.Helper()
	made, err := s.people(t, s.Tenant.ID).CreateUser(t.Context(), directory.NewUser{UserName: name, Roles: roles})
	must(t, err)
	return made
}

// present is somebody who is signed in, in a browser that calls the API.
type present struct {
	*stack
	user   sso.User
	cookie string
}

// signedIn makes somebody with these roles and signs them in.
func (s *stack) signedIn(t testing.TB, name string, roles ...string) present {
	t.Helper()
	return s.signIn(t, s.member(t, name, roles...))
}

func (s *stack) signIn(t testing.TB, u sso.User) present {
	t.Helper()
	cookie, _, err := s.Sessions.Begin(t.Context(), s.Browser, session.Start{
		User: u.ID, UserVersion: u.Version, Means: session.Password, Address: "203.0.113.7", UserAgent: "test", Settings: sso.DefaultSettings(),
	})
	must(t, err)
	return present{s, u, s.Sessions.CookieName(session.SessionCookie) + "=" + cookie.Reveal()}
}

// api calls the administration API as somebody who is signed in.
func (p present) api(method, path string, body any, headers ...string) reply {
	p.t.Helper()
	headers = append([]string{"Cookie", p.cookie, "Latchkey-Request", "1"}, headers...)
	return p.send(route.Public, request(p.t, method, origin+"/api/v1"+path, "", body, headers...))
}

// withRights makes a role with these rights and signs somebody in who has it.
func (s *stack) withRights(t testing.TB, name string, rights ...authmethods.Right) present {
	t.Helper()
	_, err := s.people(t, s.Tenant.ID).CreateRole(t.Context(), directory.NewRole{Reference: name, Name: name, Rights: rights})
	must(t, err)
	return s.signedIn(t, name, name)
}

// comesBack walks a whole sign-in by a connector as somebody at Zoho.
func (s *stack) comesBack(t testing.TB, reference, who string) reply {
	t.Helper()
	b := s.browser()
	begun := b.send("GET", origin+"/api/sso/login/"+reference, nil).want(http.StatusSeeOther)
	callback, err := zohosim.Approve(nil, begun.Header.Get("Location"), zohosim.Approval{User: who})
	must(t, err)
	return b.send("GET", callback, nil)
}

// ids lists what a list answers.
func (r reply) ids() string {
	r.t.Helper()
	var ids []string
	for _, item := range r.want(http.StatusOK).json()["items"].([]any) {
		id, _ := item.(map[string]any)["id"].(string)
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}
