package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// newConnector makes an SSO connector through the administration API.
func (s *stack) newConnector(change ...func(map[string]any)) reply {
	s.t.Helper()
	body := map[string]any{"name": "Zoho", "reference": "zoho", "type": "oidc", "method": "zoho-desk", "environment": "production"}
	for _, c := range change {
		c(body)
	}
	return s.api("POST", "/sso-connectors", body)
}

func TestAConnectorIsMadeChangedClosedAndDeleted(t *testing.T) {
	s := newStack(t)
	method := s.newMethod().text("id")
	made := s.newConnector().want(201)
	at := "/sso-connectors/" + made.text("id")
	if made.Header.Get("Location") != "/api/v1"+at || made.Header.Get("ETag") != `"1"` {
		t.Errorf("headers of a new connector: %v", made.Header)
	}
	if made.text("login_url") != origin+"/api/sso/login/zoho" || made.text("redirect_uri") != origin+"/api/sso/login/oauth/callback" ||
		made.text("method") != method || made.text("admission") != "associated" {
		t.Errorf("a new connector: %s", made.Body)
	}
	if got := s.api("GET", "/sso-connectors/zoho", nil).want(200).text("id"); got != made.text("id") {
		t.Errorf("by reference it is %s", got)
	}
	patch := func(body string, headers ...string) reply { return s.api("PATCH", at, body, headers...) }
	changed := patch(`{"admission":"mapped","creates_users":true,"default_role":"user","trusted_domains":["Acme.example"],
		"rule":{"lookups":[{"claim":"email","changes":[{"do":"before_at"}],"field":"user_name"}]}}`, "If-Match", `"1"`).want(200)
	if got := fmt.Sprint(changed.json()["trusted_domains"]); got != "[acme.example]" {
		t.Errorf("trusted domains: %s", got)
	}
	if warnings := fmt.Sprint(changed.json()["warnings"]); !strings.Contains(warnings, "whatever the domain is") {
		t.Errorf("warnings: %s", warnings)
	}
	patch(`{"name":"Late"}`, "If-Match", `"1"`).want(412, "changed_meanwhile")
	for body, want := range map[string]string{
		`{"reference":"other"}`: "/reference", `{"type":"saml"}`: "/type", `{"admission":"all"}`: "/admission", `{"disabled":true}`: "/disabled",
		`{"method":"nothing"}`: "/method", `{"default_role":"operator"}`: "/default_role", `{"name":null}`: "/name",
		`{"rule":{}}`: "/rule/lookups",
		`{"rule":{"lookups":[{"claim":"email","field":"phone","x":1,"changes":[{"do":"replace","from":"("}]}]}}`: "/rule/lookups/0/field /rule/lookups/0/x",
		`{"rule":{"lookups":[{"claim":"email","field":"email","changes":[{"do":"replace","from":"("}]}]}}`:       "/rule/lookups/0/changes/0/from",
	} {
		if got := patch(body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
	if shut := s.api("POST", at+"/disable", nil).want(200); shut.json()["disabled"] != true {
		t.Errorf("disabled: %s", shut.Body)
	}
	s.api("POST", at+"/enable", `{"environment":"production"}`).want(400, "invalid_request")
	if open := s.api("POST", at+"/enable", `{}`).want(200); open.json()["disabled"] != false {
		t.Errorf("enabled: %s", open.Body)
	}
	s.api("DELETE", at, nil, "If-Match", `"1"`).want(412, "changed_meanwhile")
	s.api("DELETE", at, nil).want(204)
	s.api("GET", at, nil).want(404, "not_found")
	s.newConnector().want(409, "conflict")
}

func TestFaultsOfANewConnectorAreNamedAtOnce(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	for body, want := range map[string]string{
		`{}`: "/name /reference /type /method /environment",
		`{"name":"x","reference":"oauth","type":"oidc","method":"zoho-desk","environment":"production"}`:                                       "/reference",
		`{"name":"x","reference":"x","type":"oidc","method":"nothing","environment":"production"}`:                                             "/method",
		`{"name":"x","reference":"x","type":"oidc","method":"zoho-desk","environment":"production","creates_users":true}`:                      "/creates_users",
		`{"name":"x","reference":"x","type":"oidc","method":"zoho-desk","environment":"production","trusted_domains":["a b"],"id":"sso_1"}`:    "/id",
		`{"name":"x","reference":"x","type":"oidc","method":"zoho-desk","environment":"production","admission":"mapped","creates_users":true}`: "/default_role",
	} {
		if got := s.api("POST", "/sso-connectors", body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
}

func TestConnectorsAreListedPageByPage(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	var want []string
	for i := range 5 {
		want = append(want, s.newConnector(func(b map[string]any) { b["reference"] = fmt.Sprintf("zoho-%d", i) }).want(201).text("id"))
	}
	slices.Sort(want)
	var got []string
	cursor := ""
	for range 10 {
		page := s.api("GET", "/sso-connectors?limit=2&cursor="+cursor, nil)
		got = append(got, strings.Fields(page.ids())...)
		if cursor = page.text("next_cursor"); cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	s.api("GET", "/sso-connectors?limit=0", nil).want(400, "invalid_request")
	s.api("GET", "/sso-connectors?colour=red", nil).want(400, "invalid_request")
}

func TestPeopleAreAssociatedInBulk(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	marie, paul := s.member(t, "marie"), s.member(t, "paul")
	both := map[string]any{"users": []string{string(marie.ID), "Paul"}}
	if got := s.api("POST", "/sso-connectors/zoho/users", both).want(200).json()["changed"]; got != 2.0 {
		t.Errorf("%v were associated", got)
	}
	if got := s.api("POST", "/sso-connectors/zoho/users", both).want(200).json()["changed"]; got != 0.0 {
		t.Errorf("%v were associated again", got)
	}
	if got := s.api("GET", "/sso-connectors/zoho/users", nil).ids(); got != string(marie.ID)+" "+string(paul.ID) {
		t.Errorf("associated: %s", got)
	}
	for body, want := range map[string]string{`{}`: "/users", `{"users":["marie","nobody"]}`: "/users", `{"users":"marie"}`: "/users", `{"users":[1]}`: "/users/0"} {
		if got := s.api("POST", "/sso-connectors/zoho/users", body).pointers(); got != want {
			t.Errorf("%s: faults at %s", body, got)
		}
	}
	s.api("DELETE", "/sso-connectors/zoho/users/marie", nil).want(204)
	s.api("DELETE", "/sso-connectors/zoho/users/marie", nil).want(404, "not_found")
	s.api("DELETE", "/users/paul/connectors/zoho", nil).want(204)
	s.api("DELETE", "/users/paul/connectors/zoho", nil).want(404, "not_found")
	if got := s.api("GET", "/sso-connectors/zoho/users", nil).ids(); got != "" {
		t.Errorf("still associated: %s", got)
	}
	if got := s.api("POST", "/users/paul/connectors", `{"connector":"nowhere"}`).pointers(); got != "/connector" {
		t.Errorf("faults at %s", got)
	}
}

func TestAMappingIsTriedBeforeItIsSaved(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	marie := s.member(t, "marie.dupont")
	s.api("POST", "/sso-connectors/zoho/users", map[string]any{"users": []string{"marie.dupont"}}).want(200)
	try := func(body string) reply { return s.api("POST", "/sso-connectors/zoho/mapping-test", body) }
	const claims = `"claims":{"sub":"1","email":" Marie.Dupont@acme.example","email_verified":true,"groups":[1,{"a":null}]}`
	const rule = `"rule":{"lookups":[{"claim":"email","changes":[{"do":"trim"},{"do":"before_at","from":"acme.example"}],"field":"user_name"}]}`
	saved := try(`{` + claims + `}`).want(200)
	if saved.json()["signs_in"] != false || saved.text("code") != "no_matching_user" || !strings.Contains(saved.Body, `"ref":"S-01"`) {
		t.Errorf("by the saved rule: %s", saved.Body)
	}
	tried := try(`{` + rule + `,` + claims + `}`).want(200)
	if tried.json()["signs_in"] != true || tried.json()["user"].(map[string]any)["id"] != string(marie.ID) {
		t.Errorf("by the other rule: %s", tried.Body)
	}
	masked := tried.json()["claims"].(map[string]any)
	if strings.Contains(fmt.Sprint(masked), "arie") || masked["email_verified"] != true || masked["groups"] != "(list)" {
		t.Errorf("the claims are shown as %v", masked)
	}
	if got := s.api("GET", "/sso-connectors/zoho", nil).text("rule"); strings.Contains(got, "before_at") {
		t.Error("the rule that was tried was saved")
	}
	for body, want := range map[string]string{
		`{"claims":[]}`: "/claims", `{"claims":"x"}`: "/claims", `{"claims":{},"claims":{}}`: "/claims", `{"claims":{},"x":1}`: "/x",
		`{"claims":{},"id_token":"x"}`: "/", `{"claims":{},"rule":{"lookups":[{}]}}`: "/rule/lookups/0/claim /rule/lookups/0/field",
		`{"claims":{"a":1`: "/claims", `{"claims":{"a":01}}`: "/claims",
	} {
		if got := try(body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
	try(`{}`).want(409, "conflict")
	try(`{"sign_in":"7F3K-2QPD"}`).want(404, "not_found")
}

func TestADryRunTellsWhoWouldLoseAccess(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	s.member(t, "marie@acme.example")
	s.api("POST", "/sso-connectors/zoho/users", `{"users":["marie@acme.example"]}`).want(200)
	try := func(body any) reply { return s.api("POST", "/sso-connectors/zoho/mapping-dry-run", body) }
	const list = "email\nmarie@acme.example\nnobody@acme.example\n"
	now := try(map[string]any{"from": "csv", "csv": list}).want(200).json()
	if counts := now["counts"].(map[string]any); counts["ready"] != 1.0 || counts["no_account"] != 1.0 || len(now["lose"].([]any)) != 0 {
		t.Errorf("by the saved rule: %v", now)
	}
	rule := map[string]any{"lookups": []any{map[string]any{"claim": "email", "field": "external_id"}}}
	then := try(map[string]any{"from": "csv", "csv": list, "rule": rule}).want(200).json()
	lose := then["lose"].([]any)
	if len(lose) != 1 || lose[0].(map[string]any)["label"] != "marie@acme.example" || lose[0].(map[string]any)["after"] != "no_account" {
		t.Errorf("who would lose access: %v", then)
	}
	try(`{}`).want(200)
	for body, want := range map[string]string{
		`{"from":"csv"}`: "/csv", `{"csv":"email"}`: "/csv", `{"from":"somewhere"}`: "/from", `{"from":"desk_agents"}`: "/from", `{"from":"csv","csv":" "}`: "/csv",
	} {
		if got := try(body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
}
