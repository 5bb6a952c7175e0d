package web_test

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/route"
	"latchkey/zohosim"
)

// D-16, D-17, D-18, D-19, D-25: what a service reports of a refused token is explained in
// the answer.
func TestAReportIsAnsweredWithWhatItMeans(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
	for _, c := range []struct{ body, verdict, code, ref string }{
		{`{"status":403,"code":"SCOPE_MISMATCH"}`, "scope_problem", "permission_missing", "D-17"},
		{`{"status":403,"code":"OAUTH_ORG_MISMATCH"}`, "scope_problem", "organisation_mismatch", "D-18"},
		{`{"status":403,"code":"LICENSE_ACCESS_LIMITED"}`, "scope_problem", "account_limited", "D-19"},
		{`{"status":429,"code":"THRESHOLD_EXCEEDED"}`, "not_replaced", "quota_reached", "D-25"},
		{`{"status":429,"code":"TOO_MANY_REQUESTS"}`, "not_replaced", "quota_reached", "D-25"},
		{`{"status":500}`, "not_replaced", "", ""},
		{`{"status":401,"code":"INVALID_OAUTH"}`, "replaced", "token_rejected", "D-16"},
	} {
		token := s.program("POST", "/internal/v1/tokens", `{"method":"zoho-desk","environment":"production"}`).want(200).text("token_id")
		got := s.program("POST", "/internal/v1/tokens/"+token+"/rejections", c.body).want(200)
		if got.text("verdict") != c.verdict || got.text("code") != c.code || got.text("diagnosis") != c.ref || (c.code != "") != (got.text("next_action") != "") {
			t.Errorf("%s: %s", c.body, got.Body)
		}
	}
}

// a key that borrows for sandboxes alone is told so where it asks for production.
func TestAKeyForTestsIsToldWhyItBorrowsNothingInProduction(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	ask := func(key, environment string) reply {
		return s.send(route.Internal, request(t, "POST", internalBase+"/internal/v1/tokens", key, `{"method":"zoho-desk","environment":"`+environment+`"}`))
	}
	trial := s.key(s.Admin, store.NewService{Name: "trial", Permits: []authmethods.Permit{{Method: "*", Environment: "sandbox"}}})
	got := ask(trial, "production").want(403, "loan_not_allowed")
	if got.text("reason") != "test_key_on_live" || got.text("diagnosis") != "A-02" {
		t.Errorf("a key for tests: %s", got.Body)
	}
	for name, r := range map[string]reply{
		"without permits":                   ask(s.key(s.Admin, store.NewService{Name: "none"}), "production"),
		"for other methods":                 ask(s.key(s.Admin, store.NewService{Name: "other", Permits: []authmethods.Permit{{Method: "zoho-crm", Environment: "production"}}}), "production"),
		"for sandboxes, asks for the other": ask(trial, "developer"),
	} {
		if r.want(403, "loan_not_allowed"); r.text("reason") != "" {
			t.Errorf("%s: %s", name, r.Body)
		}
	}
}
