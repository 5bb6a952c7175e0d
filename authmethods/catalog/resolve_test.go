package catalog

import (
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

func wantField(t *testing.T, err error, pointer, detail string) {
	t.Helper()
	var problem *authmethods.Problem
	if !errors.As(err, &problem) {
		t.Fatalf("error is %v, want a problem", err)
	}
	if problem.Kind != authmethods.Invalid {
		t.Errorf("kind is %v, want invalid", problem.Kind)
	}
	want := []authmethods.FieldError{{Pointer: pointer, Detail: detail}}
	if diff := cmp.Diff(want, problem.Fields); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// settingsFor fills what a generic type asks for.
func settingsFor(found *Type) authmethods.Settings {
	var s authmethods.Settings
	if found.Settings["issuer"] == Required {
		s.Issuer = "https://id.example.com"
	}
	if found.Settings["token_url"] == Required {
		s.AuthorizeURL, s.TokenURL = "https://id.example.com/authorize", "https://id.example.com/token"
	}
	return s
}

func TestEveryTypeResolvesEverywhereToAbsoluteAddresses(t *testing.T) {
	c, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range c.Types() {
		for _, e := range found.EnvironmentsInOrder() {
			codes := []string{authmethods.DataCentreAuto}
			for _, dc := range found.DataCentresIn(e) {
				codes = append(codes, dc.Code)
			}
			for _, code := range codes {
				choice := Choice{Environment: e, DataCentre: code, Settings: settingsFor(found), Mode: authmethods.ModeOAuth}
				if found.Address.Required {
					choice.EnvironmentURL = found.Address.Example
				}
				p, err := found.Resolve(choice)
				if err != nil {
					t.Errorf("%s %s %s: %v", found.ID, e, code, err)
					continue
				}
				checkResolved(t, p)
			}
		}
	}
}

func checkResolved(t *testing.T, p Provider) {
	t.Helper()
	name := p.Type + " " + string(p.Environment) + " " + p.DataCentre
	if !p.Discover && (p.AuthorizationEndpoint == "" || p.TokenEndpoint == "") {
		t.Errorf("%s lacks an endpoint", name)
	}
	if p.Protocol == OIDC && p.Issuer == "" && p.IssuerByClaim == nil {
		t.Errorf("%s lacks an issuer", name)
	}
	if p.ClientAuth == "" || p.PKCE == "" || p.ScopeSeparator == "" || p.TokenHeader == "" {
		t.Errorf("%s lacks a part: %+v", name, p)
	}
	addresses := []string{p.Issuer, p.AuthorizationServer, p.AuthorizationEndpoint, p.TokenEndpoint, p.RevocationEndpoint,
		p.UserinfoEndpoint, p.JWKSURI, p.APIBaseURL, p.ConsoleURL}
	for _, section := range []any{p.Organizations, p.Account, p.TestCall} {
		if v := reflect.ValueOf(section); !v.IsNil() {
			addresses = append(addresses, v.Elem().FieldByName("URL").String())
		}
	}
	for _, address := range append(addresses, p.APIDomains...) {
		filled := strings.Replace(address, PlaceholderInstanceURL, "https://instance.example.com", 1)
		u, err := url.Parse(filled)
		if filled != "" && (err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(filled, "{}")) {
			t.Errorf("%s has the address %q", name, address)
		}
	}
	for _, host := range p.Hosts() {
		if !strings.HasPrefix(host, "https://") || strings.Count(host, "/") != 2 {
			t.Errorf("%s would talk to %q", name, host)
		}
	}
}

func TestAutoStartsWhereTheTypedAddressLiesElseAtTheDefault(t *testing.T) {
	desk := builtIn(t, "zoho_desk")
	for address, want := range map[string]string{
		"": "us", "https://desk.zoho.eu/support/acme": "eu", "https://help.acme.example": "us",
	} {
		p, err := desk.Resolve(Choice{Environment: authmethods.Production, DataCentre: "auto", EnvironmentURL: address})
		if err != nil || p.DataCentre != want {
			t.Errorf("%q starts at %q, %v, want %q", address, p.DataCentre, err, want)
		}
	}
}

func TestSalesforceSignsInWhereTheEnvironmentDoesUnlessMyDomainIsGiven(t *testing.T) {
	salesforce := builtIn(t, "salesforce")
	for _, test := range []struct {
		environment   authmethods.Environment
		address, want string
	}{
		{authmethods.Production, "", "https://login.salesforce.com/services/oauth2/token"},
		{authmethods.Sandbox, "", "https://test.salesforce.com/services/oauth2/token"},
		{authmethods.Sandbox, "https://acme--dev.sandbox.my.salesforce.com/", "https://acme--dev.sandbox.my.salesforce.com/services/oauth2/token"},
	} {
		p, err := salesforce.Resolve(Choice{Environment: test.environment, EnvironmentURL: test.address})
		if err != nil || p.TokenEndpoint != test.want {
			t.Errorf("%s %q: %q, %v, want %q", test.environment, test.address, p.TokenEndpoint, err, test.want)
		}
		if p.APIBaseURL != PlaceholderInstanceURL {
			t.Errorf("API base is %q", p.APIBaseURL)
		}
	}
}

func TestAnInstanceMustLieBeneathTheTypesHosts(t *testing.T) {
	zendesk := builtIn(t, "zendesk")
	for address, want := range map[string]string{
		"https://acme.zendesk.com/agent":     "https://acme.zendesk.com/oauth/tokens",
		"https://ACME.zendesk.com":           "https://acme.zendesk.com/oauth/tokens",
		"https://acme.zendesk.com:443":       "https://acme.zendesk.com/oauth/tokens",
		"":                                   "",
		"https://zendesk.com":                "",
		"https://.zendesk.com":               "",
		"https://acme.zendesk.com.":          "",
		"https://acme.zendesk.com:8443":      "",
		"https://acmezendesk.com":            "",
		"https://acme.zendesk.com.evil.test": "",
		"https://evil.test/.zendesk.com":     "",
		"https://evil.test#.zendesk.com":     "",
		"https://evil.test\\.zendesk.com":    "",
		"https://u@acme.zendesk.com":         "",
		"http://acme.zendesk.com":            "",
		"https://acme\u3002zendesk.com":      "",
		" https://acme.zendesk.com":          "",
	} {
		p, err := zendesk.Resolve(Choice{Environment: authmethods.Production, EnvironmentURL: address})
		if p.TokenEndpoint != want || (err == nil) != (want != "") {
			t.Errorf("%q gives %q, %v, want %q", address, p.TokenEndpoint, err, want)
		}
	}
	_, err := zendesk.Resolve(Choice{Environment: authmethods.Production})
	wantField(t, err, "/environment_url", "Zendesk needs its address, for example https://acme.zendesk.com.")
	_, err = zendesk.Resolve(Choice{Environment: authmethods.Production, EnvironmentURL: "https://acme.example.com"})
	wantField(t, err, "/environment_url",
		"This is not an address of Zendesk, whose hosts are *.zendesk.com; an example is https://acme.zendesk.com.")
}

func TestTheDirectoryOfEntraDecidesItsIssuer(t *testing.T) {
	entra := builtIn(t, "microsoft_entra")
	const directory = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	fixed, err := entra.Resolve(Choice{Environment: authmethods.Production,
		Settings: authmethods.Settings{Parameters: map[string]string{"directory": directory}}})
	if err != nil || fixed.Issuer != "https://login.microsoftonline.com/"+directory+"/v2.0" || fixed.IssuerByClaim != nil {
		t.Errorf("one directory: %q, %v, %v", fixed.Issuer, fixed.IssuerByClaim, err)
	}
	open, err := entra.Resolve(Choice{Environment: authmethods.Production, DataCentre: "us_gov"})
	if err != nil || open.Issuer != "" || open.IssuerByClaim == nil {
		t.Fatalf("any directory: %q, %v, %v", open.Issuer, open.IssuerByClaim, err)
	}
	if want := "https://login.microsoftonline.us/{tid}/v2.0"; open.IssuerByClaim.Template != want {
		t.Errorf("template is %q, want %q", open.IssuerByClaim.Template, want)
	}
	_, err = entra.Resolve(Choice{Environment: authmethods.Production,
		Settings: authmethods.Settings{Parameters: map[string]string{"directory": "../evil", "other": "x"}}})
	var problem *authmethods.Problem
	if !errors.As(err, &problem) || len(problem.Fields) != 2 || problem.Fields[0].Pointer != "/parameters/other" {
		t.Errorf("bad parameters give %v", err)
	}
}

func TestGenericTypesTakeTheirEndpointsFromTheMethod(t *testing.T) {
	settings := authmethods.Settings{
		AuthorizeURL: "https://id.example.com/authorize?audience=a", TokenURL: "https://id.example.com/token",
		UserinfoURL: "https://id.example.com/me", RevokeURL: "https://id.example.com/revoke",
		ScopeSeparator: ",", TokenHeaderPrefix: "Token", ClientAuth: "basic",
		AuthorizeParams: map[string]string{"audience": "b"},
	}
	p, err := builtIn(t, "generic_oauth2").Resolve(Choice{Environment: authmethods.Production, Settings: settings,
		EnvironmentURL: "https://api.example.com/v2/", Mode: authmethods.ModeOAuth})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{p.AuthorizationEndpoint, p.TokenEndpoint, p.UserinfoEndpoint, p.RevocationEndpoint,
		p.ScopeSeparator, p.TokenHeaderPrefix, string(p.ClientAuth), p.AuthorizeParams["audience"], p.SignInParams["audience"], p.APIBaseURL}
	want := []string{settings.AuthorizeURL, settings.TokenURL, settings.UserinfoURL, settings.RevokeURL,
		",", "Token", "basic", "b", "b", "https://api.example.com/v2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	oidc, err := builtIn(t, "generic_oidc").Resolve(Choice{Environment: authmethods.Production,
		Settings: authmethods.Settings{Issuer: "https://id.example.com/realms/a"}, Mode: authmethods.ModeOAuth})
	if err != nil || !oidc.Discover || oidc.Issuer != "https://id.example.com/realms/a" {
		t.Errorf("generic_oidc: %v %q %v", oidc.Discover, oidc.Issuer, err)
	}
	_, err = builtIn(t, "generic_oidc").Resolve(Choice{Environment: authmethods.Production, Mode: authmethods.ModeOAuth})
	wantField(t, err, "/issuer", "Other (OpenID Connect) needs this.")
}

func TestWhatResolveReturnsMayBeChangedWithoutHarm(t *testing.T) {
	desk := builtIn(t, "zoho_desk")
	p, err := desk.Resolve(Choice{Environment: authmethods.Production})
	if err != nil {
		t.Fatal(err)
	}
	p.AuthorizeParams["prompt"], p.APIHeaders["orgId"], p.IdentityScopes[0], p.Organizations.URL = "x", "x", "x", "x"
	again, err := desk.Resolve(Choice{Environment: authmethods.Production})
	if err != nil || again.AuthorizeParams["prompt"] != "consent" || again.APIHeaders["orgId"] != PlaceholderOrganization ||
		again.IdentityScopes[0] != "openid" || again.Organizations.URL == "x" {
		t.Errorf("the type changed: %+v, %v", again, err)
	}
}

func TestAWrongChoiceIsAProblemOfItsField(t *testing.T) {
	google := builtIn(t, "google")
	_, err := google.Resolve(Choice{Environment: authmethods.Sandbox})
	wantField(t, err, "/environment", `Google has no environment "sandbox"; it has production.`)
	_, err = google.Resolve(Choice{Environment: authmethods.Production, DataCentre: "eu"})
	wantField(t, err, "/data_centre", "Google has no data centres to choose from; leave it on auto.")
	_, err = builtIn(t, "zoho_desk").Resolve(Choice{Environment: authmethods.Production, DataCentre: "fr"})
	wantField(t, err, "/data_centre", `Zoho Desk has no data centre "fr"; it has auto, us, eu, in, au, jp, ca, sa, uk, cn, sg, ae.`)
}
