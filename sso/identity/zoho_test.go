package identity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/zohosim"
)

const ourRedirect = "https://broker.test/callback"

// zoho is a simulator with people of three data centres, and the catalogue led to it.
type zoho struct {
	*zohosim.Server
	t     *testing.T
	seed  zohosim.DemoSeed
	types *catalog.Catalog
	v     *Verifier
}

func newZoho(t *testing.T, switches zohosim.Switches) *zoho {
	t.Helper()
	server, err := zohosim.Start(t.Context(), zohosim.Config{Clock: zohosim.NewClock(start), Switches: switches}, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	z := &zoho{Server: server, t: t, v: New(Options{HTTP: guarded(t), Now: server.Clock().Now})}
	z.seed, err = zohosim.Demo(server.Sim, ourRedirect)
	if err != nil {
		t.Fatal(err)
	}
	var y bytes.Buffer
	fmt.Fprintln(&y, "extends: zoho\ndata_centres:")
	for _, dc := range server.DataCentres() {
		fmt.Fprintf(&y, "  %s:\n    authorization_server: %s\n", dc.Code, dc.Accounts)
	}
	z.types, err = catalog.Load(catalog.Options{
		Extra: fstest.MapFS{"zoho.dc.yaml": {Data: y.Bytes()}}, AllowHTTP: func(string) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// become makes it another Zoho with the same people and keys, of which we know
// nothing yet.
func (z *zoho) become(t *testing.T, switches zohosim.Switches) {
	switches.CodesPerWindow = -1
	z.Switch(func(s *zohosim.Switches) { *s = switches })
	z.v = New(Options{HTTP: guarded(t), Now: z.Clock().Now})
}

// signIn goes to Zoho as somebody, with other scopes than those of signing in if
// there are any, and returns what came back.
func (z *zoho) signIn(user string, scopes ...string) Answer {
	z.t.Helper()
	kind, _ := z.types.Find("zoho_desk")
	at := func(dc string) catalog.Provider {
		p, err := kind.Resolve(catalog.Choice{Environment: authmethods.Production, DataCentre: dc})
		if err != nil {
			z.t.Fatal(err)
		}
		return p
	}
	p := at("us")
	if len(scopes) == 0 {
		scopes = p.IdentityScopes
	}
	q := url.Values{"response_type": {"code"}, "client_id": {z.seed.Server.ID}, "redirect_uri": {ourRedirect},
		"scope": {strings.Join(scopes, p.ScopeSeparator)}, "state": {"s"}, "nonce": {ourNonce}}
	for name, value := range p.SignInParams {
		q.Set(name, value)
	}
	callback, err := zohosim.Approve(nil, p.AuthorizationEndpoint+"?"+q.Encode(), zohosim.Approval{User: user})
	if err != nil {
		z.t.Fatal(err)
	}
	back, err := url.Parse(callback)
	if err != nil {
		z.t.Fatal(err)
	}
	dc, ok := kind.DataCentreOf(back.Query().Get(p.RegionParams.AuthorizationServer))
	if !ok {
		z.t.Fatalf("callback %s", callback)
	}
	p = at(dc.Code)
	resp, err := http.PostForm(p.TokenEndpoint, url.Values{"grant_type": {"authorization_code"}, "code": back.Query()["code"],
		"redirect_uri": {ourRedirect}, "client_id": {z.seed.Server.ID}, "client_secret": {z.seed.Server.Secret}})
	if err != nil {
		z.t.Fatal(err)
	}
	defer resp.Body.Close()
	var tokens struct {
		IDToken      string `json:"id_token"`
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&tokens); err != nil || tokens.AccessToken == "" || tokens.RefreshToken != "" {
		z.t.Fatalf("%v, a refresh token came: %v", err, tokens.RefreshToken != "")
	}
	return Answer{Provider: p, ClientID: z.seed.Server.ID, Type: sso.OpenIDConnect, IDToken: text(tokens.IDToken),
		AccessToken: secret.New(tokens.AccessToken), Nonce: ourNonce}
}

func text(s string) secret.Text {
	if s == "" {
		return secret.Text{}
	}
	return secret.New(s)
}

// people are the simulator's, each at home in another data centre.
var people = []struct{ email, dc, id string }{
	{"ada@example.eu", "eu", "20060000001"}, {"sam@example.com", "us", "10060000001"}, {"remy@example.ca", "ca", "11060000001"},
}

func TestZohoUsersOfThreeDataCentresAreProved(t *testing.T) {
	z := newZoho(t, zohosim.Switches{})
	for name, test := range map[string]struct {
		switches    zohosim.Switches
		notVerified bool
		trace       string
	}{
		"as documented":         {},
		"legacy shape":          {switches: zohosim.Switches{LegacyIDToken: true}},
		"legacy shape in RS384": {switches: zohosim.Switches{LegacyIDToken: true, RS384: true}},
		"issuer without scheme": {switches: zohosim.Switches{SchemelessIssuer: true}},
		"no nonce":              {switches: zohosim.Switches{NoNonceEcho: true}, trace: "It has no nonce, which this provider may leave out."},
		"RS384":                 {switches: zohosim.Switches{RS384: true}, trace: "The signature was made by a key of the provider (RS384)."},
		"no email_verified":     {switches: zohosim.Switches{NoEmailVerified: true}, notVerified: true},
		"no name":               {switches: zohosim.Switches{NoName: true}},
		"a clock 60 s ahead":    {switches: zohosim.Switches{ClockSkewSeconds: 60}},
		"a clock behind":        {switches: zohosim.Switches{ClockSkewSeconds: -600}},
		"userinfo is a page": {switches: zohosim.Switches{NoEmailVerified: true, UserinfoPage: "always"}, notVerified: true,
			trace: "Userinfo added nothing: it answered with a page for people (status 400)."},
	} {
		t.Run(name, func(t *testing.T) {
			z.become(t, test.switches)
			for _, who := range people {
				proof, err := z.v.Identify(t.Context(), z.signIn(who.email))
				dc, _ := z.DataCentre(who.dc)
				if err != nil || proof.Subject != (sso.Subject{Issuer: dc.Accounts, ID: who.id}) || proof.Source != FromIDToken {
					t.Fatalf("%s: %+v, %v", who.email, proof, err)
				}
				if email, _ := proof.Claims.Text("email"); email != who.email || proof.Claims.True("email_verified") == test.notVerified {
					t.Errorf("claims %v", proof.Claims)
				}
				if test.trace != "" && !slices.Contains(proof.Trace, test.trace) {
					t.Errorf("the trace lacks %q: %q", test.trace, proof.Trace)
				}
				if proof.SessionID == "" {
					t.Error("no session")
				}
			}
		})
	}
}

func TestAZohoClockThatIsWrongIsTold(t *testing.T) {
	z := newZoho(t, zohosim.Switches{})
	for seconds, detail := range map[int]string{
		61:   "The ID token was issued in the future; the clock here or at the provider is wrong.",
		-601: "The ID token was issued more than ten minutes ago; it is an old one, or the clock here or at the provider is wrong.",
	} {
		z.become(t, zohosim.Switches{ClockSkewSeconds: seconds})
		proof, err := z.v.Identify(t.Context(), z.signIn("ada@example.eu"))
		refused(t, proof, err, authmethods.CodeClockSkew, detail)
	}
}

func TestATokenOfAnotherDataCentreProvesNothing(t *testing.T) {
	z := newZoho(t, zohosim.Switches{})
	answer, other := z.signIn("ada@example.eu"), z.signIn("sam@example.com")
	answer.Provider = other.Provider
	proof, err := z.v.Identify(t.Context(), answer)
	unproved(t, proof, err, noKeyMadeIt)
}

func TestZohoRotatesItsKeysBetweenTwoSignIns(t *testing.T) {
	z := newZoho(t, zohosim.Switches{})
	for range 3 {
		if proof, err := z.v.Identify(t.Context(), z.signIn("ada@example.eu")); err != nil || proof.Subject.ID != "20060000001" {
			t.Fatalf("%+v, %v", proof, err)
		}
		z.RotateKeys("eu")
		z.Clock().Advance(keysPause)
	}
	answer := z.signIn("ada@example.eu")
	z.RotateKeys("eu")
	z.RotateKeys("eu")
	z.Clock().Advance(maxAge)
	if proof, err := z.v.Identify(t.Context(), answer); err == nil {
		t.Errorf("a key that is gone still counts: %+v", proof)
	}
}

func TestZohoWithoutAnIDToken(t *testing.T) {
	z := newZoho(t, zohosim.Switches{UserinfoPage: "never"})
	eu, _ := z.DataCentre("eu")
	who := sso.Subject{Issuer: eu.Accounts, ID: "20060000001"}
	answer := z.signIn("ada@example.eu")
	answer.Type = sso.OAuth2
	proof, err := z.v.Identify(t.Context(), answer)
	if err != nil || proof.Subject != who || proof.Source != FromUserinfo || !proof.Claims.True("email_verified") {
		t.Errorf("%+v, %v", proof, err)
	}

	z.Switch(func(s *zohosim.Switches) { s.UserinfoPage = "always" })
	for _, body := range []bool{false, true} {
		z.Switch(func(s *zohosim.Switches) { s.LegacyUserInfoScopeBody = body })
		proof, err = z.v.Identify(t.Context(), answer)
		unproved(t, proof, err, "The provider does not say whose access token it is: it refused the access token, perhaps for want of a scope.")
	}

	answer = z.signIn("ada@example.eu", "AaaServer.profile.READ")
	if !answer.IDToken.IsZero() {
		t.Fatal("an ID token came")
	}
	proof, err = z.v.Identify(t.Context(), answer)
	if err != nil || proof.Subject != who || proof.Source != FromProfile || proof.Claims["email_verified"] != nil {
		t.Errorf("%+v, %v", proof, err)
	}
	for name, want := range map[string]string{"email": "ada@example.eu", "name": "Ada Moreau", "first_name": "Ada", "last_name": "Moreau"} {
		if got, _ := proof.Claims.Text(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestAnOldZohoTokenIsInspected(t *testing.T) {
	z := newZoho(t, zohosim.Switches{LegacyIDToken: true})
	answer := z.signIn("remy@example.ca")
	z.Clock().Advance(2 * time.Hour)
	proof, err := z.v.Inspect(t.Context(), answer.Provider, answer.ClientID, answer.IDToken)
	if err != nil || proof.Subject.ID != "11060000001" || !slices.Contains(proof.Trace, "It would not be accepted now: it has expired.") {
		t.Errorf("%+v, %v", proof, err)
	}
}
