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
	v := admin(t, s)
	s.User("marie@acme.fr", sso.RoleHelpDesk)
	for _, name := range []string{"paul@acme.fr", "pia@acme.fr"} {
		_, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: name})
		must(t, err)
	}
	v.Get("/users").Shows(http.StatusOK, "marie@acme.fr", "Help desk", "paul@acme.fr", "New user", "Export as CSV")
	for query, want := range map[string]string{"role=help-desk": "marie@acme.fr", "connector=" + string(s.Connector.ID): "marie@acme.fr", "text=paul": "paul@acme.fr", "disabled=true": "Nobody matches"} {
		a := v.Get("/users?"+query).Shows(http.StatusOK, want)
		if strings.Contains(a.Text(), "pia@acme.fr") {
			t.Errorf("%s does not narrow the list: %s", query, a.Text())
		}
	}
	first := v.Get("/users?limit=2").Shows(http.StatusOK, "2 shown", "Next")
	next := first.Body[strings.Index(first.Body, `rel="next" href="`)+len(`rel="next" href="`):]
	v.Get(strings.ReplaceAll(next[:strings.Index(next, `"`)], "&amp;", "&")).Shows(http.StatusOK, "pia@acme.fr")
	v.Get("/users/export").Shows(http.StatusOK, "marie@acme.fr")
}

func TestAUserIsMadeAndInvited(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	asked := v.Get("/users/new").Shows(http.StatusOK, "New user", "Workspace admin")
	v.Submit(asked, "/users/new", "user_name", "", "email", "no address").Shows(http.StatusUnprocessableEntity)
	invite := v.Follow(v.Submit(asked, "/users/new", "user_name", "marie@acme.fr", "email", "marie@acme.fr", "display_name", "Marie Dupont", "roles", "help-desk",
		"connectors", string(s.Connector.ID), "invite", "yes")).Shows(http.StatusOK, "Invite marie@acme.fr ?")
	u, err := s.People().User(t.Context(), "marie@acme.fr")
	must(t, err)
	sent := v.Submit(invite, card(u)+"/invite").Shows(http.StatusOK, "Invitation for marie@acme.fr")
	if !strings.Contains(sent.Body, s.Origin+"/invitations/") {
		t.Errorf("the link is not shown: %s", sent.Text())
	}
	if again := v.Get(card(u)); strings.Contains(again.Body, "/invitations/") {
		t.Error("the link is shown a second time")
	}
	v.Get(card(u)).Shows(http.StatusOK, "Marie Dupont", "Invited", "With Zoho this person must sign in as marie@acme.fr")
}

func TestACardIsChanged(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	u, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: "marie@acme.fr", Roles: []string{sso.RoleUser}})
	must(t, err)
	at := card(u)
	v.Follow(v.Submit(v.Get(at), at, "user_name", "marie@acme.fr", "display_name", "Marie", "email", "m@acme.fr")).Shows(http.StatusOK, "marie@acme.fr is saved.", "Marie")
	v.Submit(v.Get(at), at, "user_name", "ada@acme.fr").Shows(http.StatusUnprocessableEntity, "There is a user named")
	v.Follow(v.Submit(v.Get(at), at+"/roles", "roles", "auditor", "roles", "help-desk")).Shows(http.StatusOK, "marie@acme.fr is saved.")
	v.Follow(v.Submit(v.Get(at), at+"/connectors", "connector", string(s.Connector.ID))).Shows(http.StatusOK, "With Zoho this person must sign in as marie@acme.fr")
	u, err = s.People().User(t.Context(), "marie@acme.fr")
	must(t, err)
	if len(u.Roles) != 2 || u.Email != "m@acme.fr" || len(u.Connectors) != 1 {
		t.Errorf("the user is %+v", u)
	}
	remove := at + "/connectors/" + string(s.Connector.ID) + "/remove"
	v.Follow(v.Submit(v.Get(remove), remove)).Shows(http.StatusOK, "No connector is on this card.")
	marie := s.As(t, u)
	marie.Get("/account").Shows(http.StatusOK)
	v.Follow(v.Submit(v.Get(at+"/sign-out").Shows(http.StatusOK, "Sign marie@acme.fr out everywhere?"), at+"/sign-out")).Shows(http.StatusOK, "Nowhere at the moment.")
	if a := marie.Get("/account"); a.StatusCode == http.StatusOK {
		t.Error("Marie is still signed in")
	}
	v.Follow(v.Submit(v.Get(at+"/disable"), at+"/disable")).Shows(http.StatusOK, "marie@acme.fr is disabled")
	v.Follow(v.Submit(v.Get(at+"/enable"), at+"/enable")).Shows(http.StatusOK, "marie@acme.fr is enabled")
	v.Follow(v.Submit(v.Get(at+"/delete"), at+"/delete")).Shows(http.StatusOK, "marie@acme.fr is deleted.")
	v.Get(at).Shows(http.StatusNotFound)
}

func TestAPinnedAccountIsShownAndUnpinned(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	u := s.User("ada@example.eu")
	s.Visitor(t).SignIn("ada@example.eu")
	page := v.Get(card(u)).Shows(http.StatusOK, "The account is pinned.", "pinned on")
	_, rest, ok := strings.Cut(page.Body, `href="`+card(u)+"/accounts/")
	if !ok {
		t.Fatalf("there is no way to unpin: %s", page.Text())
	}
	at := card(u) + "/accounts/" + rest[:strings.Index(rest, `"`)]
	v.Follow(v.Submit(v.Get(at).Shows(http.StatusOK, "Unpin this account"), at)).Shows(http.StatusOK, "None. The first sign-in pins the account.")
}

func TestAnImportIsTriedFirst(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	asked := v.Get("/users/import")
	v.Submit(asked, "/users/import").Shows(http.StatusUnprocessableEntity, "Choose a file, or paste a list.")
	bad := v.Submit(asked, "/users/import", "list", "user_name,roles\nmarie@acme.fr,nothing-known\npaul@acme.fr,user\n").Shows(http.StatusOK, "Refused 1", "Nothing can be imported while a line is refused.")
	if strings.Contains(bad.Body, `name="go"`) {
		t.Error("a list with a refused line can be imported")
	}
	list := "user_name,display_name\nmarie@acme.fr,Marie <b>\npaul@acme.fr,Paul\n"
	tried := v.Submit(asked, "/users/import", "list", list).Shows(http.StatusOK, "To create 2", "Import 2 users")
	if _, err := s.People().User(t.Context(), "paul@acme.fr"); authmethods.KindOf(err) != authmethods.NotFound {
		t.Errorf("the trial made a user: %v", err)
	}
	v.Follow(v.Submit(tried, "/users/import", "list", list, "go", "yes")).Shows(http.StatusOK, "Imported: 2 created, 0 changed.", "Marie <b>")
}

func TestARoleIsMadeOfAMatrix(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	v.Get("/roles").Shows(http.StatusOK, "Help desk", "Ready-made", "New role")
	v.Get("/roles/help-desk").Shows(http.StatusOK, "A ready-made role.")
	made := v.Follow(v.Submit(v.Get("/roles/new"), "/roles/new", "name", "Team lead", "reference", "team-lead", "rights", "users.view", "rights", "connectors.view")).
		Shows(http.StatusOK, "The role Team lead is saved.")
	all, err := s.People().Roles(t.Context())
	must(t, err)
	role := all[len(all)-1]
	if role.Reference != "team-lead" || len(role.Rights) != 2 {
		t.Fatalf("the role is %+v", role)
	}
	at := "/roles/" + string(role.ID)
	v.Follow(v.Submit(made, at, "name", "Team leads", "rights", "users.view")).Shows(http.StatusOK, "Team leads")
	_, err = s.People().CreateUser(t.Context(), directory.NewUser{UserName: "marie@acme.fr", Roles: []string{"team-lead"}})
	must(t, err)
	v.Submit(v.Get(at+"/delete"), at+"/delete").Shows(http.StatusUnprocessableEntity)
}

func TestTheHelpDeskSeesOnlyWhatItMay(t *testing.T) {
	s := newSite(t)
	s.User("ada@acme.fr", sso.RoleWorkspaceAdmin)
	v := s.As(t, s.User("help@acme.fr", sso.RoleHelpDesk))
	list := v.Get("/sso").Shows(http.StatusOK, "Zoho", "Test sign-in…")
	for _, hidden := range []string{"New connector", "Disable…", "Delete…", "/methods/"} {
		if strings.Contains(list.Body, hidden) {
			t.Errorf("the list offers %s", hidden)
		}
	}
	for _, path := range []string{"/sso/new", zoho(s, "/edit"), zoho(s, "/disable"), zoho(s, "/delete"), "/roles/new"} {
		v.Get(path).Shows(http.StatusForbidden)
	}
	for _, path := range []string{zoho(s, ""), zoho(s, "/tester"), zoho(s, "/people"), zoho(s, "/check"), zoho(s, "/sign-ins"), "/users", "/users/new", "/roles", "/roles/operator"} {
		v.Get(path).Shows(http.StatusOK)
	}
	ada, err := s.People().User(t.Context(), "ada@acme.fr")
	must(t, err)
	page := v.Get(card(ada)).Shows(http.StatusOK, "Workspace admin")
	if strings.Contains(page.Body, `action="`+card(ada)+`"`) || strings.Contains(page.Body, "/disable") {
		t.Error("the help desk is offered to change an administrator")
	}
	a := v.Submit(v.Get(card(ada)+"/disable"), card(ada)+"/disable")
	a.Shows(http.StatusForbidden)
}

func TestAFormFromElsewhereIsRefused(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	for _, path := range []string{"/sso/new", zoho(s, "/edit"), zoho(s, "/disable"), zoho(s, "/tester"), zoho(s, "/people"), "/users/new", "/users/import", "/roles/new"} {
		a := v.Post(path, map[string][]string{"csrf": {"made up"}})
		if a.StatusCode != http.StatusForbidden {
			t.Errorf("%s answered %d", path, a.StatusCode)
		}
	}
}

func TestWhatBelongsToAnotherTenantIsNotThere(t *testing.T) {
	s := newSite(t)
	v := admin(t, s)
	for _, path := range []string{
		"/sso/sso_01jd00000000000000000000aa", "/users/usr_01jd00000000000000000000aa", "/users/nobody", "/sso/zoho", "/sso/sign-ins/7F3K-2QPD", "/roles/none",
		"/users/usr_01jd00000000000000000000aa/disable",
	} {
		v.Get(path).Shows(http.StatusNotFound)
	}
}

func TestEveryPageIsThereInFrench(t *testing.T) {
	s := newSite(t)
	u := s.User("ada@acme.fr", sso.RoleWorkspaceAdmin)
	v := s.As(t, u)
	for path, text := range map[string]string{
		"/sso": "Connecteurs SSO", "/sso/new": "Nouveau connecteur SSO", zoho(s, ""): "Règle de correspondance", zoho(s, "/edit"): "Modifier", zoho(s, "/tester"): "Testeur",
		zoho(s, "/people"): "Personnes associées", zoho(s, "/check"): "Vérifier tout le monde", zoho(s, "/sign-ins"): "Tentatives", zoho(s, "/disable"): "Désactiver", "/users": "Utilisateurs",
		"/users/new": "Nouvel utilisateur", "/users/import": "Importer", card(u): "Identité", "/roles": "Rôles", "/roles/new": "Nouveau rôle", "/roles/auditor": "Auditeur",
	} {
		v.In("fr").Get(path).Shows(http.StatusOK, text)
	}
}
