package services_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/test/pages"
)

const admin = "workspace-admin"

// shownKey finds the key on the page that shows it.
var shownKey = regexp.MustCompile(`value="(lk_[0-9a-z]{26}_[A-Za-z0-9_-]{43})"`)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// telephone is a service account that may borrow, with a key.
func telephone(t testing.TB, s *pages.Site) (authmethods.Service, authmethods.IssuedKey) {
	t.Helper()
	made, err := s.Store().CreateService(t.Context(), store.NewService{
		Name: "Telephone", Permits: []authmethods.Permit{{Method: "zoho-desk", Environment: "production"}},
	})
	must(t, err)
	key, err := s.Store().IssueKey(t.Context(), string(made.ID), "first", time.Now().AddDate(0, 0, 90))
	must(t, err)
	made, err = s.Store().Service(t.Context(), string(made.ID))
	must(t, err)
	return made, key
}

func TestAServiceAccountIsMadeOnOnePageAndItsKeyShownOnce(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	marie.Get("/service-accounts").Shows(http.StatusOK, "No service accounts yet", "New service account")
	form := marie.Get("/service-accounts/new?method=zoho-desk&environment=production")
	form.Shows(http.StatusOK, "Zoho Desk", "Every method", "90 days")
	made := marie.Submit(form, "/service-accounts/new", "name", "Call pop-up", "days", "30")
	made.Shows(http.StatusOK, "Save this key now", "Call pop-up", s.Internal+"/internal/v1/tokens", `"method":"zoho-desk","environment":"production"`)
	if got := made.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	found := shownKey.FindAllStringSubmatch(made.Body, -1)
	if len(found) != 1 {
		t.Fatalf("the key is shown %d times", len(found))
	}
	key := found[0][1]
	service, err := s.Auth.Service(t.Context(), key)
	must(t, err)
	if service.Admin || len(service.Permits) != 1 || service.Permits[0].Method != "zoho-desk" || service.Permits[0].Environment != "production" {
		t.Errorf("the service is %+v", service)
	}
	if left := time.Until(keyOf(t, s, service.ID).ExpiresAt); left < 29*24*time.Hour || left > 31*24*time.Hour {
		t.Errorf("the key is good for %s", left)
	}
	one := marie.Get("/service-accounts/" + string(service.ID))
	one.Shows(http.StatusOK, "Zoho Desk", "Production", "Key made")
	if list := marie.Get("/service-accounts"); strings.Contains(one.Body+list.Body, key) {
		t.Error("the key is shown again")
	}
	again := marie.Submit(form, "/service-accounts/new", "name", "Call pop-up", "days", "30")
	again.Shows(http.StatusUnprocessableEntity, "There is a service account of that name already", "Error:")
}

func keyOf(t testing.TB, s *pages.Site, service authmethods.ID) authmethods.APIKey {
	t.Helper()
	made, err := s.Store().Service(t.Context(), string(service))
	must(t, err)
	if len(made.Keys) == 0 {
		t.Fatal("the service has no key")
	}
	return made.Keys[0]
}

func TestTheFormOfANewServiceKeepsWhatWasTyped(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	form := marie.Get("/service-accounts/new")
	wrong := marie.Submit(form, "/service-accounts/new", "name", "", "scopes", "a é", "days", "7")
	wrong.Shows(http.StatusUnprocessableEntity, "4 things need a correction", "Give it a name", "Tick what it may borrow", "A scope holds", "Choose how long")
	half := marie.Submit(form, "/service-accounts/new", "name", "Reports <b>", "permit", "zoho-desk:sandbox", "scopes", "Désk")
	half.Shows(http.StatusUnprocessableEntity, "One thing needs a correction")
	for _, kept := range []string{`value="Reports &lt;b&gt;"`, `value="zoho-desk:sandbox" checked`, ">Désk</textarea>"} {
		if !strings.Contains(half.Body, kept) {
			t.Errorf("the form does not keep %s", kept)
		}
	}
	narrow := marie.Submit(half, "/service-accounts/new", "scopes", "Desk.tickets.READ, Desk.basic.READ")
	narrow.Shows(http.StatusOK, `"scopes":["Desk.tickets.READ","Desk.basic.READ"]`)
}

func TestAdministrationIsGivenOnlyByWhoHasAllRights(t *testing.T) {
	s := pages.New(t)
	form := s.SignedIn(t, "marie", admin).Get("/service-accounts/new")
	form.Shows(http.StatusOK, "It may administer this workspace")
	clerk := s.WithRights(t, "clerk", authmethods.ViewServices, authmethods.CreateServices, authmethods.ModifyServices, authmethods.ViewMethods)
	form = clerk.Get("/service-accounts/new")
	if strings.Contains(form.Text(), "administer this workspace") {
		t.Error("a clerk is offered what is not theirs to give")
	}
	refused := clerk.Submit(form, "/service-accounts/new", "name", "Back door", "permit", "zoho-desk:production", "admin", "yes")
	refused.Shows(http.StatusForbidden)
	boss, err := s.Store().CreateService(t.Context(), store.NewService{Name: "Deploy", Admin: true})
	must(t, err)
	if one := clerk.Get("/service-accounts/" + string(boss.ID)); strings.Contains(one.Body, `/keys"`) {
		t.Error("a clerk is offered a key of a service that administers")
	}
}

func TestPermitsAreAddedAndRemoved(t *testing.T) {
	s := pages.New(t)
	marie, path := s.SignedIn(t, "marie", admin), ""
	service, _ := telephone(t, s)
	path = "/service-accounts/" + string(service.ID)
	one := marie.Get(path)
	marie.Submit(one, path+"/permits").Shows(http.StatusUnprocessableEntity, "Choose a method", "Choose an environment")
	twice := marie.Submit(one, path+"/permits", "method", "zoho-desk", "environment", "production")
	twice.Shows(http.StatusUnprocessableEntity, "It has a permit for this method and environment already")
	added := marie.Submit(one, path+"/permits", "method", "*", "environment", "sandbox", "scopes", "Desk.tickets.READ")
	added.Shows(http.StatusSeeOther)
	one = marie.Get(added.To())
	one.Shows(http.StatusOK, "Telephone may borrow that now", "Every method", "Desk.tickets.READ", "2 permits", "Allowed to borrow *:sandbox")
	removed := marie.Submit(one, path+"/permits/"+string(service.Permits[0].ID)+"/remove")
	removed.Shows(http.StatusSeeOther)
	marie.Get(path).Shows(http.StatusOK, "One permit", "No longer allowed to borrow zoho-desk:production")
}

func TestAKeyIsRolledWithoutABreakAndRevoked(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	service, old := telephone(t, s)
	path := "/service-accounts/" + string(service.ID)
	roll := path + "/keys/" + string(old.ID) + "/roll"
	form := marie.Get(roll)
	form.Shows(http.StatusOK, "Roll the key first", "It was never used", "One day")
	rolled := marie.Submit(form, roll, "overlap", "1")
	rolled.Shows(http.StatusOK, "This is the new key of Telephone", "The old one ends")
	key := shownKey.FindStringSubmatch(rolled.Body)[1]
	for _, k := range []string{old.Shown.Reveal(), key} {
		_, err := s.Auth.Service(t.Context(), k)
		must(t, err)
	}
	repeated := marie.Submit(form, roll, "overlap", "1")
	repeated.Shows(http.StatusSeeOther)
	marie.Get(path).Shows(http.StatusOK, "was changed meanwhile", "2 keys are good")

	end := path + "/keys/" + string(old.ID) + "/revoke"
	marie.Get(end).Shows(http.StatusOK, "Revoke the key first?", "1 key", "Nothing was borrowed")
	marie.Submit(marie.Get(end), end).Shows(http.StatusSeeOther)
	s.Forget()
	if _, err := s.Auth.Service(t.Context(), old.Shown.Reveal()); err == nil {
		t.Error("the revoked key is still good")
	}
	marie.Get(path).Shows(http.StatusOK, "The key first is revoked", "One key that ended")
	marie.Get(end).Shows(http.StatusNotFound)

	one := marie.Get(path)
	marie.Submit(one, path+"/keys", "key_name", "").Shows(http.StatusUnprocessableEntity, "Give it a name")
	issued := marie.Submit(one, path+"/keys", "key_name", "cluster", "days", "180")
	issued.Shows(http.StatusOK, "one more key of Telephone")
	marie.Submit(one, path+"/keys", "key_name", "cluster", "days", "180").Shows(http.StatusSeeOther)
	if now, err := s.Store().Service(t.Context(), string(service.ID)); err != nil || len(now.Keys) != 3 {
		t.Errorf("there are %d keys, %v", len(now.Keys), err)
	}
}

func TestAServiceIsRenamedDisabledEnabledAndDeleted(t *testing.T) {
	s := pages.New(t)
	marie := s.SignedIn(t, "marie", admin)
	service, key := telephone(t, s)
	path := "/service-accounts/" + string(service.ID)
	one := marie.Get(path)
	marie.Submit(one, path, "name", " ").Shows(http.StatusUnprocessableEntity, "Give it a name")
	marie.Submit(one, path, "name", "Switchboard").Shows(http.StatusSeeOther)
	marie.Submit(one, path, "name", "Too late").Shows(http.StatusSeeOther)
	one = marie.Get(path)
	one.Shows(http.StatusOK, "Switchboard", "was changed meanwhile", "Telephone → Switchboard")
	marie.Submit(one, path+"/disable").Shows(http.StatusSeeOther)
	s.Forget()
	if _, err := s.Auth.Service(t.Context(), key.Shown.Reveal()); err == nil {
		t.Error("a disabled service still gets in")
	}
	one = marie.Get(path)
	one.Shows(http.StatusOK, "Switchboard is disabled", "It is disabled")
	marie.Submit(one, path+"/enable").Shows(http.StatusSeeOther)
	s.Forget()
	_, err := s.Auth.Service(t.Context(), key.Shown.Reveal())
	must(t, err)
	end := marie.Get(path + "/delete")
	end.Shows(http.StatusOK, "Delete Switchboard?")
	gone := marie.Submit(end, path+"/delete")
	gone.Shows(http.StatusSeeOther)
	marie.Get(gone.To()).Shows(http.StatusOK, "Switchboard is deleted", "No service accounts yet")
	marie.Get(path).Shows(http.StatusNotFound)
}

func TestWhatAPersonMayNotDoIsNeitherOfferedNorDone(t *testing.T) {
	s := pages.New(t)
	service, key := telephone(t, s)
	path := "/service-accounts/" + string(service.ID)
	auditor := s.SignedIn(t, "auditor", "auditor")
	one := auditor.Get(path)
	one.Shows(http.StatusOK, "Telephone", "Activity")
	_, main, _ := strings.Cut(one.Body, "<main")
	if main, _, _ = strings.Cut(main, "</main>"); strings.Contains(main, "<form") || strings.Contains(main, "/revoke") {
		t.Errorf("an auditor is offered changes: %s", main)
	}
	developer := s.SignedIn(t, "developer", "developer")
	if text := developer.Get(path).Text(); strings.Contains(text, "Activity") {
		t.Error("a developer is shown the audit log")
	}
	nobody := s.SignedIn(t, "nobody", "user")
	nobody.Get("/developers").Shows(http.StatusOK, "Borrow a token")
	for _, get := range []string{"/service-accounts", path} {
		nobody.Get(get).Shows(http.StatusForbidden)
	}
	for _, post := range []string{"", "/disable", "/delete", "/permits", "/keys", "/keys/" + string(key.ID) + "/revoke", "/keys/" + string(key.ID) + "/roll"} {
		auditor.Post(path+post, nil).Shows(http.StatusForbidden)
		s.SignedIn(t, "marie"+strings.ReplaceAll(post, "/", "-"), admin).Post(path+post, nil).Shows(http.StatusForbidden)
	}
	s.Visitor(t).Get("/developers").Shows(http.StatusSeeOther)
}

func TestTheServicesOfOthersAreMissing(t *testing.T) {
	s := pages.New(t)
	other := s.NewTenant(t, "other")
	theirs, err := s.Methods.For(authmethods.NewCaller(other.ID, authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, authmethods.AdminRights, ""))
	must(t, err)
	foreign, err := theirs.CreateService(t.Context(), store.NewService{Name: "Theirs"})
	must(t, err)
	marie := s.SignedIn(t, "marie", admin)
	missing := marie.Get("/service-accounts/sa_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH")
	for _, path := range []string{"/service-accounts/" + string(foreign.ID), "/service-accounts/Theirs"} {
		if got := marie.Get(path); got.StatusCode != http.StatusNotFound || got.Text() != missing.Text() {
			t.Errorf("%s answers %d: %s", path, got.StatusCode, got.Text())
		}
	}
	marie.Get("/service-accounts").Shows(http.StatusOK, "No service accounts yet")
}

func TestTheListIsLimitedToAnEnvironment(t *testing.T) {
	s := pages.New(t)
	telephone(t, s)
	marie := s.SignedIn(t, "marie", admin)
	marie.Get("/service-accounts?env=production").Shows(http.StatusOK, "Telephone")
	marie.Get("/service-accounts?env=sandbox").Shows(http.StatusOK, "None in this environment")
	marie.In("fr").Get("/service-accounts").Shows(http.StatusOK, "Comptes de service", "Activé")
}
