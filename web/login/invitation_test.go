package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/sso/credentials"
	"latchkey/sso/directory"
)

func TestALinkSetsAPasswordOnce(t *testing.T) {
	s := newSite(t)
	admin := s.commandLine()
	for _, purpose := range []credentials.Purpose{credentials.Invitation, credentials.Reset} {
		t.Run(string(purpose), func(t *testing.T) {
			name := "paul." + string(purpose)
			u, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: name, Invited: purpose == credentials.Invitation})
			must(t, err)
			link, err := s.Credentials.Invite(t.Context(), admin, "acme", credentials.Target{User: &u}, purpose)
			must(t, err)
			address := link.URL.Reveal()
			path := strings.TrimPrefix(address, s.Origin)
			v := s.visitor()
			if a := v.Send(http.MethodHead, address, nil); a.StatusCode >= 500 {
				t.Errorf("HEAD: %d", a.StatusCode)
			}
			page := v.Get(address)
			if page.StatusCode != http.StatusOK || page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%d %s", page.StatusCode, page.Text())
			}
			for what, c := range map[string][]string{
				"two that differ": {marieWord, otherWord}, "too short": {"short", "short"}, "a common one": {"password1234", "password1234"},
				"the user's name": {name + " " + name, name + " " + name},
			} {
				if a := v.Submit(page, path, "password", c[0], "again", c[1]); a.StatusCode != http.StatusUnprocessableEntity {
					t.Errorf("%s: %d", what, a.StatusCode)
				}
			}
			stranger := s.visitor()
			if a := stranger.Send(http.MethodPost, path, url.Values{"password": {marieWord}, "again": {marieWord}}); a.To() != path {
				t.Errorf("without the form's token: %d to %q", a.StatusCode, a.To())
			}
			if purpose == credentials.Invitation { // who came for the first time is let in
				v.welcome(v.Submit(page, path, "password", marieWord, "again", marieWord))
				v.is(u)
			} else {
				if a := v.Submit(page, path, "password", marieWord, "again", marieWord); a.To() != "/login?notice=password-set" {
					t.Fatalf("%d to %q: %s", a.StatusCode, a.To(), a.Text())
				}
				v.nobody()
			}
			if a := v.Submit(page, path, "password", otherWord, "again", otherWord); a.StatusCode != http.StatusNotFound {
				t.Errorf("a second time: %d", a.StatusCode)
			}
			if a := v.Get(address); a.StatusCode != http.StatusNotFound {
				t.Errorf("the page after that: %d", a.StatusCode)
			}
			v = s.visitor()
			v.welcome(v.logIn(name, marieWord))
			v.is(u)
		})
	}
	v := s.visitor()
	for _, path := range []string{"/invitations/none", "/invitations/" + strings.Repeat("A", 43), "/invitations/%00"} {
		if a := v.Get(path); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

func TestALinkIsOfOneTenantAndOfSomebodyWhoIsThere(t *testing.T) {
	s := newSite(t)
	s.NewTenant(t, "globex")
	u := s.local(t, "marie", marieWord)
	link, err := s.Credentials.Invite(t.Context(), s.commandLine(), "acme", credentials.Target{User: &u}, credentials.Reset)
	must(t, err)
	v := s.visitor()
	if a := v.Get(strings.Replace(link.URL.Reveal(), "acme", "globex", 1)); a.StatusCode != http.StatusNotFound {
		t.Errorf("at another tenant: %d", a.StatusCode)
	}
	_, err = s.People().ChangeUser(t.Context(), string(u.ID), 0, directory.UserChange{Disabled: ptr(true)})
	must(t, err)
	if a := v.Get(link.URL.Reveal()); a.StatusCode != http.StatusNotFound {
		t.Errorf("of somebody disabled: %d", a.StatusCode)
	}
}
