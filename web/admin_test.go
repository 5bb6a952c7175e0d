package web_test

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/web/route"
)

// pointers lists where a refused request was found wrong.
func (r reply) pointers() string {
	r.t.Helper()
	var list []string
	errors, _ := r.want(400, "invalid_request").json()["errors"].([]any)
	for _, e := range errors {
		list = append(list, e.(map[string]any)["pointer"].(string))
	}
	return strings.Join(list, " ")
}

func TestARequestIsReadStrictlyAndAllItsFaultsAreNamedAtOnce(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	for _, c := range []struct{ name, path, body, want string }{
		{"no JSON", "", `{`, ""},
		{"a list", "", `[]`, ""},
		{"null", "", `null`, ""},
		{"trailing text", "", `{} {}`, ""},
		{"an empty object", "", `{}`, "/name /integration_type"},
		{"unknown fields", "", `{"name":"x","integration_type":"zoho_desk","id":"am_1","tenant_id":"x"}`, "/id /tenant_id"},
		{"a field twice", "", `{"name":"x","name":"y"}`, "/name"},
		{"wrong types", "", `{"name":1,"integration_type":null,"scopes":{},"authorize_params":{"a":1}}`, "/name /integration_type /scopes /authorize_params/a"},
		{"wrong items", "", `{"name":"x","integration_type":"zoho_desk","scopes":["a",1]}`, "/scopes/1"},
		{"a wrong mode", "", `{"name":"x","integration_type":"zoho_desk","mode":"password"}`, "/mode"},
		{"a control character", "", `{"name":"x","integration_type":"zoho_desk","client_id":"a\u0000b"}`, "/client_id"},
		{"what only the store knows", "", `{"name":"x","integration_type":"nothing","reference":"Not A Slug"}`, "/reference /integration_type /client_id"},
		{"no environment", "/zoho-desk/enable", `{}`, "/environment"},
		{"an unknown environment", "/zoho-desk/enable", `{"environment":"staging"}`, "/environment"},
		{"a slash in a name", "", `{"a/b~c":1,"name":"x","integration_type":"zoho_desk"}`, "/a~1b~0c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.api("POST", "/auth-methods"+c.path, c.body).pointers(); got != c.want {
				t.Errorf("faults at %q, want %q", got, c.want)
			}
		})
	}
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx"} {
		s.api("POST", "/auth-methods", `{}`, "Content-Type", media).want(400, "invalid_request")
	}
	s.api("POST", "/auth-methods/zoho-desk/duplicate", `{"name":"Copy"}`, "Content-Type", "application/json; charset=UTF-8").want(201)
}

func TestALoanRequestIsReadStrictly(t *testing.T) {
	s := newStack(t)
	for body, want := range map[string]string{
		`{}`:                                           "/method",
		`{"method":"x","min_ttl_seconds":-1}`:          "/min_ttl_seconds",
		`{"method":"x","min_ttl_seconds":1.5}`:         "/min_ttl_seconds",
		`{"method":"x","min_ttl_seconds":"300"}`:       "/min_ttl_seconds",
		`{"method":"x","environment":"PRODUCTION"}`:    "/environment",
		`{"method":"x","Method":"y"}`:                  "/Method",
		`{"method":"x","scopes":"a b"}`:                "/scopes",
		`{"method":"x","purpose":"a\nb"}`:              "/purpose",
		`{"method":"` + strings.Repeat("x", 65) + `"}`: "/method",
	} {
		if got := s.program("POST", "/internal/v1/tokens", body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
}

func TestAMethodIsChangedByMergePatchAgainstTheRevisionThatWasRead(t *testing.T) {
	s := newStack(t)
	first := s.newMethod().Header.Get("ETag")
	patch := func(body, match string) reply {
		return s.api("PATCH", "/auth-methods/zoho-desk", body, "If-Match", match, "Content-Type", "application/merge-patch+json")
	}
	changed := patch(`{"name":"Support","environments":{"sandbox":{"client_id":"1000.SANDBOX0000000000000000000000000","client_secret":"another-secret-9z8y"}}}`, first).want(200)
	if changed.Header.Get("ETag") == first || changed.text("name") != "Support" {
		t.Errorf("after the change: %v %s", changed.Header, changed.Body)
	}
	sandbox := changed.json()["environments"].(map[string]any)["sandbox"].(map[string]any)
	if secret := sandbox["client_secret"].(map[string]any); secret["set"] != true || secret["last4"] != "9z8y" {
		t.Errorf("the secret of the sandbox: %v", secret)
	}
	patch(`{"name":"Late"}`, first).want(412, "changed_meanwhile")
	patch(`{"name":"Late"}`, `W/"1"`).want(412, "changed_meanwhile")
	patch(`{"name":"Late"}`, `nonsense`).want(412, "changed_meanwhile")
	restored := patch(`{"environments":{"sandbox":{"client_id":null,"client_secret":null}}}`, "*").want(200)
	sandbox = restored.json()["environments"].(map[string]any)["sandbox"].(map[string]any)
	if sandbox["client_id"] != nil || sandbox["client_secret"].(map[string]any)["set"] != false {
		t.Errorf("after null: %v", sandbox)
	}
	for body, want := range map[string]string{
		`{"reference":"other"}`:                         "/reference",
		`{"integration_type":"zoho_crm"}`:               "/integration_type",
		`{"client_secret":null}`:                        "/client_secret",
		`{"rev":7}`:                                     "/rev",
		`{"environments":{"staging":{}}}`:               "/environments/staging",
		`{"environments":{"sandbox":null}}`:             "/environments/sandbox",
		`{"environments":{"sandbox":{"enabled":true}}}`: "/environments/sandbox/enabled",
	} {
		if got := patch(body, "").pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
	s.api("DELETE", "/auth-methods/zoho-desk", nil, "If-Match", first).want(412, "changed_meanwhile")
	s.api("DELETE", "/auth-methods/zoho-desk", nil, "If-Match", restored.Header.Get("ETag")).want(204)
	s.api("POST", "/auth-methods", map[string]any{"name": "x", "reference": "zoho-desk", "integration_type": "zoho_desk", "client_id": s.Seed.Server.ID, "scopes": []string{"Desk.tickets.READ"}}).want(409, "conflict")
}

func TestSettingsOfAGenericMethodAreMerged(t *testing.T) {
	s := newStack(t)
	s.api("POST", "/auth-methods", map[string]any{
		"name": "Generic", "reference": "generic", "integration_type": "generic_oauth2", "client_id": "x",
		"authorize_url": "https://a.example/authorize", "token_url": "https://a.example/token", "authorize_params": map[string]string{"audience": "api", "prompt": "consent"},
	}).want(201)
	got := s.api("PATCH", "/auth-methods/generic", `{"revoke_url":"https://a.example/revoke","authorize_params":{"prompt":null,"display":"page"}}`).want(200).json()
	if p := fmt.Sprint(got["authorize_params"]); p != "map[audience:api display:page]" || got["token_url"] != "https://a.example/token" || got["revoke_url"] != "https://a.example/revoke" {
		t.Errorf("after the patch: %v", got)
	}
	if got := s.api("PATCH", "/auth-methods/generic", `{"authorize_params":{"state":"x"}}`).pointers(); got != "/authorize_params/state" {
		t.Errorf("faults at %q", got)
	}
}

func TestSetupShowsWhatToEnterToTheLetter(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	got := s.api("GET", "/auth-methods/zoho-desk/setup", nil).want(200).json()
	uris := fmt.Sprint(got["redirect_uris"])
	want := "[map[uri:" + origin + "/api/authclients/" + s.Tenant.CallbackA + "/" + s.Tenant.CallbackB + " use:consent] map[uri:" + origin + "/api/sso/login/oauth/callback use:sign_in]]"
	if uris != want || got["homepage_url"] != origin || got["scope"] != "Desk.tickets.READ,Desk.basic.READ" || got["console_url"] == nil {
		t.Errorf("the set-up: %v", got)
	}
}

func TestListsAreReadPageByPage(t *testing.T) {
	s := newStack(t)
	for i := range 5 {
		s.api("POST", "/auth-methods", map[string]any{
			"name": fmt.Sprintf("Method %d", i), "integration_type": "generic_oauth2", "mode": "static_token", "client_secret": "a-fixed-token-of-some-length", "environment_url": "https://api.example.com",
		}).want(201)
	}
	for _, path := range []string{"/auth-methods", "/service-accounts", "/api-keys", "/audit-events", "/auth-methods/method-3/history", "/connections"} {
		var all []string
		cursor := ""
		for range 100 {
			page := s.api("GET", path+"?limit=2&cursor="+cursor, nil).want(200).json()
			items := page["items"].([]any)
			if len(items) > 2 {
				t.Fatalf("%s: a page of %d", path, len(items))
			}
			for _, item := range items {
				all = append(all, item.(map[string]any)["id"].(string))
			}
			if cursor, _ = page["next_cursor"].(string); cursor == "" {
				break
			}
		}
		whole := s.api("GET", path+"?limit=200", nil).want(200).json()["items"].([]any)
		if len(all) != len(whole) {
			t.Errorf("%s: %d items page by page, %d at once", path, len(all), len(whole))
		}
		for i := range all {
			if all[i] != whole[i].(map[string]any)["id"] {
				t.Errorf("%s: item %d differs", path, i)
			}
		}
		for _, bad := range []string{"limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=x", "cursor=YW1fMQ", "cursor=c2VxXzAx", "colour=red", "%zz"} {
			s.api("GET", path+"?"+bad, nil).want(400, "invalid_request")
		}
	}
}

func TestServiceAccountsAndTheirKeys(t *testing.T) {
	s := newStack(t)
	made := s.api("POST", "/service-accounts", map[string]any{"name": "Ticket robot", "permits": []any{map[string]any{"method": "zoho-desk", "environment": "production"}}}).want(201)
	at := "/service-accounts/" + made.text("id")
	if got := s.api("GET", "/service-accounts/Ticket%20robot", nil).want(200).text("id"); got != made.text("id") {
		t.Errorf("by name it is %s", got)
	}
	s.api("POST", "/service-accounts", map[string]any{"name": "Ticket robot"}).want(409, "conflict")
	if got := s.api("POST", "/service-accounts", `{"name":"x","permits":[{"method":"a","environment":"b","tenant":"acme"}]}`).pointers(); got != "/permits/0/environment /permits/0/tenant" {
		t.Errorf("faults at %q", got)
	}
	permitted := s.api("POST", at+"/permits", map[string]any{"method": "zoho-desk", "environment": "sandbox", "scopes": []string{"Desk.tickets.READ"}}).want(201)
	permits := permitted.json()["permits"].([]any)
	if len(permits) != 2 {
		t.Fatalf("permits: %v", permits)
	}
	s.api("DELETE", at+"/permits/"+permits[0].(map[string]any)["id"].(string), nil).want(204)
	s.api("DELETE", at+"/permits/pmt_"+anID, nil).want(404, "not_found")

	issued := s.api("POST", "/api-keys", map[string]any{"service_account": made.text("id"), "name": "first", "expires_at": "2199-01-01T00:00:00Z"}).want(201)
	s.send(route.Internal, request(t, "POST", internalBase+"/internal/v1/tokens", issued.text("key"), `{"method":"zoho-desk"}`)).want(404)
	if listed := s.api("GET", "/api-keys?service_account="+made.text("id"), nil).want(200); strings.Contains(listed.Body, issued.text("key")) || !strings.Contains(listed.Body, issued.text("id")) {
		t.Errorf("the list of keys: %s", listed.Body)
	}
	s.api("POST", "/api-keys", map[string]any{"service_account": made.text("id"), "name": "late", "expires_at": "2001-01-01T00:00:00Z"}).want(400)
	s.api("POST", "/api-keys", map[string]any{"service_account": made.text("id"), "name": "odd", "expires_at": "tomorrow"}).want(400)
	rolled := s.api("POST", "/api-keys/"+issued.text("id")+"/roll", nil).want(201)
	if rolled.text("key") == "" || rolled.text("id") == issued.text("id") {
		t.Errorf("rolled: %s", rolled.Body)
	}
	s.api("DELETE", "/api-keys/"+rolled.text("id"), nil).want(204)
	s.api("DELETE", "/api-keys/nonsense", nil).want(404, "not_found")

	etag := s.api("GET", at, nil).want(200).Header.Get("ETag")
	s.api("PATCH", at, `{"disabled":true}`, "If-Match", etag).want(200)
	s.api("PATCH", at, `{"disabled":false}`, "If-Match", etag).want(412, "changed_meanwhile")
	s.api("PATCH", at, `{"disabled":null}`).want(400, "invalid_request")
	s.api("DELETE", at, nil).want(204)
	s.api("GET", at, nil).want(404, "not_found")

	events := s.api("GET", "/audit-events?object="+made.text("id"), nil).want(200)
	if got := len(events.json()["items"].([]any)); got < 4 {
		t.Errorf("%d events about the service account", got)
	}
	for _, k := range []string{issued.text("key"), rolled.text("key")} {
		if strings.Contains(s.api("GET", "/audit-events", nil).Body, k) || strings.Contains(s.logs.String(), k) {
			t.Error("a key is in the audit log or in the log")
		}
	}
}

func TestIntegrationTypesAreShown(t *testing.T) {
	s := newStack(t)
	all := s.api("GET", "/integration-types", nil).want(200).json()["items"].([]any)
	if len(all) < 5 {
		t.Errorf("%d integration types", len(all))
	}
	for _, each := range all {
		s.api("GET", "/integration-types/"+each.(map[string]any)["id"].(string), nil).want(200)
	}
	s.api("GET", "/integration-types/nothing", nil).want(404, "not_found")
}
