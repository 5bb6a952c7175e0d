package system_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/test/pages"
	"latchkey/web"
	"latchkey/web/admin/system"
)

const operator, admin = "operator", "workspace-admin"

// screens are the addresses of the pages about the installation.
var screens = []string{
	"/system", "/system/tenants", "/system/tenants/new", "/system/tenants/globex", "/system/tenants/globex/disable", "/system/tenants/globex/enable",
	"/system/tenants/globex/delete", "/system/database", "/system/keys", "/system/network", "/system/jobs", "/system/configuration", "/system/upgrade",
}

func TestOnlyOperatorsSeeTheInstallation(t *testing.T) {
	s := pages.New(t, pages.Empty)
	s.NewTenant(t, "globex")
	ada, marie := s.SignedIn(t, "ada", operator), s.SignedIn(t, "marie", admin)
	for _, v := range []*pages.Visitor{marie, s.SignedIn(t, "auditor", "auditor")} {
		v.Get("/").Lacks(`href="/system"`)
		for _, path := range screens {
			v.Get(path).Shows(http.StatusForbidden)
		}
	}
	ada.Get("/").Holds(`href="/system"`)
	for _, path := range screens {
		ada.Get(path).Shows(http.StatusOK)
		ada.In("fr").Get(path).Shows(http.StatusOK)
		if a := s.Visitor(t).Get(path); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.To(), "/login?") {
			t.Errorf("%s for nobody: %d %s", path, a.StatusCode, a.To())
		}
	}
	posts := 0
	for _, r := range web.Table(s.Deps) {
		if r.Right != authmethods.Operate || r.Method != http.MethodPost {
			continue
		}
		posts++
		path := strings.Replace(r.Path, ":slug", "globex", 1)
		marie.Post(path, url.Values{}).Shows(http.StatusForbidden)
		ada.Post(path, url.Values{"name": {"x"}, "slug": {"x"}, "confirm": {"globex"}}).Shows(http.StatusForbidden, "not sent by a page of ours")
	}
	if posts < 5 {
		t.Errorf("only %d forms were found", posts)
	}
	if now, err := s.Tenants.Find(t.Context(), "globex"); err != nil || now.Disabled {
		t.Errorf("globex is %+v, %v", now, err)
	}
}

func TestTheHealthIsToldInWords(t *testing.T) {
	s := pages.New(t, pages.Empty)
	ada := s.SignedIn(t, "ada", operator)
	ada.Get("/system").Shows(http.StatusOK, "This server has all that it needs", "broker-1 · answers you", "broker-2", "silent", "SQLite", "ready, and empty", "not asked before")
	s.Installation.Found[1] = system.Check{Name: "database", Detail: "the disk is full"}
	s.Installation.Me.Boat = &system.Boat{Aboard: 2, Damaged: 1}
	s.Installation.Store.Version = 9
	ada.Get("/system").Shows(http.StatusOK, "This server lacks one thing", "the disk is full", "holds 2 answers", "One part of the file cannot be read", "this program needs 10")
	ada.In("fr").Get("/system").Shows(http.StatusOK, "Il manque une chose", "contient 2 réponses", "Serveurs")
}

func TestTheOtherSidesAreTold(t *testing.T) {
	s := pages.New(t, pages.Empty)
	ada := s.SignedIn(t, "ada", operator)
	for path, wants := range map[string][]string{
		"/system/database":      {"/var/lib/latchkey/latchkey.db", "version 10", "3 MiB", "latchkey backup"},
		"/system/keys":          {"/run/secrets/keyring", "k1", "still needed", "k2", "active", "latchkey keyring rotate"},
		"/system/network":       {"accounts.zoho.com", "10.0.0.0/8", "192.0.2.1/32", "all of it is there", "{tenant}"},
		"/system/jobs":          {"Keeping tokens fresh", "Renewing the keys of sessions", "every 1 hour", "the database is away", "something new", "not due yet"},
		"/system/configuration": {"LATCHKEY_DATABASE_URL", "(set, hidden)", "a file", "the default"},
		"/system/upgrade":       {"The servers run 2 versions", "v1.2.2", "latchkey migrate"},
	} {
		ada.Get(path).Shows(http.StatusOK, wants...)
	}
	s.Installation.Store = system.Database{Kind: "postgres", Version: 11, Known: 10, Size: 9 << 20}
	ada.Get("/system/database").Shows(http.StatusOK, "PostgreSQL", "of a newer program")
	s.Installation.Work = system.Jobs{}
	ada.Get("/system/jobs").Shows(http.StatusOK, "A single server needs no turns")
}

func TestATenantIsCreatedAndItsFirstAdministratorInvited(t *testing.T) {
	s := pages.New(t, pages.Empty)
	ada := s.SignedIn(t, "ada", operator)
	form := ada.Get("/system/tenants/new")
	for name, c := range map[string]struct {
		typed []string
		want  string
	}{
		"no name":              {[]string{"name", "", "slug", "Not a slug"}, "small letters"},
		"a reserved slug":      {[]string{"name", "x", "slug", "setup"}, "Some words are taken"},
		"a slug that is taken": {[]string{"name", "x", "slug", "acme"}, "is or was another workspace’s"},
		"half a pair":          {[]string{"name", "x", "slug", "globex", "callback", "hbdnakz"}, "A pair is two parts"},
		"an odd pair":          {[]string{"name", "x", "slug", "globex", "callback", "a/b"}, "A pair is two parts"},
		"a host with a port":   {[]string{"name", "x", "slug", "globex", "hosts", "sso.globex.example:8080"}, "without port"},
	} {
		t.Run(name, func(t *testing.T) {
			ada.Submit(form, "/system/tenants/new", c.typed...).Shows(http.StatusUnprocessableEntity, c.want)
		})
	}
	done := ada.Submit(form, "/system/tenants/new", "name", "Globex", "slug", "globex", "hosts", "sso.globex.example", "callback", "hbdnakz/fzefdzs")
	one := ada.Follow(done)
	one.Shows(http.StatusOK, "Globex is there", "Nobody can sign in here yet", "sso.globex.example").Holds("/api/authclients/hbdnakz/fzefdzs")
	ada.Submit(one, "/system/tenants/globex/invite", "user_name", "").Shows(http.StatusUnprocessableEntity, "Choose a user name")
	invited := ada.Submit(one, "/system/tenants/globex/invite", "user_name", "boss@globex.example", "display_name", "Hank")
	invited.Shows(http.StatusOK, "A link for boss@globex.example", "becomes an administrator of Globex").Holds("http://globex.localhost:", "/invitations/")
	ada.Submit(one, "/system/tenants/globex/invite", "user_name", "boss@globex.example").Shows(http.StatusUnprocessableEntity, "There is a user of that name already")
	ada.Get("/system/tenants/globex").Shows(http.StatusOK).Lacks("Nobody can sign in here yet", "/invitations/")
	globex, err := s.Tenants.Find(t.Context(), "globex")
	if err != nil {
		t.Fatal(err)
	}
	people, err := s.Directory.For(authmethods.NewCaller(globex.ID, s.Admin.Actor(), authmethods.AdminRights, "req"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := people.User(t.Context(), "boss@globex.example")
	if err != nil || len(u.Roles) != 1 || u.Roles[0] != admin || !u.Invited || u.Email != "boss@globex.example" {
		t.Errorf("invited %+v, %v", u, err)
	}
}

func TestATenantIsDisabledEnabledAndDeleted(t *testing.T) {
	s := pages.New(t, pages.Empty)
	s.NewTenant(t, "globex")
	ada := s.SignedIn(t, "ada", operator)
	const at = "/system/tenants/globex"
	ada.Get("/system/tenants").Shows(http.StatusOK, "2 workspaces", "you are signed in here").Holds(`href="` + at + `"`)
	ada.Follow(ada.Submit(ada.Get(at+"/disable"), at+"/disable")).Shows(http.StatusOK, "globex is disabled", "Nothing is lost").Lacks(at + "/invite")
	if now, err := s.Tenants.Find(t.Context(), "globex"); err != nil || !now.Disabled {
		t.Errorf("%+v, %v", now, err)
	}
	ada.Follow(ada.Submit(ada.Get(at+"/enable"), at+"/enable")).Shows(http.StatusOK, "globex is enabled")
	question := ada.Get(at + "/delete")
	ada.Submit(question, at+"/delete", "confirm", "acme").Shows(http.StatusUnprocessableEntity, "Type globex, exactly")
	if _, err := s.Tenants.Find(t.Context(), "globex"); err != nil {
		t.Errorf("it is gone: %v", err)
	}
	ada.Follow(ada.Submit(question, at+"/delete", "confirm", "globex")).Shows(http.StatusOK, "globex is deleted", "One workspace")
	ada.Get(at).Shows(http.StatusNotFound)
	if _, err := s.Tenants.Find(t.Context(), "globex"); !errors.Is(err, authmethods.NotFound) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestNobodyClosesTheTenantThatTheyAreIn(t *testing.T) {
	s := pages.New(t, pages.Empty)
	s.NewTenant(t, "globex")
	ada := s.SignedIn(t, "ada", operator)
	ada.Get("/system/tenants/acme").Shows(http.StatusOK).Lacks("/acme/disable", "/acme/delete")
	token := ada.Get("/system/tenants/globex/delete").Token("/system/tenants/globex/delete")
	for _, key := range []string{"disable", "delete"} {
		ada.Get("/system/tenants/acme/" + key).Shows(http.StatusConflict)
		ada.Post("/system/tenants/acme/"+key, url.Values{"csrf": {token}, "confirm": {"acme"}}).Shows(http.StatusConflict)
	}
	for _, missing := range []string{"platform", "nobody", "tn_00000000000000000000000000", "A"} {
		ada.Get("/system/tenants/" + missing).Shows(http.StatusNotFound)
	}
	if now, err := s.Tenants.Find(t.Context(), "acme"); err != nil || now.Disabled {
		t.Errorf("%+v, %v", now, err)
	}
}
