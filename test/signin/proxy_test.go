package signin_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/test/fleet"
)

// report is a page of the application, with an address that proxies easily spoil.
const report = "/app/report?from=2026-01-01&to=2026-02-01&page=2"

// closed reports that a page of the application led to the login page.
func (a answer) closed(s *site) bool {
	return a.StatusCode == http.StatusSeeOther && strings.HasPrefix(a.to(s), "/login")
}

var zohoDoor = regexp.MustCompile(`href="(/api/sso/login/zoho[^"]*)"`)

func TestAPageOfTheApplicationOpensBySigningInAndClosesBySigningOut(t *testing.T) {
	s := newSite(t, fleet.Options{})
	marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
	v := s.visitor()
	first := v.get(report)
	if first.StatusCode != http.StatusSeeOther || first.to(s) != "/login?return_to="+url.QueryEscape(report) {
		t.Fatalf("before signing in: %d %s", first.StatusCode, first.to(s))
	}
	if n := len(s.application.asked()); n != 0 {
		t.Errorf("%d requests reached the application", n)
	}
	login := v.get(first.to(s))
	door := zohoDoor.FindStringSubmatch(login.body)
	if login.StatusCode != http.StatusOK || door == nil {
		t.Fatalf("the login page: %d %s", login.StatusCode, login.text())
	}
	back := v.signIn(html.UnescapeString(door[1]), marie.Name)
	if back.StatusCode != http.StatusSeeOther || back.to(s) != report {
		t.Fatalf("after signing in: %d %s %s", back.StatusCode, back.to(s), back.text())
	}
	for range 3 { // on connections that nginx keeps
		page := v.get(report)
		for _, want := range []string{"<p id=user>" + marie.Name, "<p id=token>" + marie.Name, "<p id=path>" + report} {
			if page.StatusCode != http.StatusOK || !strings.Contains(page.body, want) {
				t.Fatalf("%d %s, want %s", page.StatusCode, page.body, want)
			}
		}
	}
	reached := len(s.application.asked())
	if a := v.logout(); a.StatusCode != http.StatusSeeOther || a.to(s) != "/login?notice=signed-out" {
		t.Fatalf("signing out: %d %s", a.StatusCode, a.to(s))
	}
	if a := v.get(report); !a.closed(s) || len(s.application.asked()) != reached {
		t.Errorf("after signing out: %d %s", a.StatusCode, a.to(s))
	}
}

// who is what the application is told of the person.
var who = []string{"X-Latchkey-User", "X-Latchkey-User-Id", "X-Latchkey-Email", "X-Latchkey-Name", "X-Latchkey-Roles", "X-Latchkey-Token"}

func TestWhatTheBrowserMakesUpDoesNotReachTheApplication(t *testing.T) {
	s := newSite(t, fleet.Options{})
	marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
	var forged []string
	for _, name := range who {
		forged = append(forged, name, "boss@acme.example")
	}
	if a := s.visitor().get(report, forged...); !a.closed(s) {
		t.Errorf("without a session: %d %s", a.StatusCode, a.body)
	}
	v := s.signedIn(marie)
	if a := v.get(report, forged...); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	asked := s.application.asked()
	if len(asked) != 1 {
		t.Fatalf("%d requests reached the application, want 1", len(asked))
	}
	for _, name := range who {
		if got := asked[0].Values(name); strings.Contains(strings.Join(got, " "), "boss") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := asked[0].Get("X-Latchkey-User"); got != marie.Name {
		t.Errorf("the application was told of %q", got)
	}
}

func TestWhoIsSignedInAtAnotherTenantIsNobodyHere(t *testing.T) {
	s := newSite(t, fleet.Options{Tenants: []string{"acme", "globex"}})
	globex := s.Tenants[1]
	boss := s.newPerson(globex, "boss@acme.example", "zoho") // whom acme trusts, if it is theirs
	elsewhere := strings.Replace(s.origin, "acme", "globex", 1)
	host := hostPort(t, elsewhere)
	direct := s.visitor().at(s.Processes[0]) // nginx serves acme alone
	led := direct.get(elsewhere + "/api/sso/login/zoho")
	if a := direct.get(direct.atZoho(led.Header.Get("Location"), boss.Name)); a.Header.Get("Location") != "/" {
		t.Fatalf("signing in at globex: %d %s", a.StatusCode, a.text())
	}
	var cookies []string
	for _, c := range direct.jar.Cookies(mustURL(t, elsewhere)) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	cookie := strings.Join(cookies, "; ")
	if a := s.visitor().at(s.Processes[0]).get(elsewhere+"/api/sso/session", "Cookie", cookie); a.StatusCode != http.StatusOK {
		t.Fatalf("the session at globex: %d %s", a.StatusCode, a.body)
	}
	for name, headers := range map[string][]string{
		"with the cookie alone":         {},
		"with X-Forwarded-Host":         {"X-Forwarded-Host", host},
		"with X-Forwarded-Host, bare":   {"X-Forwarded-Host", "globex.localhost"},
		"with Forwarded":                {"Forwarded", "host=" + host},
		"with X-Original-Host and URL":  {"X-Original-Host", host, "X-Original-URL", elsewhere},
		"with an underscore":            {"X_Forwarded_Host", host},
		"with the header said to close": {"X-Forwarded-Host", host, "Connection", "X-Forwarded-Host"},
	} {
		if a := s.visitor().get(report, append(headers, "Cookie", cookie)...); !a.closed(s) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.text())
		}
	}
	for name, request := range map[string]string{
		"by Host":           "GET " + report + " HTTP/1.1\r\nHost: " + host + "\r\nCookie: " + cookie + "\r\nConnection: close\r\n\r\n",
		"by another Host":   "GET " + s.origin + report + " HTTP/1.1\r\nHost: " + host + "\r\nCookie: " + cookie + "\r\nConnection: close\r\n\r\n",
		"without any":       "GET " + report + " HTTP/1.0\r\nCookie: " + cookie + "\r\n\r\n",
		"by the other host": "GET " + elsewhere + report + " HTTP/1.1\r\nHost: acme.localhost\r\nCookie: " + cookie + "\r\nConnection: close\r\n\r\n",
	} {
		if said := s.raw(request); strings.Contains(said, " 200 ") {
			t.Errorf("%s: %s", name, said)
		}
	}
	if n := len(s.application.asked()); n != 0 {
		t.Errorf("%d requests reached the application", n)
	}
}

func TestTheDoorIsClosedAtTheVeryNextRequest(t *testing.T) {
	whole := newSite(t, fleet.Options{})
	for _, c := range []struct {
		when   string
		do     func(*site, person)
		others bool // they are out too
	}{
		{when: "the user is disabled", do: (*site).disable},
		{when: "the user is deleted", do: func(s *site, p person) { s.call(s.acme, "DELETE", "/users/"+p.ID, nil, nil) }},
		{when: "the user may no longer use the connector", do: func(s *site, p person) {
			s.call(s.acme, "DELETE", "/sso-connectors/zoho/users/"+p.ID, nil, nil)
		}},
		{when: "an administrator ended the sessions", do: func(s *site, p person) {
			s.call(s.acme, "DELETE", "/users/"+p.ID+"/sessions", nil, nil)
		}},
		{when: "the connector is disabled", others: true, do: func(s *site, _ person) {
			s.call(s.acme, "POST", "/sso-connectors/zoho/disable", map[string]any{}, nil)
		}},
	} {
		t.Run(c.when, func(t *testing.T) {
			s := whole.in(t)
			p := s.newPerson(s.acme, strings.ReplaceAll(c.when, " ", "-")+"@acme.example", "zoho")
			v, other := s.signedIn(p), s.signedIn(s.newPerson(s.acme, "other-"+p.Name, "zoho"))
			if a := v.get(report); a.StatusCode != http.StatusOK {
				t.Fatalf("signed in: %d %s", a.StatusCode, a.text())
			}
			c.do(s, p)
			if a := v.get(report); !a.closed(s) {
				t.Errorf("afterwards: %d %s", a.StatusCode, a.text())
			}
			if a := other.get(report); a.closed(s) != c.others || !c.others && a.StatusCode != http.StatusOK {
				t.Errorf("somebody else: %d %s", a.StatusCode, a.text())
			}
		})
	}
}
