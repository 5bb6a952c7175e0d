package web_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web"
	"latchkey/web/route"
)

// aboutPeople are the routes of the administration API about people and how they sign
// in.
func aboutPeople() route.Table {
	var about route.Table
	for _, r := range web.Table(web.Deps{}) {
		rest, ok := strings.CutPrefix(r.Path, "/api/v1/")
		collection, _, _ := strings.Cut(rest, "/")
		if ok && slices.Contains([]string{"users", "sso-connectors", "sign-ins", "roles", "settings"}, collection) {
			about = append(about, r)
		}
	}
	return about
}

// toNothing is the path of a route with ids that name nothing.
func toNothing(r route.Route) string {
	path := strings.TrimPrefix(r.Path, "/api/v1")
	return strings.NewReplacer(
		":identity_id", "idn_"+anID, ":session_id", "ses_"+anID, ":passkey_id", "pk_"+anID, ":connector_id", "sso_"+anID, ":user_id", "usr_"+anID,
		"users/:id", "users/usr_"+anID, "sso-connectors/:id", "sso-connectors/sso_"+anID, "sign-ins/:id", "sign-ins/sin_"+anID, "roles/:id", "roles/rol_"+anID,
	).Replace(path)
}

func TestEachHandlerNeedsItsRight(t *testing.T) {
	s := newStack(t)
	everything := s.withRights(t, "everything", authmethods.AdminRights...)
	nothing := s.withRights(t, "nothing")
	lacking := map[authmethods.Right]present{}
	for _, r := range aboutPeople() {
		if _, there := lacking[r.Right]; !there {
			others := slices.DeleteFunc(slices.Clone(authmethods.AdminRights), func(one authmethods.Right) bool { return one == r.Right })
			lacking[r.Right] = s.withRights(t, "without-"+strings.ReplaceAll(string(r.Right), ".", "-"), others...)
		}
		path := toNothing(r)
		nothing.api(r.Method, path, nil).want(403, "forbidden")
		lacking[r.Right].api(r.Method, path, nil).want(403, "forbidden")
		if got := everything.api(r.Method, path, nil); got.Status == 401 || got.Status == 403 || got.Status >= 500 {
			t.Errorf("%s %s with all rights: %d %s", r.Method, path, got.Status, got.Body)
		}
	}
	if len(lacking) < 10 {
		t.Errorf("only %d rights are asked for", len(lacking))
	}
}

func TestSomeHandlersNeedMoreThanOneRight(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	s.member(t, "marie")
	for _, c := range []struct {
		method, path, body string
		missing            authmethods.Right
		headers            []string
	}{
		{"POST", "/sso-connectors/zoho/mapping-test", `{"claims":{}}`, authmethods.ViewUsers, nil},
		{"POST", "/sso-connectors/zoho/mapping-dry-run", `{}`, authmethods.ViewUsers, nil},
		{"GET", "/sso-connectors/zoho/users", "", authmethods.ViewConnectors, nil},
		{"GET", "/sign-ins?user=marie", "", authmethods.ViewUsers, nil},
		{"POST", "/sign-ins/7F3K-2QPD/link", `{"user":"marie"}`, authmethods.ViewConnectors, nil},
		{"POST", "/users/import", "user_name\nx\n", authmethods.ModifyUsers, []string{"Content-Type", "text/csv"}},
		{"GET", "/users/export", "", authmethods.ViewConnectors, nil},
		{"POST", "/sso-connectors", `{"name":"x","reference":"x","type":"oidc","method":"zoho-desk","environment":"production"}`, authmethods.ViewMethods, nil},
		{"POST", "/users/marie/password-reset", "", authmethods.ViewUsers, nil},
	} {
		name := "no-" + strings.ReplaceAll(strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(strings.ToLower(c.path)), "-"), ".", "-")
		others := slices.DeleteFunc(slices.Clone(authmethods.AdminRights), func(one authmethods.Right) bool { return one == c.missing })
		var body any
		if c.body != "" {
			body = c.body
		}
		s.withRights(t, name[:min(len(name), 60)], others...).api(c.method, c.path, body, c.headers...).want(403, "forbidden")
	}
}

func TestWhatIsForeignAnswersLikeWhatIsMissing(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	zoho := s.connector(t, "zoho")
	marie := s.member(t, "marie")
	role, err := s.people(t, s.Tenant.ID).CreateRole(t.Context(), directory.NewRole{Reference: "supervisor", Name: "Supervisor"})
	must(t, err)
	pin, err := s.people(t, s.Tenant.ID).Pin(t.Context(), "marie", "zoho", sso.Subject{Issuer: "https://accounts.zoho.eu", ID: "1"})
	must(t, err)
	s.signedIn(t, "paul")
	s.comesBack(t, "zoho", "ada@example.eu")
	attempt := s.api("GET", "/sign-ins", nil).ids()
	stay := s.api("GET", "/users/paul/sessions", nil).ids()

	other := s.NewTenant(t, "other")
	key := s.key(adminOf(other.ID), store.NewService{Name: "administrator", Admin: true})
	there := func(method, path string, body any) reply {
		return s.send(route.Public, request(t, method, strings.Replace(origin, "acme", "other", 1)+"/api/v1"+path, key, body))
	}
	mine, err := s.people(t, other.ID).CreateUser(t.Context(), directory.NewUser{UserName: "eve"})
	must(t, err)
	foreign := strings.NewReplacer(
		"idn_"+anID, string(pin.ID), "ses_"+anID, stay, "sso_"+anID, string(zoho.ID), "usr_"+anID, string(marie.ID), "sin_"+anID, attempt, "rol_"+anID, string(role.ID),
	)
	bodies := map[string]any{
		"setUserRoles": `{"roles":[]}`, "addUserConnector": `{"connector":"zoho"}`, "pinIdentity": `{"connector":"zoho","issuer":"https://a.example","subject":"1"}`,
		"associateUsers": `{"users":["eve"]}`, "testMapping": `{"claims":{}}`, "linkSignIn": `{"user":"eve"}`, "dryRunMapping": `{}`,
		"changeUser": `{"theme":"dark"}`, "changeSSOConnector": `{"name":"x"}`, "changeRole": `{"name":"x"}`,
	}
	checked := 0
	for _, r := range aboutPeople() {
		if !strings.Contains(r.Path, ":") {
			continue
		}
		checked++
		missing, foreign := there(r.Method, toNothing(r), bodies[r.Operation]), there(r.Method, foreign.Replace(toNothing(r)), bodies[r.Operation])
		if missing.Status != 404 || missing.Body != foreign.Body || missing.Status != foreign.Status {
			t.Errorf("%s %s: %d %s, but foreign %d %s", r.Method, r.Path, missing.Status, missing.Body, foreign.Status, foreign.Body)
		}
	}
	if checked < 25 {
		t.Errorf("only %d routes were looked at", checked)
	}
	for _, c := range []struct{ missing, foreign reply }{
		{there("POST", "/users/eve/connectors", `{"connector":"sso_`+anID+`"}`), there("POST", "/users/eve/connectors", `{"connector":"`+string(zoho.ID)+`"}`)},
		{there("DELETE", "/users/eve/identities/idn_"+anID, nil), there("DELETE", "/users/eve/identities/"+string(pin.ID), nil)},
		{there("DELETE", "/users/eve/sessions/ses_"+anID, nil), there("DELETE", "/users/eve/sessions/"+stay, nil)},
		{there("POST", "/users", `{"user_name":"x","connectors":["sso_`+anID+`"]}`), there("POST", "/users", `{"user_name":"x","connectors":["`+string(zoho.ID)+`"]}`)},
	} {
		faults := func(r reply) string { return strings.ReplaceAll(r.Body, anID, string(zoho.ID)[len("sso_"):]) }
		withoutID := func(s string) string {
			before, _, _ := strings.Cut(s, `"request_id"`)
			_, after, _ := strings.Cut(s, `"errors"`)
			return before + after
		}
		if c.missing.Status < 400 || c.missing.Status != c.foreign.Status || withoutID(faults(c.missing)) != withoutID(c.foreign.Body) {
			t.Errorf("missing: %d %s\nforeign: %d %s", c.missing.Status, c.missing.Body, c.foreign.Status, c.foreign.Body)
		}
	}
	if got := there("GET", "/users", nil).ids(); got != string(mine.ID) {
		t.Errorf("the other tenant's people are %s", got)
	}
	if got := there("GET", "/sign-ins", nil).ids() + there("GET", "/sso-connectors", nil).ids(); got != "" {
		t.Errorf("the other tenant sees %s", got)
	}
	if got := there("GET", "/users?connector="+string(zoho.ID), nil).ids() + there("GET", "/sign-ins?connector="+string(zoho.ID), nil).ids(); got != "" {
		t.Errorf("by a foreign connector: %s", got)
	}
}

func TestAChangeInABrowserIsMeant(t *testing.T) {
	s := newStack(t)
	boss := s.signedIn(t, "boss", sso.RoleWorkspaceAdmin)
	plain := request(t, "POST", origin+"/api/v1/users", "", `{"user_name":"x"}`, "Cookie", boss.cookie)
	s.send(route.Public, plain).want(403)
	boss.api("POST", "/users", `{"user_name":"x"}`).want(201)
	event := boss.api("GET", "/audit-events?limit=1", nil).want(200).json()["items"].([]any)[0].(map[string]any)
	if by := event["actor"].(map[string]any); by["kind"] != "person" || by["id"] != string(boss.user.ID) || by["name"] != "boss" {
		t.Errorf("it was done by %v", by)
	}
}
