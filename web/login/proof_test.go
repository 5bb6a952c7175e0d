package login_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/pages"
	"latchkey/zohosim"
)

// connect changes the connector.
func (s *site) connect(c directory.ConnectorChange) {
	s.T.Helper()
	_, _, err := s.People().ChangeConnector(s.T.Context(), string(s.Connector.ID), 0, c)
	must(s.T, err)
}

// with what Zoho is known to send.
func TestWhatZohoSendsProvesWhoItIsOrDoesNot(t *testing.T) {
	for name, c := range map[string]struct {
		send func(*zohosim.Switches)
		want authmethods.Code // empty: signed in
		told string           // in the trace of a refusal
	}{
		"as usual":                     {func(*zohosim.Switches) {}, "", ""},
		"an ID token of the old shape": {func(s *zohosim.Switches) { s.LegacyIDToken = true }, "", ""},
		"an issuer without its scheme": {func(s *zohosim.Switches) { s.SchemelessIssuer = true }, "", ""},
		"no nonce":                     {func(s *zohosim.Switches) { s.NoNonceEcho = true }, "", ""},
		"RS384":                        {func(s *zohosim.Switches) { s.RS384 = true }, "", ""},
		"no name and no picture":       {func(s *zohosim.Switches) { s.NoName, s.NoPicture = true, true }, "", ""},
		"a page in place of userinfo":  {func(s *zohosim.Switches) { s.UserinfoPage = "always" }, "", ""},
		"all of it at once": {func(s *zohosim.Switches) {
			s.LegacyIDToken, s.SchemelessIssuer, s.NoNonceEcho, s.RS384 = true, true, true, true
		}, "", ""},
		"a clock half a minute fast":         {func(s *zohosim.Switches) { s.ClockSkewSeconds = 30 }, "", ""},
		"a clock half a minute slow":         {func(s *zohosim.Switches) { s.ClockSkewSeconds = -30 }, "", ""},
		"a clock three minutes fast":         {func(s *zohosim.Switches) { s.ClockSkewSeconds = 180 }, authmethods.CodeClockSkew, "was issued in the future"},
		"a clock a quarter of an hour slow":  {func(s *zohosim.Switches) { s.ClockSkewSeconds = -900 }, authmethods.CodeClockSkew, "issued more than ten minutes ago"},
		"a clock two hours slow":             {func(s *zohosim.Switches) { s.ClockSkewSeconds = -7200 }, authmethods.CodeClockSkew, "has expired"},
		"an address that nobody has checked": {func(s *zohosim.Switches) { s.NoEmailVerified = true }, authmethods.CodeEmailUnverified, "not verified"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada, known := s.ada()
			s.Zoho.Switch(c.send)
			v := s.visitor()
			a := v.SignInAt(loginURL, ada.Email)
			if c.want != "" {
				if found := v.refused(a, c.want); !strings.Contains(strings.Join(found.Trace, "\n"), c.told) {
					t.Errorf("the trace does not say %q:\n%s", c.told, strings.Join(found.Trace, "\n"))
				}
				return
			}
			v.welcome(a)
			v.is(known)
			eu, _ := s.Zoho.DataCentre("eu")
			u, err := s.People().User(t.Context(), string(known.ID))
			must(t, err)
			want := sso.Subject{Issuer: eu.Accounts, ID: ada.ZUID}
			if len(u.Identities) != 1 || u.Identities[0].Subject != want {
				t.Errorf("pinned to %+v, want %+v", u.Identities, want)
			}
		})
	}
}

// only the JSON value true, or a domain that the provider is trusted for.
func TestAnAddressCountsIfItIsVerifiedOrItsDomainIsTrusted(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	unverified := ada
	unverified.EmailVerified = false
	_, err := s.Zoho.AddUser(unverified)
	must(t, err)
	v := s.visitor()
	v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeEmailUnverified)
	for _, domain := range []string{"eu", "sub.example.eu", "example.com"} {
		s.connect(directory.ConnectorChange{TrustedDomains: &[]string{domain}})
		v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeEmailUnverified)
	}
	s.connect(directory.ConnectorChange{TrustedDomains: &[]string{"example.eu"}})
	v.welcome(v.SignInAt(loginURL, ada.Email))
	v.is(known)
	// Once somebody is known by the account itself, the address is no matter.
	s.connect(directory.ConnectorChange{TrustedDomains: &[]string{}})
	other := s.visitor()
	other.welcome(other.SignInAt(loginURL, ada.Email))
	other.is(known)
}

// An ID token is worth something only as it was signed, and by the right keys.
func TestATokenThatWasTamperedWithProvesNothing(t *testing.T) {
	canned := func(body string) zohosim.Fault {
		return zohosim.Fault{
			Kind: zohosim.FaultCanned, Path: "/oauth/v2/token", Status: http.StatusOK, Body: body,
			Header: http.Header{"Content-Type": {"application/json"}},
		}
	}
	const none = `{"alg":"none","typ":"JWT"}`
	for name, token := range map[string]string{
		"no signature":      b64(none) + "." + b64(`{"sub":"1"}`) + ".",
		"a signature by us": b64(`{"alg":"HS256","typ":"JWT"}`) + "." + b64(`{"sub":"1"}`) + "." + b64("x"),
		"no token at all":   "x",
		"an empty one":      "..",
		"a key of its own":  b64(`{"alg":"RS256","jku":"https://evil.example/keys"}`) + "." + b64(`{"sub":"1"}`) + "." + b64("x"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ada, _ := s.ada()
			v := s.visitor()
			callback := v.callback(ada.Email)
			s.Zoho.Inject(canned(`{"access_token":"1000.abc.def","token_type":"Bearer","expires_in":3600,"id_token":"` + token + `"}`))
			v.refused(v.Get(callback), authmethods.CodeIdentityUnproved)
		})
	}
}

// Of what a provider gives, the server keeps who it was and no token.
func TestNoTokenOfTheProviderIsKept(t *testing.T) {
	database := "sqlite:" + t.TempDir() + "/latchkey.db"
	s := newSiteOn(t, database)
	ada, _ := s.ada()
	v := s.visitor()
	callback := v.callback(ada.Email)
	v.welcome(v.Get(callback))
	q := mustURL(t, callback).Query()
	for _, name := range []string{"code", "state"} {
		nowhere(t, database, q.Get(name))
	}
	access := 0
	for _, token := range s.Zoho.Tokens() {
		if token.Client == pages.ClientID {
			access++
			nowhere(t, database, token.Fingerprint)
		}
	}
	if access != 1 || strings.Contains(s.Logs(), q.Get("code")) {
		t.Errorf("%d access tokens were given", access)
	}
}

// The provider's pages may be slow or away; nobody is signed in by half.
func TestKeysThatCannotBeHadProveNothing(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	v := s.visitor()
	s.Zoho.Inject(zohosim.Fault{Kind: zohosim.FaultUnavailable, Path: "/oauth/v2/keys", Times: -1})
	v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeProviderDown)
	s.Zoho.ClearFaults()
	s.Zoho.Inject(zohosim.Fault{Kind: zohosim.FaultRedirect, Path: "/oauth/v2/keys", Times: -1, Location: "https://evil.example/keys"})
	us := s.Seed.Users[1]
	s.User(us.Email)
	v.refused(v.SignInAt(loginURL, us.Email), authmethods.CodeProviderDown)
}

// What is written into the log of sign-ins leads an administrator to the cause.
func TestTheAttemptIsFoundByWhatThePersonIsShown(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	s.Zoho.Switch(func(sw *zohosim.Switches) { sw.ClockSkewSeconds = 600 })
	v := s.visitor()
	found := v.refused(v.SignInAt(loginURL, ada.Email), authmethods.CodeClockSkew)
	if found.Connector != s.Connector.ID || found.DataCentre != "eu" || found.FinishedAt.IsZero() || found.Address != "127.0.0.1" || found.User != "" {
		t.Errorf("%+v", found)
	}
	s.Zoho.Switch(func(sw *zohosim.Switches) { sw.ClockSkewSeconds = 0 })
	v.welcome(v.SignInAt(loginURL, ada.Email))
	if last := s.last(); last.Outcome != sso.SignedIn || last.User != known.ID || last.UserName != ada.Email || last.Claims["email"] != ada.Email || last.Code != "" {
		t.Errorf("%+v", last)
	}
	must(t, s.SignIn.Flush(t.Context()))
	f, err := s.SignIn.Funnel(t.Context(), s.Admin, s.Connector.ID, time.Now().Add(-time.Hour))
	if must(t, err); f != (sso.Funnel{Started: 2, Returned: 2, Matched: 1, SignedIn: 1}) {
		t.Errorf("%+v", f)
	}
}

// what is added to an ID token is of the same person.
func TestUserinfoOfSomebodyElseProvesNothing(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	s.Zoho.Switch(func(sw *zohosim.Switches) { sw.NoName = true }) // so that userinfo is asked
	v := s.visitor()
	callback := v.callback(ada.Email)
	s.Zoho.Inject(zohosim.Fault{
		Kind: zohosim.FaultCanned, Path: "/oauth/v2/userinfo", Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: `{"sub":"10060000001","name":"Sam","email":"sam@example.com","email_verified":true}`,
	})
	found := v.refused(v.Get(callback), authmethods.CodeIdentityUnproved)
	if found.Subject != (sso.Subject{}) || found.Claims != nil {
		t.Errorf("%+v", found)
	}
}

// without OpenID Connect it is whoever the access token is of that was just had.
func TestAnOAuth2ConnectorGoesByWhatIsSaidToTheAccessToken(t *testing.T) {
	s := newSite(t)
	ada, known := s.ada()
	s.connect(directory.ConnectorChange{Type: ptr(sso.OAuth2)})
	if q := mustURL(t, s.visitor().Leave(loginURL)).Query(); q.Get("nonce") != "" || q.Get("code_challenge") == "" {
		t.Errorf("%v", q)
	}
	v := s.visitor()
	v.welcome(v.SignInAt(loginURL, ada.Email))
	v.is(known)
	for name, body := range map[string]string{
		"nobody": `{"email":"ada@example.eu","email_verified":true}`, "an empty name": `{"sub":""}`, "a list": `{"sub":["20060000001"]}`,
		"a truth": `{"sub":true}`, "a fraction": `{"sub":2.5}`, "no object": `"20060000001"`, "two objects": `{"sub":"1"}{"sub":"2"}`,
	} {
		v := s.visitor()
		callback := v.callback(ada.Email)
		s.Zoho.Inject(zohosim.Fault{
			Kind: zohosim.FaultCanned, Path: "/oauth/v2/userinfo", Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
		})
		t.Log(name)
		v.refused(v.Get(callback), authmethods.CodeIdentityUnproved)
	}
}

// "true" and 1 are not true.
func TestOnlyTheValueTrueVerifiesAnAddress(t *testing.T) {
	s := newSite(t)
	ada, _ := s.ada()
	s.connect(directory.ConnectorChange{Type: ptr(sso.OAuth2)})
	for _, value := range []string{`"true"`, `1`, `"1"`, `false`, `null`, `["true"]`, `{}`} {
		v := s.visitor()
		callback := v.callback(ada.Email)
		s.Zoho.Inject(zohosim.Fault{
			Kind: zohosim.FaultCanned, Path: "/oauth/v2/userinfo", Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: `{"sub":"20060000001","email":"ada@example.eu","email_verified":` + value + `}`,
		})
		v.refused(v.Get(callback), authmethods.CodeEmailUnverified)
	}
}
