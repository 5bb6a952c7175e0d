package people_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/pages"
)

func TestAConnectorIsMadeByAForm(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	m := method(s)
	asked := v.Get("/sso/new").Shows(http.StatusOK, "New SSO connector", s.Origin+"/api/sso/login/")
	filled := []string{
		"name", "Desk team", "reference", "desk", "method", string(m.ID), "type", "oidc", "environment", "production", "admission", "mapped",
		"trusted_domains", "acme.fr\nacme.eu", "claim1", "email", "changes1", "trim", "changes1", "replace_domain", "from1", "acme.eu", "to1", "acme.fr", "field1", "user_name",
		"claim2", "sub", "field2", "external_id",
	}
	page := v.Follow(v.Submit(asked, "/sso/new", filled...)).Shows(http.StatusOK, "Desk team is made", "put the domain acme.fr in place of acme.eu")
	if !strings.Contains(page.Body, `value="`+s.Origin+`/api/sso/login/desk"`) {
		t.Errorf("the SSO login URL is not shown: %s", page.Text())
	}
	of, err := s.People().Connector(t.Context(), "desk")
	must(t, err)
	want := sso.Lookup{Claim: "email", Field: sso.ByUserName, Changes: []sso.Change{{Do: sso.Trim}, {Do: sso.ReplaceDomain, From: "acme.eu", To: "acme.fr"}}}
	if len(of.Rule.Lookups) != 2 || len(of.Rule.Lookups[0].Changes) != 2 || of.Rule.Lookups[0].Changes[1] != want.Changes[1] || of.Rule.Lookups[1].Field != sso.ByExternalID {
		t.Errorf("the rule is %+v", of.Rule)
	}
	if len(of.TrustedDomains) != 2 || of.Admission != sso.AnyoneMapped || of.Method != m.ID {
		t.Errorf("it is %+v", of)
	}
	v.Get("/sso").Shows(http.StatusOK, "Desk team", "desk", "Copy SSO login URL", "Test sign-in…", "2 connectors")
}

func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	asked := v.Get("/sso/new")
	wrong := v.Submit(asked, "/sso/new", "name", "Kept", "reference", "oauth", "type", "oidc", "environment", "production", "admission", "associated",
		"method", string(method(s).ID), "claim2", "email", "changes2", "replace_domain", "to2", "not a domain", "field2", "user_name")
	wrong.Shows(http.StatusUnprocessableEntity)
	for _, part := range []string{`id="f-reference-error"`, `id="f-to2-error"`, `value="Kept"`, `<title>Error:`} {
		if !strings.Contains(wrong.Body, part) {
			t.Errorf("the page lacks %s: %s", part, wrong.Text())
		}
	}
}

func TestAnEditKeepsWhatTheFormCannotShow(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	rule := sso.Rule{Lookups: []sso.Lookup{{Claim: "email", Field: sso.ByEmail, Changes: []sso.Change{{Do: sso.IgnoreCase}, {Do: sso.Trim}}}}}
	_, _, err := s.People().ChangeConnector(t.Context(), "zoho", 0, directory.ConnectorChange{Rule: &rule})
	must(t, err)
	asked := v.Get(zoho(s, "/edit")).Shows(http.StatusOK, "The mapping rule stays as it is")
	v.Follow(v.Submit(asked, zoho(s, "/edit"), "name", "Zoho EU", "type", "oidc", "environment", "production", "admission", "associated", "method", string(s.Connector.Method))).
		Shows(http.StatusOK, "Zoho EU")
	of, err := s.People().Connector(t.Context(), "zoho")
	must(t, err)
	if of.Name != "Zoho EU" || len(of.Rule.Lookups) != 1 || len(of.Rule.Lookups[0].Changes) != 2 || of.Rule.Lookups[0].Changes[0].Do != sso.IgnoreCase {
		t.Errorf("it became %+v", of)
	}
}

func TestOfTwoWhoEditAtOnceTheSecondIsTold(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	filled := []string{"type", "oidc", "environment", "production", "admission", "associated", "method", string(s.Connector.Method), "claim1", "email", "field1", "user_name"}
	first, second := v.Get(zoho(s, "/edit")), v.Get(zoho(s, "/edit"))
	v.Follow(v.Submit(first, zoho(s, "/edit"), append(filled, "name", "One")...))
	again := v.Submit(second, zoho(s, "/edit"), append(filled, "name", "Two")...).Shows(http.StatusPreconditionFailed)
	v.Follow(v.Submit(again, zoho(s, "/edit"), append(filled, "name", "Two")...)).Shows(http.StatusOK, "Two")
}

func TestDisablingAsksAndDoes(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	asked := v.Get(zoho(s, "/disable")).Shows(http.StatusOK, "Disable Zoho ?", "1 person is associated with it.")
	v.Follow(v.Submit(asked, zoho(s, "/disable"))).Shows(http.StatusOK, "Zoho is disabled. The sessions that began with it are over.", "Enable…")
	v.Follow(v.Submit(v.Get(zoho(s, "/enable")), zoho(s, "/enable"))).Shows(http.StatusOK, "Zoho is enabled.")
	v.Follow(v.Submit(v.Get(zoho(s, "/delete")), zoho(s, "/delete"))).Shows(http.StatusOK, "No SSO connectors yet")
	v.Get(zoho(s, "")).Shows(http.StatusNotFound)
}

func TestTheTesterTellsTheWholeChain(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	s.User("marie.dupont@acme.fr")
	asked := v.Get(zoho(s, "/tester")).Shows(http.StatusOK, "Nothing is changed, and nobody is signed in.")
	rule := []string{"claim1", "email", "changes1", "trim", "changes1", "ignore_case", "field1", "user_name", "for", "claims"}
	try := func(claims string, more ...string) pages.Answer {
		return v.Submit(asked, zoho(s, "/tester"), append(append(rule, "claims", claims), more...)...)
	}
	try(`{"email": " Marie.Dupont@ACME.fr ", "email_verified": true}`).Shows(http.StatusOK, "This would sign in marie.dupont@acme.fr", "How it was judged")
	try(`{"email": "marie.dupond@acme.fr", "email_verified": true, "name": "Marie Dupond"}`).
		Shows(http.StatusOK, "No account", "Who may be meant", "marie.dupont@acme.fr", "email m•••@acme.fr")
	try("not JSON").Shows(http.StatusUnprocessableEntity, "This must be a JSON object")
	v.Submit(asked, zoho(s, "/tester"), append(rule[:8:8], "for", "last")...).Shows(http.StatusUnprocessableEntity, "Nobody has signed in by this connector lately.")
}

func TestTheCheckSaysWhoIsReadyAndWhoWouldLoseAccess(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	for _, name := range []string{"marie@acme.fr", "paul"} {
		_, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: name, Email: strings.TrimSuffix(name, "@acme.fr") + "@acme.fr", Connectors: []authmethods.ID{s.Connector.ID}})
		must(t, err)
	}
	checked := v.Get(zoho(s, "/check")).Shows(http.StatusOK, "1 of 3 are ready", "No account 2", "paul")
	if strings.Contains(checked.Text(), "would lose access") {
		t.Error("the saved rule takes access from nobody")
	}
	v.Submit(checked, zoho(s, "/check"), "from", "csv", "csv", "email\nmarie@acme.fr\nnobody@acme.fr").Shows(http.StatusOK, "1 of 2 are ready", "nobody@acme.fr")
	tester := v.Get(zoho(s, "/tester"))
	form := map[string][]string{"csrf": {tester.Token(zoho(s, "/tester"))}, "claim1": {"email"}, "field1": {"external_id"}}
	lost := v.Post(zoho(s, "/check"), form)
	lost.Shows(http.StatusOK, "0 of 3 are ready", "One person would lose access", "marie@acme.fr")
	v.Submit(lost, zoho(s, "/check"), "from", "users").Shows(http.StatusOK, "One person would lose access")
}

func TestPeopleAreAssociatedInBulk(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	for _, name := range []string{"marie@acme.fr", "paul@acme.fr"} {
		_, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: name})
		must(t, err)
	}
	asked := v.Get(zoho(s, "/people"))
	v.Submit(asked, zoho(s, "/people"), "users", "marie@acme.fr\nnobody@acme.fr").Shows(http.StatusUnprocessableEntity, "There are no such users: nobody@acme.fr. Nobody was associated.")
	done := v.Follow(v.Submit(asked, zoho(s, "/people"), "users", "marie@acme.fr\r\n paul@acme.fr ")).Shows(http.StatusOK, "Associated with Zoho: 2.", "paul@acme.fr")
	u, err := s.People().User(t.Context(), "paul@acme.fr")
	must(t, err)
	v.Follow(v.Submit(done, zoho(s, "/people/remove"), "user", string(u.ID))).Shows(http.StatusOK, "Dissociated from Zoho: 1.")
	if u, err = s.People().User(t.Context(), "paul@acme.fr"); err != nil || len(u.Connectors) != 0 {
		t.Errorf("paul still has %v, %v", u.Connectors, err)
	}
}

func TestARefusedSignInIsMendedByItsCode(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	refused := s.Visitor(t).SignIn("ada@example.eu")
	code := refused.To()[len("/error/"):]
	if i := strings.IndexByte(code, '?'); i >= 0 {
		code = code[:i]
	}
	attempt := v.Get("/sso/sign-ins/"+code).Shows(http.StatusOK, "Sign-in "+code, "Refused", "Make a user for this account", "What to do")
	attempt.Shows(http.StatusOK, "email a•••@example.eu", "at_hash (text)")
	s1, err := s.SignIn.Find(t.Context(), s.Admin, code)
	must(t, err)
	at := "/sso/sign-ins/" + string(s1.ID)
	v.Submit(attempt, at+"/link", "user", "nobody").Shows(http.StatusUnprocessableEntity, "There is no such user.")
	v.Follow(v.Submit(attempt, at+"/create")).Shows(http.StatusOK, "can sign in now")
	again := s.Visitor(t).SignIn("ada@example.eu")
	if strings.HasPrefix(again.To(), "/error/") {
		t.Errorf("the sign-in still leads to %s", again.To())
	}
	v.Get(zoho(s, "/sign-ins")).Shows(http.StatusOK, "Went to the provider", "Signed in", "Refused", code)
	v.Get("/sso").Shows(http.StatusOK, "2 sign-ins", "50% succeeded")
}

func TestAssociatingFromTheAttempt(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	_, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: "ada@example.eu"})
	must(t, err)
	s.Visitor(t).SignIn("ada@example.eu")
	past, err := s.SignIn.List(t.Context(), s.Admin, sso.SignInQuery{Limit: 1})
	must(t, err)
	at := "/sso/sign-ins/" + string(past[0].ID)
	attempt := v.Get(at).Shows(http.StatusOK, "Associate ada@example.eu with this connector")
	v.Follow(v.Submit(attempt, at+"/associate")).Shows(http.StatusOK, "ada@example.eu can sign in now")
	if again := s.Visitor(t).SignIn("ada@example.eu"); strings.HasPrefix(again.To(), "/error/") {
		t.Errorf("the sign-in still leads to %s", again.To())
	}
	v.Submit(v.Get(zoho(s, "/tester")), zoho(s, "/tester"), "for", "last", "claim1", "email", "field1", "user_name").Shows(http.StatusOK, "This would sign in ada@example.eu")
}
