package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
)

func TestAUserIsMadeChangedAndDeleted(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	zoho := s.connector(t, "zoho")
	made := s.api("POST", "/users", map[string]any{
		"user_name": "Marie.Dupont", "email": "marie@acme.example", "language": "fr", "roles": []string{"user"}, "connectors": []string{"zoho"},
	}).want(201)
	id := made.text("id")
	if made.Header.Get("ETag") != `"1"` || made.Header.Get("Location") != "/api/v1/users/"+id {
		t.Errorf("headers of a new user: %v", made.Header)
	}
	if got := fmt.Sprint(made.json()["connectors"]); got != "["+string(zoho.ID)+"]" {
		t.Errorf("connectors: %s", got)
	}
	if got := s.api("GET", "/users/marie.dupont", nil).want(200).text("id"); got != id {
		t.Errorf("by name it is %s", got)
	}
	s.api("POST", "/users", `{"user_name":"MARIE.dupont"}`).want(409, "conflict")

	patch := func(body string, headers ...string) reply { return s.api("PATCH", "/users/"+id, body, headers...) }
	changed := patch(`{"display_name":"Marie D.","email":null}`, "If-Match", `"1"`).want(200)
	if changed.text("display_name") != "Marie D." || changed.text("email") != "" || changed.Header.Get("ETag") == `"1"` {
		t.Errorf("after the patch: %s", changed.Body)
	}
	patch(`{"theme":"dark"}`, "If-Match", `"1"`).want(412, "changed_meanwhile")
	for body, want := range map[string]string{
		`{"user_name":null}`: "/user_name", `{"language":"de"}`: "/language", `{"roles":["user"]}`: "/roles",
		`{"disabled":null}`: "/disabled", `{"email":"nobody"}`: "/email", `{"rev":1}`: "/rev",
	} {
		if got := patch(body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
	s.api("POST", "/users/"+id+"/roles", `{"roles":["nobody-has-this"]}`).want(400)
	if got := fmt.Sprint(s.api("POST", "/users/"+id+"/roles", `{"roles":["auditor","user"]}`).want(200).json()["roles"]); got != "[auditor user]" {
		t.Errorf("roles: %s", got)
	}
	s.api("DELETE", "/users/"+id, nil, "If-Match", `"1"`).want(412, "changed_meanwhile")
	s.api("DELETE", "/users/"+id, nil).want(204)
	s.api("GET", "/users/"+id, nil).want(404, "not_found")
	s.api("POST", "/users", `{"user_name":"marie.dupont"}`).want(409, "conflict")
}

func TestFaultsOfANewUserAreNamedAtOnce(t *testing.T) {
	s := newStack(t)
	for body, want := range map[string]string{
		`{}`: "/user_name",
		`{"user_name":"x","language":"de","theme":"pink","invited":1,"id":"usr_1"}`: "/language /theme /invited /id",
		`{"user_name":"x","connectors":["nowhere"]}`:                                "/connectors/0",
		`{"user_name":"a b","email":"x"}`:                                           "/user_name /email",
		`{"user_name":"x","roles":["chief"]}`:                                       "/roles",
	} {
		if got := s.api("POST", "/users", body).pointers(); got != want {
			t.Errorf("%s: faults at %q, want %q", body, got, want)
		}
	}
}

func TestUsersAreFound(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	zoho := s.connector(t, "zoho")
	marie, paul, eve := s.member(t, "marie", "user"), s.member(t, "paul", "auditor"), s.member(t, "eve")
	s.api("PATCH", "/users/"+string(eve.ID), `{"disabled":true,"display_name":"Ève Martin"}`).want(200)
	s.api("POST", "/users/"+string(paul.ID)+"/connectors", `{"connector":"zoho"}`).want(200)
	for query, want := range map[string][]authmethods.ID{
		"":                             {marie.ID, paul.ID, eve.ID},
		"text=MAR":                     {marie.ID, eve.ID},
		"text=" + url.QueryEscape("%"): nil,
		"role=auditor":                 {paul.ID},
		"connector=zoho":               {paul.ID},
		"connector=" + string(zoho.ID): {paul.ID},
		"disabled=true":                {eve.ID},
		"disabled=false":               {marie.ID, paul.ID},
	} {
		var ids []string
		for _, id := range want {
			ids = append(ids, string(id))
		}
		if got := s.api("GET", "/users?"+query, nil).ids(); got != strings.Join(ids, " ") {
			t.Errorf("%s finds %s", query, got)
		}
	}
	for _, bad := range []string{"disabled=1", "connector=nowhere"} {
		if got := s.api("GET", "/users?"+bad, nil).Status; got != 400 && got != 404 {
			t.Errorf("%s: %d", bad, got)
		}
	}
	first := s.api("GET", "/users?limit=2", nil).want(200)
	rest := s.api("GET", "/users?limit=2&cursor="+first.text("next_cursor"), nil)
	if rest.ids() != string(eve.ID) || rest.text("next_cursor") != "" {
		t.Errorf("the second page: %s", rest.Body)
	}
}

func TestPeopleAreImportedAllOrNone(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	send := func(query, list string, headers ...string) reply {
		return s.api("POST", "/users/import"+query, list, append([]string{"Content-Type", "text/csv"}, headers...)...)
	}
	const good = "user_name,email,roles,connectors\nmarie,marie@acme.example,user,zoho\npaul,,auditor user,\n"
	dry := send("?dry_run=true", good).want(200).json()
	if dry["dry_run"] != true || dry["created"] != 2.0 || s.api("GET", "/users", nil).ids() != "" {
		t.Fatalf("the dry run: %v", dry)
	}
	const bad = good + "eve,nobody,,\nadam,,chief,\n"
	if rows := send("?dry_run=true", bad).want(200).json(); rows["refused"] != 2.0 {
		t.Errorf("a dry run of a list with faults: %v", rows)
	}
	if got := send("", bad).pointers(); got != "/4 /5" || s.api("GET", "/users", nil).ids() != "" {
		t.Errorf("faults at %s; people: %s", got, s.api("GET", "/users", nil).Body)
	}
	if done := send("", good).want(200).json(); done["dry_run"] != false || done["created"] != 2.0 {
		t.Errorf("the import: %v", done)
	}
	if again := send("", good).want(200).json(); again["unchanged"] != 2.0 {
		t.Errorf("the same once more: %v", again)
	}
	export := s.api("GET", "/users/export", nil).want(200)
	if media := export.Header.Get("Content-Type"); media != "text/csv; charset=utf-8" || !strings.Contains(export.Body, "marie,marie@acme.example,marie,,user,zoho\n") {
		t.Errorf("the export, %s: %s", media, export.Body)
	}
	send("", "colour\nred\n").want(400, "invalid_request")
	send("", "").want(400, "invalid_request")
	send("?dry_run=perhaps", good).want(400, "invalid_request")
	send("", good, "Content-Type", "application/json").want(400, "invalid_request")
	send("", strings.Repeat("x", 2<<20+1)).want(413, "request_too_large")
}

func TestAnIdentityIsPinnedAndUnpinned(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.connector(t, "zoho")
	s.member(t, "marie")
	s.member(t, "paul")
	account := map[string]any{"connector": "zoho", "issuer": "https://accounts.zoho.eu", "subject": "4711"}
	pinned := s.api("POST", "/users/marie/identities", account).want(201)
	if pinned.json()["by_hand"] != true || s.api("GET", "/users/marie/identities", nil).ids() != pinned.text("id") {
		t.Errorf("pinned: %s", pinned.Body)
	}
	s.api("POST", "/users/paul/identities", account).want(409, "conflict")
	if got := s.api("POST", "/users/paul/identities", `{"connector":"nowhere","issuer":"https://a.example","subject":"1"}`).pointers(); got != "/connector" {
		t.Errorf("faults at %s", got)
	}
	if got := s.api("POST", "/users/paul/identities", `{"subject":"é"}`).pointers(); got != "/connector /issuer" {
		t.Errorf("faults at %s", got)
	}
	s.api("DELETE", "/users/paul/identities/"+pinned.text("id"), nil).want(404, "not_found")
	s.api("DELETE", "/users/marie/identities/"+pinned.text("id"), nil).want(204)
	if got := s.api("GET", "/users/marie/identities", nil).ids(); got != "" {
		t.Errorf("still pinned: %s", got)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	s := newStack(t)
	marie := s.signedIn(t, "marie", sso.RoleWorkspaceAdmin)
	elsewhere := s.signIn(t, marie.user)
	paul := s.signedIn(t, "paul", sso.RoleWorkspaceAdmin)
	items := marie.api("GET", "/users/marie/sessions", nil).want(200).json()["items"].([]any)
	if len(items) != 2 {
		t.Fatalf("%d sessions", len(items))
	}
	var other string
	for _, each := range items {
		if one := each.(map[string]any); one["current"] == false {
			other = one["id"].(string)
		}
	}
	s.api("DELETE", "/users/paul/sessions/"+other, nil).want(404, "not_found")
	s.api("DELETE", "/users/marie/sessions/"+other, nil).want(204)
	s.api("DELETE", "/users/marie/sessions/"+other, nil).want(404, "not_found")
	elsewhere.api("GET", "/users", nil).want(401)
	marie.api("GET", "/users", nil).want(200)
	s.api("DELETE", "/users/marie/sessions", nil).want(204)
	marie.api("GET", "/users", nil).want(401)
	paul.api("GET", "/users", nil).want(200)
}
