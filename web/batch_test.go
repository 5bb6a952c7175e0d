package web_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/store"
	"latchkey/web"
	"latchkey/web/route"
	"latchkey/zohosim"
)

const batchPath = "/internal/v1/tokens/batch"

type fields = map[string]any

// batch lends all loans with the key of a service.
func (s *stack) batch(key string, loans ...fields) reply {
	s.t.Helper()
	return s.send(route.Internal, request(s.t, "POST", internalBase+batchPath, key, fields{"loans": loans}))
}

// results are those of a batch in order. Each has a loan or a problem.
func (r reply) results() (results []fields) {
	r.t.Helper()
	for _, each := range r.want(200).json()["results"].([]any) {
		results = append(results, each.(fields))
	}
	return results
}

// code is that of a result: of its problem, or "lent".
func code(result fields) string {
	if p, ok := result["problem"].(fields); ok {
		return p["code"].(string)
	}
	return "lent"
}

func codes(results []fields) (all []string) {
	for _, each := range results {
		all = append(all, code(each))
	}
	return all
}

// refreshes counts how often the provider was asked for a new token.
func (s *stack) refreshes() (n int) {
	for _, e := range s.Zoho.Events() {
		if e.Kind == zohosim.EventRefresh && e.Detail == "refresh_token" {
			n++
		}
	}
	return n
}

func TestABatchIsAnsweredItemByItemInItsOrder(t *testing.T) {
	s := newStack(t)
	s.connect()
	single := s.program("POST", "/internal/v1/tokens", fields{"method": "zoho-desk"}).want(200)
	missing := s.program("POST", "/internal/v1/tokens", fields{"method": "nothing"}).want(404)
	answer := s.batch(s.borrower,
		fields{"method": "nothing"}, fields{"method": "zoho-desk", "purpose": "call-pop"},
		fields{"method": "zoho-desk", "environment": "sandbox"}, fields{"method": "zoho-desk"},
		fields{"method": "zoho-desk", "scopes": []string{"Desk.contacts.READ"}}, fields{"method": "zoho-desk", "tenant": "nobody"},
	)
	results := answer.results()
	want := []string{"not_found", "lent", "loan_not_allowed", "lent", "scopes_missing", "not_found"}
	if got := codes(results); !slices.Equal(got, want) {
		t.Fatalf("the results are %v, want %v", got, want)
	}
	for _, i := range []int{1, 3} {
		if loan := results[i]["loan"].(fields); loan["access_token"] != single.text("access_token") || loan["headers"] == nil {
			t.Errorf("item %d: %v", i, loan)
		}
	}
	if !strings.Contains(answer.Body, `{"problem":`+strings.TrimSpace(missing.Body)+`}`) {
		t.Errorf("what is not found is another answer than alone: %s", answer.Body)
	}
	refused := results[2]["problem"].(fields)
	if refused["status"] != 403.0 || refused["request_id"] != answer.Header.Get("X-Request-Id") || refused["diagnosis"] == nil {
		t.Errorf("a problem is not complete: %v", refused)
	}
	if !strings.Contains(s.logs.String(), `"loans":"2","refused":"4"`) || strings.Contains(s.logs.String(), single.text("access_token")) {
		t.Errorf("the log: %s", s.logs)
	}
}

// a batch does not hide what somebody may not do.
func TestTheRefusedItemsOfABatchAreCounted(t *testing.T) {
	var counted []audit.Refusal
	s := newStack(t, func(d *web.Deps) {
		d.Refused = func(_ authmethods.Caller, r audit.Refusal) { counted = append(counted, r) }
	})
	s.connect()
	s.batch(s.borrower,
		fields{"method": "zoho-desk", "environment": "sandbox"}, fields{"method": "zoho-desk"}, fields{"method": "nothing"},
		fields{"method": "zoho-desk", "environment": "sandbox"},
	)
	if len(counted) != 2 || counted[0].Code != authmethods.CodeLoanNotAllowed || counted[1] != counted[0] || counted[0].Operation != batchPath {
		t.Errorf("counted: %+v", counted)
	}
}

func TestAMalformedBatchIsRefusedWholeAndChangesNothing(t *testing.T) {
	s := newStack(t)
	s.connect()
	good := func(n int) []any { return slices.Repeat([]any{fields{"method": "zoho-desk"}}, n) }
	for _, c := range []struct {
		name    string
		body    any
		pointer string
	}{
		{"no loans", fields{}, "/loans"},
		{"an empty list", fields{"loans": good(0)}, "/loans"},
		{"101 loans", fields{"loans": good(101)}, "/loans"},
		{"loans that are no list", fields{"loans": fields{"method": "zoho-desk"}}, "/loans"},
		{"an unknown field beside them", fields{"loans": good(1), "colour": "red"}, "/colour"},
		{"an unknown field in item 3", fields{"loans": append(good(3), fields{"method": "zoho-desk", "colour": "red"})}, "/loans/3/colour"},
		{"no method in item 3", fields{"loans": append(good(3), fields{"tenant": "acme"})}, "/loans/3/method"},
		{"a method that is no text", fields{"loans": append(good(3), fields{"method": 7})}, "/loans/3/method"},
		{"an item that is no object", fields{"loans": append(good(1), "zoho-desk")}, "/loans/1"},
		{"null for an item", fields{"loans": append(good(1), nil)}, "/loans/1"},
		{"an environment that is none", fields{"loans": append(good(1), fields{"method": "x", "environment": "test"})}, "/loans/1/environment"},
		{"the id of something else", fields{"loans": append(good(1), fields{"method": "x", "if_token_id": "conn_1"})}, "/loans/1/if_token_id"},
		{"a field twice", `{"loans":[{"method":"zoho-desk","method":"zoho-desk"}]}`, "/loans/0/method"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused := s.program("POST", batchPath, c.body).want(400, "invalid_request")
			faults := refused.json()["errors"].([]any)
			if at := faults[0].(fields)["pointer"]; len(faults) != 1 || at != c.pointer {
				t.Errorf("want one fault at %s: %s", c.pointer, refused.Body)
			}
		})
	}
	s.program("POST", batchPath, `{"loans":["`+strings.Repeat("x", 257<<10)+`"]}`).want(413, "request_too_large")
	must(t, s.Lender.Flush(t.Context()))
	if held := s.api("GET", "/loans?tokens=all", nil).want(200).json()["items"].([]any); len(held) != 0 {
		t.Errorf("something was lent: %v", held)
	}
}

func TestEachItemOfABatchNeedsItsPermit(t *testing.T) {
	s := newStack(t)
	s.connect()
	globex := s.NewTenant(t, "globex")
	narrow := s.key(s.Admin, store.NewService{Name: "narrow", Permits: []authmethods.Permit{
		{Method: "zoho-desk", Environment: "production", Scopes: []string{"Desk.tickets.READ"}},
	}})
	foreign := s.key(adminOf(globex.ID), store.NewService{Name: "call-pop", Permits: []authmethods.Permit{{Method: "*", Environment: "*"}}})
	operator := s.key(adminOf(authmethods.Platform), store.NewService{Name: "operator", Permits: []authmethods.Permit{{Tenant: "acme", Method: "*", Environment: "*"}}})
	tickets, basic := []string{"Desk.tickets.READ"}, []string{"Desk.basic.READ"}
	s.program("POST", "/internal/v1/tokens", fields{"method": "zoho-desk"}).want(200) // memory knows the token
	for _, c := range []struct {
		name, key string
		loans     []fields
		want      []string
	}{
		{
			"a permit for one scope", narrow,
			[]fields{{"method": "zoho-desk"}, {"method": "zoho-desk", "scopes": tickets}, {"method": "zoho-desk", "scopes": basic}},
			[]string{"loan_not_allowed", "lent", "loan_not_allowed"},
		},
		{
			"another tenant's key", foreign,
			[]fields{{"method": "zoho-desk"}, {"method": "zoho-desk", "tenant": "acme"}, {"method": "zoho-desk", "tenant": string(s.Tenant.ID)}, {"method": "zoho-desk", "tenant": "nobody"}},
			[]string{"not_found", "not_found", "not_found", "not_found"},
		},
		{
			"a key of the platform", operator,
			[]fields{{"method": "zoho-desk", "tenant": "acme"}, {"method": "zoho-desk", "tenant": "globex"}, {"method": "zoho-desk"}},
			[]string{"lent", "not_found", "invalid_request"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := s.batch(c.key, c.loans...)
			if got := codes(answer.results()); !slices.Equal(got, c.want) {
				t.Errorf("the results are %v, want %v", got, c.want)
			}
			for i, loan := range c.loans {
				if got := codeOf(s, c.key, loan); got != c.want[i] {
					t.Errorf("%v alone is %s, want %s", loan, got, c.want[i])
				}
			}
		})
	}
}

// codeOf is what a loan comes to that is asked for alone.
func codeOf(s *stack, key string, loan fields) string {
	s.t.Helper()
	answer := s.send(route.Internal, request(s.t, "POST", internalBase+"/internal/v1/tokens", key, loan))
	if answer.Status == 200 {
		return "lent"
	}
	return answer.text("code")
}

func TestAHundredLoansOfOneExpiredTokenCauseOneRefresh(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	attempt := s.Approve(t, "zoho-desk", authmethods.Production, ada)
	s.Expire(t, attempt.Connection)
	before := s.refreshes()
	tokens := map[any]int{}
	for _, each := range s.batch(s.borrower, slices.Repeat([]fields{{"method": "zoho-desk"}}, 100)...).results() {
		if code(each) != "lent" {
			t.Fatalf("refused: %v", each)
		}
		tokens[each["loan"].(fields)["access_token"]]++
	}
	if n := s.refreshes() - before; n != 1 || len(tokens) != 1 {
		t.Errorf("%d refreshes and %d different tokens, want one of each", n, len(tokens))
	}
	must(t, s.Lender.Flush(t.Context()))
	held := s.api("GET", "/loans", nil).want(200).json()["items"].([]any)
	if len(held) != 1 || held[0].(fields)["loans"] != 100.0 {
		t.Errorf("the ledger says %v, want 100 loans of one token", held)
	}
}

func TestABatchWithoutStorageIsRefusedItemByItem(t *testing.T) {
	s := newStack(t)
	s.connect()
	s.program("POST", "/internal/v1/tokens", fields{"method": "zoho-desk"}).want(200) // the key and the token are known
	must(t, s.DB.Close())
	results := s.batch(s.borrower, fields{"method": "zoho-desk"}, fields{"method": "zoho-desk", "subject": "ada"}).results()
	if got := codes(results); !slices.Equal(got, []string{"lent", "storage_unavailable"}) {
		t.Fatalf("the results are %v", results)
	}
	if p := results[1]["problem"].(fields); p["retryable"] != true || p["status"] != 503.0 {
		t.Errorf("the problem is %v", p)
	}
}

func TestWhoHoldsTheTokenIsNotToldItAgain(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	attempt := s.Approve(t, "zoho-desk", authmethods.Production, ada)
	ask := func(id string) reply {
		return s.program("POST", "/internal/v1/tokens", fields{"method": "zoho-desk", "if_token_id": id}).want(200)
	}
	first := ask("tok_other_1")
	if first.text("access_token") == "" || first.json()["not_modified"] != nil {
		t.Fatalf("for another token: %s", first.Body)
	}
	id := first.text("token_id")
	same := ask(id)
	got := same.json()
	if got["not_modified"] != true || got["token_id"] != id || got["expires_at"] != first.text("expires_at") || got["state"] != "active" || got["source"] != "memory" {
		t.Errorf("for the same token: %s", same.Body)
	}
	if len(got) != 6 || strings.Contains(same.Body, first.text("access_token")) {
		t.Errorf("the answer holds too much: %s", same.Body)
	}
	results := s.batch(s.borrower, fields{"method": "zoho-desk", "if_token_id": id}, fields{"method": "zoho-desk", "if_token_id": id + "x"}, fields{"method": "zoho-desk"}).results()
	for i, told := range []bool{false, true, true} {
		if loan := results[i]["loan"].(fields); (loan["access_token"] != nil) != told || (loan["not_modified"] == true) == told {
			t.Errorf("item %d: %v", i, loan)
		}
	}
	must(t, s.Lender.Flush(t.Context()))
	held := s.api("GET", "/loans", nil).want(200).json()["items"].([]any)
	if len(held) != 1 || held[0].(fields)["loans"] != 5.0 {
		t.Errorf("the ledger says %v, want 5 loans of one token", held)
	}

	s.Expire(t, attempt.Connection)
	replaced := ask(id)
	if replaced.text("access_token") == "" || replaced.text("token_id") == id || replaced.text("source") != "refreshed" {
		t.Errorf("after a refresh: %s", replaced.Body)
	}
}

func TestWhatCannotBeATokenIDIsRefused(t *testing.T) {
	s := newStack(t)
	for _, id := range []any{"", "tok_", "conn_" + anID, "tok_" + strings.Repeat("x", 61), "tok_é", "tok_a b", "tok_a\n", 7, nil} {
		refused := s.program("POST", "/internal/v1/tokens", fields{"method": "zoho-desk", "if_token_id": id}).want(400, "invalid_request")
		if !strings.Contains(refused.Body, `"/if_token_id"`) {
			t.Errorf("%v: %s", id, refused.Body)
		}
	}
	s.program("POST", "/internal/v1/tokens", fields{"method": "zoho-desk", "if_token_id": "tok_0123456789abcdef"}).want(404, "not_found")
}

func BenchmarkBatch(b *testing.B) {
	s := newStack(b)
	s.connect()
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			body, err := json.Marshal(fields{"loans": slices.Repeat([]fields{{"method": "zoho-desk"}}, n)})
			must(b, err)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				s.internal.ServeHTTP(w, request(b, "POST", internalBase+batchPath, s.borrower, string(body)))
				if w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
