package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestARefusedSignInIsFoundByItsCodeAndLinked(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	zoho := s.connector(t, "zoho")
	marie := s.member(t, "marie")
	s.api("POST", "/users/marie/connectors", `{"connector":"zoho"}`).want(200)
	s.comesBack(t, "zoho", "ada@example.eu")

	listed := s.api("GET", "/sign-ins", nil).want(200).json()["items"].([]any)
	if len(listed) != 1 {
		t.Fatalf("%d sign-ins", len(listed))
	}
	one := listed[0].(map[string]any)
	code := one["reference_code"].(string)
	if one["outcome"] != "refused" || one["code"] != "no_matching_user" || one["claims"] != nil || one["trace"] != nil {
		t.Errorf("in the list: %v", one)
	}
	for _, ref := range []string{one["id"].(string), code, strings.ToLower(strings.ReplaceAll(code, "-", ""))} {
		shown := s.api("GET", "/sign-ins/"+ref, nil).want(200)
		claims := fmt.Sprint(shown.json()["claims"])
		if shown.text("id") != one["id"] || strings.Contains(claims, "ada@") || !strings.Contains(claims, "a•••@example.eu") || shown.json()["trace"] == nil {
			t.Errorf("by %s: %s", ref, shown.Body)
		}
	}
	again := s.api("POST", "/sso-connectors/zoho/mapping-test", `{"sign_in":"`+code+`"}`).want(200)
	if again.text("code") != "no_matching_user" || again.json()["subject"] == nil {
		t.Errorf("tried once more: %s", again.Body)
	}

	if got := s.api("POST", "/sign-ins/"+code+"/link", `{"user":"nobody"}`).pointers(); got != "/user" {
		t.Errorf("faults at %s", got)
	}
	linked := s.api("POST", "/sign-ins/"+code+"/link", `{"user":"marie"}`).want(201)
	if linked.json()["by_hand"] != true || linked.text("connector") != string(zoho.ID) || linked.text("subject") != "20060000001" {
		t.Errorf("linked: %s", linked.Body)
	}
	s.api("POST", "/sign-ins/"+code+"/link", `{"user":"marie"}`).want(409, "conflict")
	s.comesBack(t, "zoho", "ada@example.eu").want(303)
	newest := s.api("GET", "/sign-ins?limit=1", nil).want(200).json()["items"].([]any)[0].(map[string]any)
	if newest["outcome"] != "signed_in" || newest["user"] != string(marie.ID) {
		t.Errorf("after the link: %v", newest)
	}
	s.filters(t, marie.ID, newest["id"], one["id"])
}

// filters holds lists of the two sign-ins there are against what was asked for.
func (s *stack) filters(t *testing.T, marie, newer, older any) {
	t.Helper()
	both := fmt.Sprintf("%v %v", newer, older)
	for query, want := range map[string]any{
		"": both, "connector=zoho": both, "outcome=signed_in": newer, "outcome=refused": older, "code=no_matching_user": older,
		"user=marie": newer, fmt.Sprintf("user=%v", marie): newer, "outcome=pending": "",
		"since=" + url.QueryEscape(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)): "",
	} {
		if got := s.api("GET", "/sign-ins?"+query, nil).ids(); got != want {
			t.Errorf("%q finds %s, want %v", query, got, want)
		}
	}
	first := s.api("GET", "/sign-ins?limit=1", nil).want(200)
	if got := s.api("GET", "/sign-ins?limit=1&cursor="+first.text("next_cursor"), nil).ids(); got != older {
		t.Errorf("the second page has %s", got)
	}
	for _, bad := range []string{"outcome=lost", "since=yesterday", "cursor=x", "limit=0", "colour=red"} {
		s.api("GET", "/sign-ins?"+bad, nil).want(400, "invalid_request")
	}
	must(t, s.SignIn.Flush(t.Context()))
	funnel := s.api("GET", "/sso-connectors/zoho/funnel", nil).want(200).json()
	if funnel["started"] != 2.0 || funnel["returned"] != 2.0 || funnel["matched"] != 1.0 || funnel["signed_in"] != 1.0 {
		t.Errorf("the funnel: %v", funnel)
	}
	s.api("GET", "/sso-connectors/zoho/funnel?since=tomorrow", nil).want(400, "invalid_request")
}

func TestASignInThatProvedNothingIsLinkedToNobody(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	s.member(t, "marie")
	b := s.browser()
	begun := b.send("GET", origin+"/api/sso/login/zoho", nil).want(303)
	asked, err := url.Parse(begun.Header.Get("Location"))
	must(t, err)
	b.send("GET", origin+"/api/sso/login/oauth/callback?error=access_denied&state="+url.QueryEscape(asked.Query().Get("state")), nil)
	listed := s.api("GET", "/sign-ins?code=sign_in_declined", nil).want(200).json()["items"].([]any)
	if len(listed) != 1 {
		t.Fatalf("sign-ins: %v", listed)
	}
	s.api("POST", "/sign-ins/"+listed[0].(map[string]any)["id"].(string)+"/link", `{"user":"marie"}`).want(409, "conflict")
}
