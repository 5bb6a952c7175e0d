package signin_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"latchkey/test/fleet"
)

const password = "a long password of marie"

func TestInABrowser(t *testing.T) {
	site := newSite(t, fleet.Options{})
	t.Run("somebody signs in at Zoho and comes back", func(t *testing.T) {
		s := site.in(t)
		marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
		p := s.surfer(t)
		p.open(report) // the application has it led to the login page
		if door := p.see(`a[href^="/api/sso/login/zoho"]`); door != "Continue with Zoho" {
			t.Errorf("the button says %q", door)
		}
		p.throughZoho(marie.Name)
		p.seeText("#user", marie.Name)
		p.seeText("#path", report)
		p.open("/account")
		p.seeText("main", marie.Name)
		p.press(`form[action="/logout"] button`)
		p.seeText("main", "signed out")
		p.open(report)
		p.see(`a[href^="/api/sso/login/zoho"]`)
	})
	t.Run("somebody is refused, is linked by an administrator, and gets in", func(t *testing.T) {
		s := site.in(t)
		s.newAccount("paul@home.example")
		user := s.newUser(s.acme, "paul@acme.example")
		p := s.surfer(t)
		p.open("/login?return_to=/app/")
		p.throughZoho("paul@home.example")
		code := p.see("code.reference")
		p.seeText("main", "paul@home.example")
		var attempt struct {
			Code  string   `json:"code"`
			Trace []string `json:"trace"`
		}
		s.call(s.acme, "GET", "/sign-ins/"+code, nil, &attempt)
		if attempt.Code != "no_matching_user" || len(attempt.Trace) == 0 {
			t.Errorf("the attempt: %+v", attempt)
		}
		s.call(s.acme, "POST", "/users/"+user+"/connectors", map[string]any{"connector": "zoho"}, nil)
		s.call(s.acme, "POST", "/sign-ins/"+code+"/link", map[string]any{"user": "paul@acme.example"}, nil)
		p.press(`a[href^="/api/sso/login/zoho"]`)
		p.choose("paul@home.example") // who consented before
		p.arrive("/app/")             // where they were going
		p.open("/account")
		p.seeText("main", "paul@acme.example")
		var card struct {
			Identities []any `json:"identities"`
		}
		s.call(s.acme, "GET", "/users/"+user, nil, &card)
		if len(card.Identities) != 1 {
			t.Errorf("pinned: %v", card.Identities)
		}
	})
	t.Run("a password, then a passkey", func(t *testing.T) { passwordThenPasskey(t, site.in(t)) })
	t.Run("somebody goes on to the platform elsewhere", func(t *testing.T) { elsewhere(t, site.in(t)) })
	t.Run("without a script", func(t *testing.T) {
		s := site.in(t)
		marie := s.newPerson(s.acme, "plain@acme.example", "zoho")
		s.setPassword(marie.ID, password)
		p := s.surfer(t)
		p.call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
		p.open(report)
		p.fill("#name", marie.Name)
		p.fill("#password", password)
		p.press(`form[action="/login"] button[type="submit"]`)
		p.see("#user")
		p.open("/account")
		p.press(`form[action="/logout"] button`)
		p.seeText("main", "signed out")
		p.open("/login?return_to=/app/")
		p.throughZoho(marie.Name)
		p.see("#user")
	})
}

func passwordThenPasskey(t *testing.T, s *site) {
	id := s.newUser(s.acme, "nina@acme.example")
	s.setPassword(id, password)
	p := s.surfer(t)
	p.authenticator()
	p.open("/login?return_to=/app/")
	p.fill("#name", "nina@acme.example")
	p.fill("#password", "not the password at all")
	p.press(`form[action="/login"] button[type="submit"]`)
	p.see("#wrong")
	p.fill("#password", password)
	p.press(`form[action="/login"] button[type="submit"]`)
	p.seeText("#user", "nina@acme.example")
	p.open("/account")
	p.fill("#passkey-name", "The key of a test")
	p.press("form[data-passkey-add] button")
	p.seeText("main .rows", "The key of a test")
	p.press(`form[action="/logout"] button`)
	p.seeText("main", "signed out")
	p.open("/login?return_to=/app/")
	p.press("[data-passkey-login]")
	p.seeText("#user", "nina@acme.example")
	var card struct {
		Items []struct {
			LastUsedAt string `json:"last_used_at"`
		} `json:"items"`
	}
	s.call(s.acme, "GET", "/users/"+id+"/passkeys", nil, &card)
	if len(card.Items) != 1 || card.Items[0].LastUsedAt == "" {
		t.Errorf("the passkeys: %+v", card)
	}
	p.open("/account")
	p.press(`form[action$="/remove"] button`)
	p.see("form[data-passkey-add]")
	p.press(`form[action="/logout"] button`)
	p.seeText("main", "signed out")
	p.open("/login")
	p.press("[data-passkey-login]")
	p.seeText("[data-passkey-failed]", "could not be used")
}

// elsewhere is about a platform with a host of its own, to which people come with a
// ticket, whatever they signed in by.
func elsewhere(t *testing.T, s *site) {
	tickets := make(chan string, 4)
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/after" {
			tickets <- r.FormValue("ticket")
		}
		_, _ = io.WriteString(w, "<!doctype html><title>Platform</title><link rel=icon href=data:,><p id=platform>The platform</p>")
	}))
	t.Cleanup(platform.Close)
	after := "http://localhost:" + mustURL(t, platform.URL).Port() + "/after"
	s.call(s.acme, "PATCH", "/settings", map[string]any{"return_addresses": []string{after}}, nil)
	rosa := s.newPerson(s.acme, "rosa@acme.example", "zoho")
	s.setPassword(rosa.ID, password)
	for name, by := range map[string]func(*surfer){
		"Zoho": func(p *surfer) { p.throughZoho(rosa.Name) },
		"a password": func(p *surfer) {
			p.fill("#name", rosa.Name)
			p.fill("#password", password)
			p.press(`form[action="/login"] button[type="submit"]`)
		},
	} {
		t.Run("by "+name, func(t *testing.T) {
			s := s.in(t)
			p := s.surfer(t)
			p.open("/login?return_to=" + url.QueryEscape(after))
			by(p)
			p.see("#platform")
			var who struct {
				User struct {
					Name string `json:"user_name"`
				} `json:"user"`
			}
			if status := s.exchange(<-tickets, &who); status != http.StatusOK || who.User.Name != rosa.Name {
				t.Errorf("the ticket: %d %+v", status, who)
			}
		})
	}
}

// authenticator gives the browser an authenticator that has its person press and
// prove at once.
func (p *surfer) authenticator() {
	p.t.Helper()
	p.call("WebAuthn.enable", map[string]any{}, nil)
	p.call("WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{
		"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
		"isUserVerified": true, "automaticPresenceSimulation": true,
	}}, nil)
}
