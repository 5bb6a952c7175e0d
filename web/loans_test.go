package web_test

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/zohosim"
)

func TestTheLedgerTellsWhichServicesHoldWhichTokens(t *testing.T) {
	s := newStack(t)
	items := func(r reply) []any { return r.want(200).json()["items"].([]any) }
	s.ZohoDesk(t, nil)
	attempt := s.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	const body = `{"method":"zoho-desk","environment":"production","purpose":"call-pop"}`
	for range 3 {
		s.program("POST", "/internal/v1/tokens", body).want(200)
	}
	must(t, s.Lender.Flush(t.Context()))
	all := items(s.api("GET", "/loans", nil))
	if len(all) != 1 {
		t.Fatalf("%d borrowings, want 1", len(all))
	}
	held := all[0].(map[string]any)
	if held["service_name"] != "call-pop" || held["connection"] != string(attempt.Connection) || held["loans"] != 3.0 ||
		held["method"] != "zoho-desk" || held["purpose"] != "call-pop" {
		t.Errorf("the ledger says %v", held)
	}
	if n := len(items(s.api("GET", "/loans?connection="+string(attempt.Connection)+"&service=sa_nobody", nil))); n != 0 {
		t.Errorf("%d borrowings of a service that has none", n)
	}
	s.Expire(t, attempt.Connection)
	s.program("POST", "/internal/v1/tokens", body).want(200)
	if n := len(items(s.api("GET", "/loans?tokens=all", nil))); n != 2 {
		t.Errorf("%d borrowings of all tokens, want 2", n)
	}
}
