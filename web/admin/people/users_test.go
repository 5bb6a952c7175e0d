package people_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
)

func card(u sso.User) string { return "/users/" + string(u.ID) }

func TestTheListIsNarrowed(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	s.user("marie@acme.fr", sso.RoleHelpDesk)
	for _, name := range []string{"paul@acme.fr", "pia@acme.fr"} {
		_, err := s.people().CreateUser(t.Context(), directory.NewUser{UserName: name})
		must(t, err)
	}
	v.get("/users").shows(t, http.StatusOK, "marie@acme.fr", "Help desk", "paul@acme.fr", "New user", "Export as CSV")
	for query, want := range map[string]string{"role=help-desk": "marie@acme.fr", "connector=" + string(s.connector.ID): "marie@acme.fr", "text=paul": "paul@acme.fr", "disabled=true": "Nobody matches"} {
		a := v.get("/users?"+query).shows(t, http.StatusOK, want)
		if strings.Contains(a.text(), "pia@acme.fr") {
			t.Errorf("%s does not narrow the list: %s", query, a.text())
		}
	}
	first := v.get("/users?limit=2").shows(t, http.StatusOK, "2 shown", "Next")
	next := first.body[strings.Index(first.body, `rel="next" href="`)+len(`rel="next" href="`):]
	v.get(strings.ReplaceAll(next[:strings.Index(next, `"`)], "&amp;", "&")).shows(t, http.StatusOK, "pia@acme.fr")
	v.get("/users/export").shows(t, http.StatusOK, "marie@acme.fr")
}

func TestAUserIsMadeAndInvited(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	asked := v.get("/users/new").shows(t, http.StatusOK, "New user", "Workspace admin")
	v.submit(asked, "/users/new", "user_name", "", "email", "no address").shows(t, http.StatusUnprocessableEntity)
	invite := v.follow(v.submit(asked, "/users/new", "user_name", "marie@acme.fr", "email", "marie@acme.fr", "display_name", "Marie Dupont", "roles", "help-desk",
		"connectors", string(s.connector.ID), "invite", "yes")).shows(t, http.StatusOK, "Invite marie@acme.fr ?")
	u, err := s.people().User(t.Context(), "marie@acme.fr")
	must(t, err)
	sent := v.submit(invite, card(u)+"/invite").shows(t, http.StatusOK, "Invitation for marie@acme.fr")
	if !strings.Contains(sent.body, s.origin+"/invitations/") {
		t.Errorf("the link is not shown: %s", sent.text())
	}
	if again := v.get(card(u)); strings.Contains(again.body, "/invitations/") {
		t.Error("the link is shown a second time")
	}
	v.get(card(u)).shows(t, http.StatusOK, "Marie Dupont", "Invited", "With Zoho this person must sign in as marie@acme.fr")
}

func TestACardIsChanged(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	u, err := s.people().CreateUser(t.Context(), directory.NewUser{UserName: "marie@acme.fr", Roles: []string{sso.RoleUser}})
	must(t, err)
	at := card(u)
	v.follow(v.submit(v.get(at), at, "user_name", "marie@acme.fr", "display_name", "Marie", "email", "m@acme.fr")).shows(t, http.StatusOK, "marie@acme.fr is saved.", "Marie")
	v.submit(v.get(at), at, "user_name", "ada@acme.fr").shows(t, http.StatusUnprocessableEntity, "There is a user named")
	v.follow(v.submit(v.get(at), at+"/roles", "roles", "auditor", "roles", "help-desk")).shows(t, http.StatusOK, "marie@acme.fr is saved.")
	v.follow(v.submit(v.get(at), at+"/connectors", "connector", string(s.connector.ID))).shows(t, http.StatusOK, "With Zoho this person must sign in as marie@acme.fr")
	u, err = s.people().User(t.Context(), "marie@acme.fr")
	must(t, err)
	if len(u.Roles) != 2 || u.Email != "m@acme.fr" || len(u.Connectors) != 1 {
		t.Errorf("the user is %+v", u)
	}
	remove := at + "/connectors/" + string(s.connector.ID) + "/remove"
	v.follow(v.submit(v.get(remove), remove)).shows(t, http.StatusOK, "No connector is on this card.")
	marie := s.as(u)
	marie.get("/account").shows(t, http.StatusOK)
	v.follow(v.submit(v.get(at+"/sign-out").shows(t, http.StatusOK, "Sign marie@acme.fr out everywhere?"), at+"/sign-out")).shows(t, http.StatusOK, "Nowhere at the moment.")
	if a := marie.get("/account"); a.StatusCode == http.StatusOK {
		t.Error("Marie is still signed in")
	}
	v.follow(v.submit(v.get(at+"/disable"), at+"/disable")).shows(t, http.StatusOK, "marie@acme.fr is disabled")
	v.follow(v.submit(v.get(at+"/enable"), at+"/enable")).shows(t, http.StatusOK, "marie@acme.fr is enabled")
	v.follow(v.submit(v.get(at+"/delete"), at+"/delete")).shows(t, http.StatusOK, "marie@acme.fr is deleted.")
	v.get(at).shows(t, http.StatusNotFound)
}

func TestAPinnedAccountIsShownAndUnpinned(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	u := s.user("ada@example.eu")
	s.visitor().signIn("/api/sso/login/zoho", "ada@example.eu")
	page := v.get(card(u)).shows(t, http.StatusOK, "The account is pinned.", "pinned on")
	_, rest, ok := strings.Cut(page.body, `href="`+card(u)+"/accounts/")
	if !ok {
		t.Fatalf("there is no way to unpin: %s", page.text())
	}
	at := card(u) + "/accounts/" + rest[:strings.Index(rest, `"`)]
	v.follow(v.submit(v.get(at).shows(t, http.StatusOK, "Unpin this account"), at)).shows(t, http.StatusOK, "None. The first sign-in pins the account.")
}

func TestAnImportIsTriedFirst(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	asked := v.get("/users/import")
	v.submit(asked, "/users/import").shows(t, http.StatusUnprocessableEntity, "Choose a file, or paste a list.")
	bad := v.submit(asked, "/users/import", "list", "user_name,roles\nmarie@acme.fr,nothing-known\npaul@acme.fr,user\n").shows(t, http.StatusOK, "Refused 1", "Nothing can be imported while a line is refused.")
	if strings.Contains(bad.body, `name="go"`) {
		t.Error("a list with a refused line can be imported")
	}
	list := "user_name,display_name\nmarie@acme.fr,Marie <b>\npaul@acme.fr,Paul\n"
	tried := v.submit(asked, "/users/import", "list", list).shows(t, http.StatusOK, "To create 2", "Import 2 users")
	if _, err := s.people().User(t.Context(), "paul@acme.fr"); authmethods.KindOf(err) != authmethods.NotFound {
		t.Errorf("the trial made a user: %v", err)
	}
	v.follow(v.submit(tried, "/users/import", "list", list, "go", "yes")).shows(t, http.StatusOK, "Imported: 2 created, 0 changed.", "Marie <b>")
}

func TestARoleIsMadeOfAMatrix(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	v.get("/roles").shows(t, http.StatusOK, "Help desk", "Ready-made", "New role")
	v.get("/roles/help-desk").shows(t, http.StatusOK, "A ready-made role.")
	made := v.follow(v.submit(v.get("/roles/new"), "/roles/new", "name", "Team lead", "reference", "team-lead", "rights", "users.view", "rights", "connectors.view")).
		shows(t, http.StatusOK, "The role Team lead is saved.")
	all, err := s.people().Roles(t.Context())
	must(t, err)
	role := all[len(all)-1]
	if role.Reference != "team-lead" || len(role.Rights) != 2 {
		t.Fatalf("the role is %+v", role)
	}
	at := "/roles/" + string(role.ID)
	v.follow(v.submit(made, at, "name", "Team leads", "rights", "users.view")).shows(t, http.StatusOK, "Team leads")
	_, err = s.people().CreateUser(t.Context(), directory.NewUser{UserName: "marie@acme.fr", Roles: []string{"team-lead"}})
	must(t, err)
	v.submit(v.get(at+"/delete"), at+"/delete").shows(t, http.StatusUnprocessableEntity)
}

func TestTheHelpDeskSeesOnlyWhatItMay(t *testing.T) {
	s := newSite(t)
	s.user("ada@acme.fr", sso.RoleWorkspaceAdmin)
	v := s.as(s.user("help@acme.fr", sso.RoleHelpDesk))
	list := v.get("/sso").shows(t, http.StatusOK, "Zoho", "Test sign-in…")
	for _, hidden := range []string{"New connector", "Disable…", "Delete…", "/methods/"} {
		if strings.Contains(list.body, hidden) {
			t.Errorf("the list offers %s", hidden)
		}
	}
	for _, path := range []string{"/sso/new", s.at("/edit"), s.at("/disable"), s.at("/delete"), "/roles/new"} {
		v.get(path).shows(t, http.StatusForbidden)
	}
	for _, path := range []string{s.at(""), s.at("/tester"), s.at("/people"), s.at("/check"), s.at("/sign-ins"), "/users", "/users/new", "/roles", "/roles/operator"} {
		v.get(path).shows(t, http.StatusOK)
	}
	ada, err := s.people().User(t.Context(), "ada@acme.fr")
	must(t, err)
	page := v.get(card(ada)).shows(t, http.StatusOK, "Workspace admin")
	if strings.Contains(page.body, `action="`+card(ada)+`"`) || strings.Contains(page.body, "/disable") {
		t.Error("the help desk is offered to change an administrator")
	}
	a := v.submit(v.get(card(ada)+"/disable"), card(ada)+"/disable")
	a.shows(t, http.StatusForbidden)
}

func TestAFormFromElsewhereIsRefused(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	for _, path := range []string{"/sso/new", s.at("/edit"), s.at("/disable"), s.at("/tester"), s.at("/people"), "/users/new", "/users/import", "/roles/new"} {
		a := v.send(http.MethodPost, path, map[string][]string{"csrf": {"made up"}}, "Origin", s.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html")
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("%s answered %d", path, a.StatusCode)
		}
	}
}

func TestWhatBelongsToAnotherTenantIsNotThere(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	for _, path := range []string{
		"/sso/sso_01jd00000000000000000000aa", "/users/usr_01jd00000000000000000000aa", "/users/nobody", "/sso/zoho", "/sso/sign-ins/7F3K-2QPD", "/roles/none",
		"/users/usr_01jd00000000000000000000aa/disable",
	} {
		v.get(path).shows(t, http.StatusNotFound)
	}
}

func TestEveryPageIsThereInFrench(t *testing.T) {
	s := newSite(t)
	u := s.user("ada@acme.fr", sso.RoleWorkspaceAdmin)
	v := s.as(u)
	for path, text := range map[string]string{
		"/sso": "Connecteurs SSO", "/sso/new": "Nouveau connecteur SSO", s.at(""): "Règle de correspondance", s.at("/edit"): "Modifier", s.at("/tester"): "Testeur",
		s.at("/people"): "Personnes associées", s.at("/check"): "Vérifier tout le monde", s.at("/sign-ins"): "Tentatives", s.at("/disable"): "Désactiver", "/users": "Utilisateurs",
		"/users/new": "Nouvel utilisateur", "/users/import": "Importer", card(u): "Identité", "/roles": "Rôles", "/roles/new": "Nouveau rôle", "/roles/auditor": "Auditeur",
	} {
		v.send(http.MethodGet, path, nil, "Accept", "text/html", "Accept-Language", "fr").shows(t, http.StatusOK, text)
	}
}
