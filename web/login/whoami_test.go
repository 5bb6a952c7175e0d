package login_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/zohosim"
)

// identity verifies a signed identity as the platform does, by the published keys, and
// returns what it says.
func (s *site) identity(t *testing.T, jwt string) map[string]any {
	t.Helper()
	a := s.visitor().Send(http.MethodGet, "/.well-known/jwks.json", nil)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/jwk-set+json" || a.Header.Get("Cache-Control") != "public, max-age=900" {
		t.Errorf("the keys: %d %v", a.StatusCode, a.Header)
	}
	if strings.Contains(a.Body, `"d"`) {
		t.Fatal("a private key is published")
	}
	var keys jose.JSONWebKeySet
	must(t, json.Unmarshal([]byte(a.Body), &keys))
	signed, err := jose.ParseSigned(jwt, []jose.SignatureAlgorithm{jose.EdDSA})
	must(t, err)
	named := keys.Key(signed.Signatures[0].Header.KeyID)
	if len(named) != 1 {
		t.Fatalf("%d keys have the name of the signature's", len(named))
	}
	text, err := signed.Verify(named[0])
	must(t, err)
	var claims map[string]any
	must(t, json.Unmarshal(text, &claims))
	return claims
}

func TestAProxyIsToldWhoIsSignedIn(t *testing.T) {
	s := newSite(t)
	s.at(zohosim.User{Email: "remy@example.ca", DC: "ca", ZUID: "11060000001", EmailVerified: true, FirstName: "Rémy", LastName: "Gagnon"})
	u, err := s.People().CreateUser(t.Context(), directory.NewUser{
		UserName: "rémy.gagnon", Email: "remy@example.ca", DisplayName: "Rémy Gagnon 雪 100%",
		Roles: []string{sso.RoleDeveloper, sso.RoleAuditor}, Connectors: []authmethods.ID{s.Connector.ID},
	})
	must(t, err)
	s.connect(directory.ConnectorChange{Rule: &sso.Rule{Lookups: []sso.Lookup{{Claim: "email", Field: sso.ByEmail}}}})
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, "remy@example.ca"))
	a := v.Send(http.MethodGet, "/api/sso/session", nil)
	for name, want := range map[string]string{
		"X-Latchkey-User": u.UserName, "X-Latchkey-User-Id": string(u.ID), "X-Latchkey-Email": u.Email,
		"X-Latchkey-Name": u.DisplayName, "X-Latchkey-Roles": "auditor developer",
	} {
		got := a.Header.Get(name)
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s is no plain ASCII: %q", name, got)
		}
		decoded, err := url.PathUnescape(got)
		if must(t, err); decoded != want {
			t.Errorf("%s: %q, want %q", name, decoded, want)
		}
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", a.Header)
	}
	_, body := v.who()
	user := body["user"].(map[string]any)
	if user["user_name"] != u.UserName || user["display_name"] != u.DisplayName || user["email"] != u.Email {
		t.Errorf("%v", user)
	}
	claims := s.identity(t, a.Header.Get("X-Latchkey-Token"))
	for name, want := range map[string]any{
		"iss": s.Origin, "aud": s.Origin, "sub": string(u.ID), "preferred_username": u.UserName, "name": u.DisplayName, "email": u.Email,
		"sid": body["session"].(map[string]any)["id"],
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	life := time.Duration(claims["exp"].(float64)-claims["iat"].(float64)) * time.Second
	if life != 5*time.Minute {
		t.Errorf("the identity counts for %v", life)
	}
}

// Another tenant's keys verify nothing of ours, and its host knows nobody.
func TestAnIdentityAndASessionAreOfOneTenant(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	s.NewTenant(t, "globex")
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	elsewhere := strings.Replace(s.Origin, "acme", "globex", 1)
	v.Client.Jar.SetCookies(mustURL(t, elsewhere), v.Cookies())
	if a := v.Send(http.MethodGet, elsewhere+"/api/sso/session", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("at another tenant: %d", a.StatusCode)
	}
	ours, theirs := v.Send(http.MethodGet, "/.well-known/jwks.json", nil), v.Send(http.MethodGet, elsewhere+"/.well-known/jwks.json", nil)
	if ours.Body == theirs.Body || theirs.StatusCode != http.StatusOK {
		t.Errorf("the keys of two tenants: %s and %s", ours.Body, theirs.Body)
	}
}

func TestWhoIsNotSignedInIsSentToThePageForIt(t *testing.T) {
	s := newSite(t)
	s.Settings(func(set *sso.Settings) { set.ReturnAddresses = []string{platform} })
	for wanted, want := range map[string]string{
		"":                              "/login",
		"/tickets/1":                    "/login?return_to=%2Ftickets%2F1",
		"/tickets?view=mine&page=2":     "/login?return_to=%2Ftickets%3Fview%3Dmine%26page%3D2",
		platform:                        "/login", // no path of this host, whatever is allowed
		"//evil.example/x":              "/login",
		"///evil.example":               "/login",
		`/\evil.example`:                "/login",
		"/%2f/evil.example":             "/login",
		"/%09/evil.example":             "/login",
		"https://evil.example":          "/login",
		"javascript:alert(1)":           "/login",
		"/a/../..//evil.example":        "/login",
		"/" + strings.Repeat("a", 3000): "/login",
	} {
		a := s.visitor().Send(http.MethodGet, "/api/sso/session?or=login", nil, "X-Forwarded-Uri", wanted, "X-Forwarded-Host", "evil.example")
		if a.StatusCode != http.StatusSeeOther || a.To() != want {
			t.Errorf("%q: %d to %q", wanted, a.StatusCode, a.To())
		}
	}
	a := s.visitor().Send(http.MethodGet, "/api/sso/session", nil)
	if a.StatusCode != http.StatusUnauthorized || a.Header.Get("Location") != "" {
		t.Errorf("without ?or=login: %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	for name := range a.Header {
		if strings.HasPrefix(name, "X-Latchkey") {
			t.Errorf("nobody is signed in, and %s says %q", name, a.Header.Get(name))
		}
	}
	ada, _ := s.ada()
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	if a := v.Send(http.MethodGet, "/api/sso/session?or=login", nil); a.StatusCode != http.StatusOK {
		t.Errorf("who is signed in is sent to %q", a.To())
	}
}
