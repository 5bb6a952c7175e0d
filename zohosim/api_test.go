package zohosim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"latchkey/zohosim"
)

func TestDeskAnswersAsItsErrorTableSays(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	token := z.connect("ada@example.eu").text("access_token")
	foreign := z.connect("sam@example.com").text("access_token")
	for _, tc := range []struct {
		name, dc, path, token, orgID string
		status                       int
		code                         string
	}{
		{"no token", "eu", "/tickets", "", "", 401, "UNAUTHORIZED"},
		{"a made-up token", "eu", "/tickets", "1000.a.b", "", 401, "INVALID_OAUTH"},
		{"a token of another data centre", "eu", "/tickets", foreign, "", 401, "INVALID_OAUTH"},
		{"a scope that was not granted", "eu", "/contacts", token, "", 403, "SCOPE_MISMATCH"},
		{"an unknown path", "eu", "/nothing", token, "", 404, "URL_NOT_FOUND"},
		{"an unknown ticket", "eu", "/tickets/1", token, "", 404, "URL_NOT_FOUND"},
		{"another organisation", "eu", "/tickets", token, "20067000002", 403, "OAUTH_ORG_MISMATCH"},
		{"an orgId that is no number", "eu", "/tickets", token, "acme", 500, "INTERNAL_SERVER_ERROR"},
		{"a page too large", "eu", "/tickets?limit=500", token, "", 422, "UNPROCESSABLE_ENTITY"},
		{"the right organisation", "eu", "/tickets", token, "20067000001", 200, ""},
		{"no orgId", "eu", "/tickets", token, "", 200, ""},
		{"organisations need no orgId", "eu", "/organizations", token, "20067000002", 200, ""},
		{"an organisation of somebody else", "eu", "/organizations/10067000001", token, "", 403, "FORBIDDEN"},
		{"an empty list is no content", "us", "/departments?from=5", foreign, "", 204, ""},
	} {
		var headers []string
		if tc.orgID != "" {
			headers = []string{"orgId", tc.orgID}
		}
		a := z.get(z.at(tc.dc).Desk+"/api/v1"+tc.path, tc.token, headers...)
		if a.status != tc.status || a.body.text("errorCode") != tc.code {
			t.Errorf("%s: status %d %s", tc.name, a.status, a.raw)
		}
	}
	z.Switch(func(sw *zohosim.Switches) { sw.OrgIDRequired, sw.DeskHTML401 = true, true })
	if a := z.get(z.at("eu").Desk+"/api/v1/tickets", token); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a missing orgId: status %d", a.status)
	}
	if a := z.get(z.at("eu").Desk+"/api/v1/tickets", "x"); a.status != 401 || a.body != nil {
		t.Errorf("HTML sign-in page: %d %s", a.status, a.raw)
	}
}

func TestDeskShapes(t *testing.T) {
	z := begin(t, zohosim.Switches{StringBooleans: true})
	token := z.connect("ada@example.eu").text("access_token")
	api := z.at("eu").Desk + "/api/v1"
	a := z.get(api+"/organizations", token)
	orgs := a.body["data"].([]any)
	sandbox := orgs[1].(map[string]any)
	if len(orgs) != 2 || sandbox["id"] != "20067000002" || sandbox["isSandboxPortal"] != "true" {
		t.Errorf("%s", a.raw)
	}
	if a := z.get(api+"/organizations/20067000001", token); a.body.text("companyName") != "Moreau Support" {
		t.Errorf("%s", a.raw)
	}
	if a := z.get(api+"/myinfo", token); a.body.text("zuid") != "20060000001" || a.body.text("emailId") != "ada@example.eu" {
		t.Errorf("%s", a.raw)
	}
	for _, path := range []string{"/agents", "/departments", "/accessibleOrganizations", "/tickets?limit=1"} {
		a := z.get(api+path, token)
		if list, _ := a.body["data"].([]any); len(list) != 1 {
			t.Errorf("%s: %d %s", path, a.status, a.raw)
		}
		if a.header.Get("X-Rate-Limit-Remaining-v3") == "" || a.header.Get("X-Rate-Limit-Request-Weight-v3") != "3" {
			t.Errorf("%s: headers %v", path, a.header)
		}
	}
	if a := z.get(z.at("eu").API+"/api/v1/tickets", token); a.status != 404 || a.body["errorCode"] != nil {
		t.Errorf("the API host knows Desk: %d %s", a.status, a.raw)
	}
}

func TestDeskTicketsCanBeCreated(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	token := z.connect("remy@example.ca", "scope", "Desk.tickets.ALL").text("access_token")
	api := z.at("ca").Desk + "/api/v1/tickets"
	if a := z.get(api, token); a.status != http.StatusNoContent || a.raw != "" {
		t.Errorf("no tickets: %d %s", a.status, a.raw)
	}
	create := func(payload string) answer {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api, strings.NewReader(payload))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		return read(t, resp, err)
	}
	made := create(`{"subject":"Hello"}`)
	if a := z.get(api+"/"+made.body.text("id"), token); a.body.text("subject") != "Hello" {
		t.Errorf("%s, then %s", made.raw, a.raw)
	}
	if a := create(`{}`); a.status != 422 || a.body.text("errorCode") != "INVALID_DATA" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := create(``); a.body.text("errorCode") != "EMPTY_PAYLOAD" {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

func TestDeskCreditsAndConcurrency(t *testing.T) {
	z := begin(t, zohosim.Switches{Limits: zohosim.Limits{DeskCreditsPerDay: 4}})
	token := z.connect("sam@example.com").text("access_token")
	api := z.at("us").Desk + "/api/v1"
	z.get(api+"/tickets", token)
	a := z.get(api+"/tickets", token)
	if a.status != 429 || a.body.text("errorCode") != "THRESHOLD_EXCEEDED" || a.header.Get("Retry-After") != fmt.Sprint(15*3600) {
		t.Errorf("%d %s, Retry-After %s", a.status, a.raw, a.header.Get("Retry-After"))
	}
	z.Clock().Advance(15 * 3600e9)
	token = z.connect("sam@example.com").text("access_token")
	if a := z.get(api+"/myinfo", token); a.status != 200 {
		t.Errorf("the next day: %d %s", a.status, a.raw)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.DeskConcurrency = 1 })
	z.holdWhile("/api/v1/tickets", func() { z.get(api+"/tickets", token) }, func() {
		if a := z.get(api+"/myinfo", token); a.status != 429 || a.body.text("errorCode") != "TOO_MANY_REQUESTS" || a.header.Get("Retry-After") != "" {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}

func TestCRMKeepsSandboxTokensToTheSandbox(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	const scope = "ZohoCRM.modules.ALL,ZohoCRM.org.READ,ZohoCRM.users.READ"
	connect := func(environment string) body {
		return z.exchange(z.walk(zohosim.Approval{User: "ada@example.eu", Environment: environment}, "scope", scope)).body
	}
	sandbox, production := connect(zohosim.Sandbox), connect(zohosim.Production)
	eu := z.at("eu")
	if sandbox.text("api_domain") != eu.SandboxAPI || production.text("api_domain") != eu.API {
		t.Errorf("api_domain %s and %s", sandbox.text("api_domain"), production.text("api_domain"))
	}
	if a := z.get(eu.API+"/crm/v8/org", sandbox.text("access_token")); a.status != 401 || a.body.text("code") != "INVALID_TOKEN" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := z.get(eu.SandboxAPI+"/crm/v8/org", sandbox.text("access_token")); a.status != 200 || !strings.Contains(a.raw, "20068000002") {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := z.get(eu.API+"/crm/v8/users?type=CurrentUser", production.text("access_token")); !strings.Contains(a.raw, "ada@example.eu") {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := z.get(eu.API+"/crm/v8/Leads", production.text("access_token")); !strings.Contains(a.raw, "Petit") {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := z.get(eu.SandboxAPI+"/crm/v8/Leads", sandbox.text("access_token")); a.status != 204 {
		t.Errorf("%d %s", a.status, a.raw)
	}
	desk := z.connect("ada@example.eu").text("access_token")
	if a := z.get(eu.API+"/crm/v8/org", desk); a.status != 401 || a.body.text("code") != "OAUTH_SCOPE_MISMATCH" {
		t.Errorf("%d %s", a.status, a.raw)
	}
}
