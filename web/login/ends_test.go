package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/test/storage"
)

// what ends a session ends it with the next request.
func TestASessionIsOverAsSoonAsItsGroundIs(t *testing.T) {
	operator := authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}
	for name, end := range map[string]func(t *testing.T, s *site, u sso.User){
		"the user is disabled": func(t *testing.T, s *site, u sso.User) {
			_, err := s.People().ChangeUser(t.Context(), string(u.ID), 0, directory.UserChange{Disabled: ptr(true)})
			must(t, err)
		},
		"the user is deleted": func(t *testing.T, s *site, u sso.User) { must(t, s.People().DeleteUser(t.Context(), string(u.ID), 0)) },
		"the roles change": func(t *testing.T, s *site, u sso.User) {
			_, err := s.People().ChangeUser(t.Context(), string(u.ID), 0, directory.UserChange{Roles: &[]string{sso.RoleAuditor}})
			must(t, err)
		},
		"the user is renamed": func(t *testing.T, s *site, u sso.User) {
			_, err := s.People().ChangeUser(t.Context(), string(u.ID), 0, directory.UserChange{UserName: ptr("other")})
			must(t, err)
		},
		"the connector is disabled": func(_ *testing.T, s *site, _ sso.User) { s.connect(directory.ConnectorChange{Disabled: ptr(true)}) },
		"the connector is deleted": func(t *testing.T, s *site, _ sso.User) {
			must(t, s.People().DeleteConnector(t.Context(), "zoho", 0))
		},
		"the association is removed": func(t *testing.T, s *site, u sso.User) {
			_, err := s.People().Dissociate(t.Context(), "zoho", []authmethods.ID{u.ID})
			must(t, err)
		},
		"a password is set": func(t *testing.T, s *site, u sso.User) {
			must(t, s.Credentials.Set(t.Context(), s.Admin, credentials.Target{User: &u}, secret.New(marieWord), "acme"))
		},
		"an administrator ends it": func(t *testing.T, s *site, u sso.User) {
			_, err := s.Sessions.EndAllOf(t.Context(), s.Admin, u.ID)
			must(t, err)
		},
		"the tenant is disabled and enabled again in between": func(t *testing.T, s *site, u sso.User) {
			must(t, s.Tenants.Disable(t.Context(), operator, "acme"))
			must(t, s.Tenants.Enable(t.Context(), operator, "acme"))
			_, err := s.Sessions.EndAllOf(t.Context(), s.Admin, u.ID)
			must(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada, u := s.ada()
			v, other := s.visitor(), s.visitor()
			v.welcome(v.SignInAt(loginURL, ada.Email))
			other.welcome(other.SignInAt(loginURL, ada.Email))
			ticket := s.ticket(v)
			end(t, s, u)
			v.nobody()
			other.nobody()
			if status, _ := s.redeem(t, ticket); status != http.StatusNotFound {
				t.Errorf("a ticket of the session that ended: %d", status)
			}
		})
	}
}

func TestATenantThatIsDisabledIsNotThereForThoseInIt(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	must(t, s.Tenants.Disable(t.Context(), authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, "acme"))
	for _, path := range []string{"/api/sso/session", "/account", "/login", loginURL, "/api/v1/users"} {
		if a := v.Get(path); a.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
}

// half an hour unused, twelve hours at the latest, or what the tenant decided.
func TestSessionsEndByThemselves(t *testing.T) {
	for name, statement := range map[string]string{
		"unused for too long":  "UPDATE sessions SET seen_at = seen_at - 1800000000 - 1",
		"too old":              "UPDATE sessions SET expires_at = expires_at - 43200000000",
		"of an idle time of 5": "UPDATE sessions SET seen_at = seen_at - 300000000, idle_micros = 300000000",
	} {
		t.Run(name, func(t *testing.T) {
			database := "sqlite:" + t.TempDir() + "/latchkey.db"
			s := newSiteOn(t, database)
			ada, _ := s.ada()
			v := s.visitor()
			v.welcome(v.SignInAt(loginURL, ada.Email))
			_, err := storage.Raw(t, database).ExecContext(t.Context(), statement)
			must(t, err)
			v.nobody()
		})
	}
}

func TestTheSettingsOfTheTenantAreThoseOfNewSessions(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	s.Settings(func(set *sso.Settings) { set.SessionIdle, set.SessionLife = 5*time.Minute, 15*time.Minute })
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	_, body := v.who()
	in := body["session"].(map[string]any)
	since, err := time.Parse(time.RFC3339Nano, in["since"].(string))
	must(t, err)
	expires, err := time.Parse(time.RFC3339Nano, in["expires_at"].(string))
	must(t, err)
	if life := expires.Sub(since).Round(time.Second); life != 15*time.Minute {
		t.Errorf("it lasts %v", life)
	}
	if in["means"] != "sso" || in["connector"] != "zoho" {
		t.Errorf("%v", in)
	}
}

func TestSigningOutEndsTheSessionAndNeedsAPageOfOurs(t *testing.T) {
	s := newSite(t)
	ada, u := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	other := s.visitor()
	other.welcome(other.SignInAt(loginURL, ada.Email))
	otherPage := other.Get("/account")
	page := v.Get("/account")
	for name, headers := range map[string][]string{
		"nothing":          nil,
		"another site":     {"Origin", "https://evil.example"},
		"a cross site":     {"Sec-Fetch-Site", "cross-site"},
		"a neighbour":      {"Sec-Fetch-Site", "same-site"},
		"an address typed": {"Sec-Fetch-Site", "none"},
	} {
		for _, path := range []string{"/logout", "/api/sso/logout"} {
			if a := v.Send(http.MethodPost, path, url.Values{"csrf": {""}}, headers...); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s to %s: %d", name, path, a.StatusCode)
			}
			v.is(u)
		}
	}
	foreign := otherPage.Token("/logout")
	if a := v.Send(http.MethodPost, "/logout", url.Values{"csrf": {foreign}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("the token of another session: %d", a.StatusCode)
	}
	if a := v.Send(http.MethodPost, "/logout", url.Values{"csrf": {page.Token("/account/sessions/end")}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("the token of another form: %d", a.StatusCode)
	}
	for _, path := range []string{"/logout", "/api/sso/logout"} {
		if a := v.Get(path); a.StatusCode != http.StatusMethodNotAllowed && a.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, a.StatusCode)
		}
	}
	v.is(u)
	held := v.session()
	a := v.Submit(page, "/logout")
	if a.To() != "/login?notice=signed-out" || v.session() != "" {
		t.Errorf("%d to %q, still holding %q", a.StatusCode, a.To(), v.session())
	}
	s.holding(held).nobody()
	other.is(u)
	if !strings.Contains(v.Get(a.To()).Text(), "You are signed out") {
		t.Error("the page does not say so")
	}
	if a := v.Send(http.MethodPost, "/api/sso/logout", url.Values{}, "Accept", "application/json"); a.StatusCode != http.StatusOK {
		t.Errorf("signing out once more: %d", a.StatusCode)
	}
}

func TestAScriptOfThePlatformSignsOut(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	a := v.Send(http.MethodPost, "/api/sso/logout", nil, "Origin", s.Origin, "Sec-Fetch-Site", "same-origin", "Accept", "application/json")
	if a.StatusCode != http.StatusOK || strings.TrimSpace(a.Body) != "{}" {
		t.Errorf("%d %s", a.StatusCode, a.Body)
	}
	v.nobody()
}
