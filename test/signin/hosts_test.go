package signin_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/test/fleet"
)

// What Caddy and Traefik do: they ask under the address of the server itself and say
// in X-Forwarded-Host for which host, and in X-Forwarded-Uri for which page.
func TestATrustedProxySaysForWhichHostItAsks(t *testing.T) {
	s := newSite(t, fleet.Options{})
	marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
	v := s.signedIn(marie)
	var cookies []string
	for _, c := range v.jar.Cookies(mustURL(t, s.origin)) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	cookie, host := strings.Join(cookies, "; "), hostPort(t, s.origin)
	asked := s.Processes[0].Public() + "/api/sso/session?or=login"
	proxy := s.visitor()
	if a := proxy.get(asked, "Cookie", cookie, "X-Forwarded-Host", host); a.StatusCode != http.StatusOK || a.Header.Get("X-Latchkey-User") != marie.Name {
		t.Errorf("for who is signed in: %d %v %s", a.StatusCode, a.Header, a.body)
	}
	for _, c := range []struct{ name, uri, to string }{
		{"with a page", report, "/login?return_to=%2Fapp%2Freport%3Ffrom%3D2026-01-01%26to%3D2026-02-01%26page%3D2"},
		{"without a page", "", "/login"},
		{"with a page elsewhere", "https://evil.example/", "/login"},
		{"with a page that is another host to browsers", "//evil.example/", "/login"},
		{"with a page that browsers read otherwise", "/\\evil.example/", "/login"},
	} {
		if a := proxy.get(asked, "X-Forwarded-Host", host, "X-Forwarded-Uri", c.uri); a.StatusCode != http.StatusSeeOther || a.to(s) != c.to {
			t.Errorf("for somebody unknown, %s: %d %s", c.name, a.StatusCode, a.to(s))
		}
	}
	for name, headers := range map[string][]string{
		"no host":                {},
		"a host that nobody has": {"X-Forwarded-Host", "nobody.localhost"},
		"the platform's own":     {"X-Forwarded-Host", "platform.localhost"},
		"a list":                 {"X-Forwarded-Host", "nobody.localhost, " + host},
	} {
		if a := proxy.get(asked, append(headers, "Cookie", cookie)...); a.StatusCode != http.StatusMisdirectedRequest && a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

func TestAHostOfATenantCountsWhateverAProxyPassesOn(t *testing.T) {
	s := newSite(t, fleet.Options{Tenants: []string{"acme", "globex"}})
	marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
	direct := s.signedIn(marie).at(s.Processes[0]) // from the address of a trusted proxy
	if a := direct.get("/api/sso/session", "X-Forwarded-Host", "globex.localhost"); a.StatusCode != http.StatusOK {
		t.Errorf("at acme, said to be for globex: %d %s", a.StatusCode, a.body)
	}
}

func TestNobodyElseSaysForWhichHostTheyAsk(t *testing.T) {
	s := newSite(t, fleet.Options{Tenants: []string{"acme", "globex"}, Settings: []string{"LATCHKEY_TRUSTED_PROXIES=127.0.0.2/32"}})
	marie := s.newPerson(s.acme, "marie@acme.example", "zoho")
	v := s.signedIn(marie)
	direct := v.at(s.Processes[0])
	if a := direct.get("/api/sso/session", "X-Forwarded-Host", "globex.localhost"); a.StatusCode != http.StatusOK {
		t.Errorf("at acme, said to be for globex: %d %s", a.StatusCode, a.body)
	}
	var cookies []string
	for _, c := range v.jar.Cookies(mustURL(t, s.origin)) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	a := s.visitor().get(s.Processes[0].Public()+"/api/sso/session", "Cookie", strings.Join(cookies, "; "), "X-Forwarded-Host", hostPort(t, s.origin))
	if a.StatusCode == http.StatusOK {
		t.Errorf("at no tenant, said to be for acme: %d %s", a.StatusCode, a.body)
	}
}
