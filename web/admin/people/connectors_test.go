package people_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
)

func (s *site) at(rest string) string { return "/sso/" + string(s.connector.ID) + rest }

func TestAConnectorIsMadeByAForm(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	method := s.method(t)
	asked := v.get("/sso/new").shows(t, http.StatusOK, "New SSO connector", s.origin+"/api/sso/login/")
	filled := []string{
		"name", "Desk team", "reference", "desk", "method", string(method.ID), "type", "oidc", "environment", "production", "admission", "mapped",
		"trusted_domains", "acme.fr\nacme.eu", "claim1", "email", "changes1", "trim", "changes1", "replace_domain", "from1", "acme.eu", "to1", "acme.fr", "field1", "user_name",
		"claim2", "sub", "field2", "external_id",
	}
	page := v.follow(v.submit(asked, "/sso/new", filled...)).shows(t, http.StatusOK, "Desk team is made", "put the domain acme.fr in place of acme.eu")
	if !strings.Contains(page.body, `value="`+s.origin+`/api/sso/login/desk"`) {
		t.Errorf("the SSO login URL is not shown: %s", page.text())
	}
	of, err := s.people().Connector(t.Context(), "desk")
	must(t, err)
	want := sso.Lookup{Claim: "email", Field: sso.ByUserName, Changes: []sso.Change{{Do: sso.Trim}, {Do: sso.ReplaceDomain, From: "acme.eu", To: "acme.fr"}}}
	if len(of.Rule.Lookups) != 2 || len(of.Rule.Lookups[0].Changes) != 2 || of.Rule.Lookups[0].Changes[1] != want.Changes[1] || of.Rule.Lookups[1].Field != sso.ByExternalID {
		t.Errorf("the rule is %+v", of.Rule)
	}
	if len(of.TrustedDomains) != 2 || of.Admission != sso.AnyoneMapped || of.Method != method.ID {
		t.Errorf("it is %+v", of)
	}
	v.get("/sso").shows(t, http.StatusOK, "Desk team", "desk", "Copy SSO login URL", "Test sign-in…", "2 connectors")
}

func (s *site) method(t *testing.T) authmethods.Method {
	t.Helper()
	in, err := s.Methods.For(s.Admin)
	must(t, err)
	m, err := in.Method(t.Context(), "zoho-desk")
	must(t, err)
	return m
}

func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	asked := v.get("/sso/new")
	wrong := v.submit(asked, "/sso/new", "name", "Kept", "reference", "oauth", "type", "oidc", "environment", "production", "admission", "associated",
		"method", string(s.method(t).ID), "claim2", "email", "changes2", "replace_domain", "to2", "not a domain", "field2", "user_name")
	wrong.shows(t, http.StatusUnprocessableEntity)
	for _, part := range []string{`id="f-reference-error"`, `id="f-to2-error"`, `value="Kept"`, `<title>Error:`} {
		if !strings.Contains(wrong.body, part) {
			t.Errorf("the page lacks %s: %s", part, wrong.text())
		}
	}
}

func TestAnEditKeepsWhatTheFormCannotShow(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	rule := sso.Rule{Lookups: []sso.Lookup{{Claim: "email", Field: sso.ByEmail, Changes: []sso.Change{{Do: sso.IgnoreCase}, {Do: sso.Trim}}}}}
	_, _, err := s.people().ChangeConnector(t.Context(), "zoho", 0, directory.ConnectorChange{Rule: &rule})
	must(t, err)
	asked := v.get(s.at("/edit")).shows(t, http.StatusOK, "The mapping rule stays as it is")
	v.follow(v.submit(asked, s.at("/edit"), "name", "Zoho EU", "type", "oidc", "environment", "production", "admission", "associated", "method", string(s.connector.Method))).
		shows(t, http.StatusOK, "Zoho EU")
	of, err := s.people().Connector(t.Context(), "zoho")
	must(t, err)
	if of.Name != "Zoho EU" || len(of.Rule.Lookups) != 1 || len(of.Rule.Lookups[0].Changes) != 2 || of.Rule.Lookups[0].Changes[0].Do != sso.IgnoreCase {
		t.Errorf("it became %+v", of)
	}
}

func TestOfTwoWhoEditAtOnceTheSecondIsTold(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	filled := []string{"type", "oidc", "environment", "production", "admission", "associated", "method", string(s.connector.Method), "claim1", "email", "field1", "user_name"}
	first, second := v.get(s.at("/edit")), v.get(s.at("/edit"))
	v.follow(v.submit(first, s.at("/edit"), append(filled, "name", "One")...))
	again := v.submit(second, s.at("/edit"), append(filled, "name", "Two")...).shows(t, http.StatusPreconditionFailed)
	v.follow(v.submit(again, s.at("/edit"), append(filled, "name", "Two")...)).shows(t, http.StatusOK, "Two")
}

func TestDisablingAsksAndDoes(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	asked := v.get(s.at("/disable")).shows(t, http.StatusOK, "Disable Zoho ?", "1 person is associated with it.")
	v.follow(v.submit(asked, s.at("/disable"))).shows(t, http.StatusOK, "Zoho is disabled. The sessions that began with it are over.", "Enable…")
	v.follow(v.submit(v.get(s.at("/enable")), s.at("/enable"))).shows(t, http.StatusOK, "Zoho is enabled.")
	v.follow(v.submit(v.get(s.at("/delete")), s.at("/delete"))).shows(t, http.StatusOK, "No SSO connectors yet")
	v.get(s.at("")).shows(t, http.StatusNotFound)
}

func TestTheTesterTellsTheWholeChain(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	s.user("marie.dupont@acme.fr")
	asked := v.get(s.at("/tester")).shows(t, http.StatusOK, "Nothing is changed, and nobody is signed in.")
	rule := []string{"claim1", "email", "changes1", "trim", "changes1", "ignore_case", "field1", "user_name", "for", "claims"}
	try := func(claims string, more ...string) answer {
		return v.submit(asked, s.at("/tester"), append(append(rule, "claims", claims), more...)...)
	}
	try(`{"email": " Marie.Dupont@ACME.fr ", "email_verified": true}`).shows(t, http.StatusOK, "This would sign in marie.dupont@acme.fr", "How it was judged")
	try(`{"email": "marie.dupond@acme.fr", "email_verified": true, "name": "Marie Dupond"}`).
		shows(t, http.StatusOK, "No account", "Who may be meant", "marie.dupont@acme.fr", "email m•••@acme.fr")
	try("not JSON").shows(t, http.StatusUnprocessableEntity, "This must be a JSON object")
	v.submit(asked, s.at("/tester"), append(rule[:8:8], "for", "last")...).shows(t, http.StatusUnprocessableEntity, "Nobody has signed in by this connector lately.")
}

func TestTheCheckSaysWhoIsReadyAndWhoWouldLoseAccess(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	for _, name := range []string{"marie@acme.fr", "paul"} {
		_, err := s.people().CreateUser(t.Context(), directory.NewUser{UserName: name, Email: strings.TrimSuffix(name, "@acme.fr") + "@acme.fr", Connectors: []authmethods.ID{s.connector.ID}})
		must(t, err)
	}
	checked := v.get(s.at("/check")).shows(t, http.StatusOK, "1 of 3 are ready", "No account 2", "paul")
	if strings.Contains(checked.text(), "would lose access") {
		t.Error("the saved rule takes access from nobody")
	}
	v.submit(checked, s.at("/check"), "from", "csv", "csv", "email\nmarie@acme.fr\nnobody@acme.fr").shows(t, http.StatusOK, "1 of 2 are ready", "nobody@acme.fr")
	tester := v.get(s.at("/tester"))
	token := strings.SplitN(strings.SplitN(tester.body, `action="`+s.at("/tester"), 2)[1], `value="`, 2)[1]
	form := map[string][]string{"csrf": {token[:strings.Index(token, `"`)]}, "claim1": {"email"}, "field1": {"external_id"}}
	lost := v.send(http.MethodPost, s.at("/check"), form, "Origin", s.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html")
	lost.shows(t, http.StatusOK, "0 of 3 are ready", "One person would lose access", "marie@acme.fr")
	v.submit(lost, s.at("/check"), "from", "users").shows(t, http.StatusOK, "One person would lose access")
}

func TestPeopleAreAssociatedInBulk(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	for _, name := range []string{"marie@acme.fr", "paul@acme.fr"} {
		_, err := s.people().CreateUser(t.Context(), directory.NewUser{UserName: name})
		must(t, err)
	}
	asked := v.get(s.at("/people"))
	v.submit(asked, s.at("/people"), "users", "marie@acme.fr\nnobody@acme.fr").shows(t, http.StatusUnprocessableEntity, "There are no such users: nobody@acme.fr. Nobody was associated.")
	done := v.follow(v.submit(asked, s.at("/people"), "users", "marie@acme.fr\r\n paul@acme.fr ")).shows(t, http.StatusOK, "Associated with Zoho: 2.", "paul@acme.fr")
	u, err := s.people().User(t.Context(), "paul@acme.fr")
	must(t, err)
	v.follow(v.submit(done, s.at("/people/remove"), "user", string(u.ID))).shows(t, http.StatusOK, "Dissociated from Zoho: 1.")
	if u, err = s.people().User(t.Context(), "paul@acme.fr"); err != nil || len(u.Connectors) != 0 {
		t.Errorf("paul still has %v, %v", u.Connectors, err)
	}
}

func TestARefusedSignInIsMendedByItsCode(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	refused := s.visitor().signIn("/api/sso/login/zoho", "ada@example.eu")
	code := refused.to(s)[len("/error/"):]
	if i := strings.IndexByte(code, '?'); i >= 0 {
		code = code[:i]
	}
	attempt := v.get("/sso/sign-ins/"+code).shows(t, http.StatusOK, "Sign-in "+code, "Refused", "Make a user for this account", "What to do")
	attempt.shows(t, http.StatusOK, "email a•••@example.eu", "at_hash (text)")
	s1, err := s.SignIn.Find(t.Context(), s.Admin, code)
	must(t, err)
	at := "/sso/sign-ins/" + string(s1.ID)
	v.submit(attempt, at+"/link", "user", "nobody").shows(t, http.StatusUnprocessableEntity, "There is no such user.")
	v.follow(v.submit(attempt, at+"/create")).shows(t, http.StatusOK, "can sign in now")
	again := s.visitor().signIn("/api/sso/login/zoho", "ada@example.eu")
	if strings.HasPrefix(again.to(s), "/error/") {
		t.Errorf("the sign-in still leads to %s", again.to(s))
	}
	v.get(s.at("/sign-ins")).shows(t, http.StatusOK, "Went to the provider", "Signed in", "Refused", code)
	v.get("/sso").shows(t, http.StatusOK, "2 sign-ins", "50% succeeded")
}

func TestAssociatingFromTheAttempt(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	_, err := s.people().CreateUser(t.Context(), directory.NewUser{UserName: "ada@example.eu"})
	must(t, err)
	s.visitor().signIn("/api/sso/login/zoho", "ada@example.eu")
	past, err := s.SignIn.List(t.Context(), s.Admin, sso.SignInQuery{Limit: 1})
	must(t, err)
	at := "/sso/sign-ins/" + string(past[0].ID)
	attempt := v.get(at).shows(t, http.StatusOK, "Associate ada@example.eu with this connector")
	v.follow(v.submit(attempt, at+"/associate")).shows(t, http.StatusOK, "ada@example.eu can sign in now")
	if again := s.visitor().signIn("/api/sso/login/zoho", "ada@example.eu"); strings.HasPrefix(again.to(s), "/error/") {
		t.Errorf("the sign-in still leads to %s", again.to(s))
	}
	v.submit(v.get(s.at("/tester")), s.at("/tester"), "for", "last", "claim1", "email", "field1", "user_name").shows(t, http.StatusOK, "This would sign in ada@example.eu")
}
