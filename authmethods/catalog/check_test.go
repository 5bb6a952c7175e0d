package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

func goodMethod() *authmethods.Method {
	return &authmethods.Method{
		IntegrationType: "zoho_desk", Mode: authmethods.ModeOAuth, EnvironmentURL: "https://desk.zoho.eu/support/acme",
		ClientID: "1000.ABCDEFGHIJKLMNOPQRSTUVWXYZ0123", Scopes: []string{"Desk.tickets.READ"}, DataCentre: "auto",
		Environments: []authmethods.MethodEnvironment{{Environment: authmethods.Sandbox}},
	}
}

func genericMethod() *authmethods.Method {
	return &authmethods.Method{IntegrationType: "generic_oauth2", Mode: authmethods.ModeOAuth, DataCentre: "auto",
		Settings: authmethods.Settings{AuthorizeURL: "https://id.example.com/a", TokenURL: "https://id.example.com/t"}}
}

func TestCheckFindsWhatIsWrongWithAMethod(t *testing.T) {
	for name, test := range map[string]struct {
		method  func() *authmethods.Method
		spoil   func(*authmethods.Method)
		pointer string
		detail  string
	}{
		"nothing":         {goodMethod, func(m *authmethods.Method) {}, "", ""},
		"nothing generic": {genericMethod, func(m *authmethods.Method) {}, "", ""},
		"a custom portal": {goodMethod, func(m *authmethods.Method) { m.EnvironmentURL = "https://support.acme.example" }, "", ""},
		"a mode the type lacks": {goodMethod, func(m *authmethods.Method) { m.Mode = authmethods.ModeBasic },
			"/mode", `Zoho Desk has no mode "basic"; it has oauth, self_client, client_credentials.`},
		"an unknown data centre": {goodMethod, func(m *authmethods.Method) { m.DataCentre = "fr" },
			"/data_centre", `Zoho Desk has no data centre "fr"; it has auto, us, eu, in, au, jp, ca, sa, uk, cn, sg, ae.`},
		"an address elsewhere": {goodMethod, func(m *authmethods.Method) { m.DataCentre = "us" },
			"/environment_url", "This address lies in the data centre eu, but us is chosen."},
		"an http address": {goodMethod, func(m *authmethods.Method) { m.EnvironmentURL = "http://desk.zoho.eu" },
			"/environment_url", "This address must use https."},
		"an environment the type lacks": {goodMethod, func(m *authmethods.Method) { m.Environments[0].Environment = authmethods.Developer },
			"/environments/developer", `Zoho Desk has no environment "developer"; it has production, sandbox.`},
		"a bad address of an environment": {goodMethod, func(m *authmethods.Method) { m.Environments[0].EnvironmentURL = "ftp://x" },
			"/environments/sandbox/environment_url", "This address must be a full address such as https://accounts.example.com."},
		"no scopes":                     {goodMethod, func(m *authmethods.Method) { m.Scopes = nil }, "/scopes", "Choose at least one scope."},
		"no scopes where none are sent": {goodMethod, func(m *authmethods.Method) { m.Scopes, m.Mode = nil, authmethods.ModeSelfClient }, "", ""},
		"two scopes in one": {goodMethod, func(m *authmethods.Method) { m.Scopes = []string{"Desk.a.READ", "Desk.b.READ,Desk.c.READ"} },
			"/scopes/1", `A scope of Zoho Desk must not hold ",", which separates scopes; enter one scope at a time.`},
		"a scope with a quote": {goodMethod, func(m *authmethods.Method) { m.Scopes = []string{`a"b`} },
			"/scopes/0", `A scope is printable ASCII without spaces, " and \.`},
		"a setting that is built in": {goodMethod, func(m *authmethods.Method) { m.Settings.TokenURL = "https://evil.example" },
			"/token_url", "Zoho Desk has this setting built in; leave it empty."},
		"parameters the type refuses": {goodMethod, func(m *authmethods.Method) { m.Settings.AuthorizeParams = map[string]string{"a": "b"} },
			"/authorize_params", "Zoho Desk takes no extra authorize parameters."},
		"an unknown parameter": {goodMethod, func(m *authmethods.Method) { m.Settings.Parameters = map[string]string{"a/b": "c"} },
			"/parameters/a~1b", `Zoho Desk has no parameter "a/b".`},
		"a missing setting": {genericMethod, func(m *authmethods.Method) { m.Settings.TokenURL = "" },
			"/token_url", "Other (OAuth 2.0) needs this."},
		"a static token without endpoints": {genericMethod,
			func(m *authmethods.Method) { m.Mode, m.Settings = authmethods.ModeStaticToken, authmethods.Settings{} }, "", ""},
		"client credentials without an authorize address": {genericMethod,
			func(m *authmethods.Method) { m.Mode, m.Settings.AuthorizeURL = authmethods.ModeClientCredentials, "" }, "", ""},
		"a fragment": {genericMethod, func(m *authmethods.Method) { m.Settings.TokenURL += "#x" },
			"/token_url", "This address must not hold a fragment (#)."},
		"a private address": {genericMethod, func(m *authmethods.Method) { m.Settings.TokenURL = "https://[::1]/t" },
			"/token_url", "This address must name a host, not an IP address."},
		"an issuer with a query": {func() *authmethods.Method {
			return &authmethods.Method{IntegrationType: "generic_oidc", Mode: authmethods.ModeOAuth, Scopes: []string{"openid"}}
		}, func(m *authmethods.Method) { m.Settings.Issuer = "https://id.example.com?x" },
			"/issuer", "An issuer must not hold a query (?)."},
		"a bad separator": {genericMethod, func(m *authmethods.Method) { m.Settings.ScopeSeparator = "-" },
			"/scope_separator", "The separator is a space, or one of , ; | +"},
		"a bad prefix": {genericMethod, func(m *authmethods.Method) { m.Settings.TokenHeaderPrefix = "a b" },
			"/token_header_prefix", "This is one word, such as Bearer."},
		"a bad client authentication": {genericMethod, func(m *authmethods.Method) { m.Settings.ClientAuth = "jwt" },
			"/client_auth", "This is post, basic or none."},
		"a reserved parameter": {genericMethod, func(m *authmethods.Method) { m.Settings.AuthorizeParams = map[string]string{"Redirect_URI": "x"} },
			"/authorize_params/Redirect_URI", "Redirect_URI is set by the broker and cannot be changed."},
		"a line break in a parameter": {genericMethod, func(m *authmethods.Method) { m.Settings.AuthorizeParams = map[string]string{"a": "b\n"} },
			"/authorize_params/a", "The value must be printable ASCII of at most 512 characters."},
	} {
		t.Run(name, func(t *testing.T) {
			m := test.method()
			test.spoil(m)
			var want []authmethods.FieldError
			if test.pointer != "" {
				want = []authmethods.FieldError{{Pointer: test.pointer, Detail: test.detail}}
			}
			if diff := cmp.Diff(want, builtIn(t, m.IntegrationType).Check(m)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryReservedParameterIsRefused(t *testing.T) {
	for _, name := range []string{"state", "redirect_uri", "client_id", "code_challenge", "code_challenge_method", "response_type", "scope", "nonce"} {
		m := genericMethod()
		m.Settings.AuthorizeParams = map[string]string{name: "x"}
		if got := builtIn(t, "generic_oauth2").Check(m); len(got) != 1 {
			t.Errorf("%s gives %v", name, got)
		}
	}
}

func TestAnAddressPerEnvironmentReplacesTheCommonOne(t *testing.T) {
	m := &authmethods.Method{Mode: authmethods.ModeOAuth, Scopes: []string{"read"}, Environments: []authmethods.MethodEnvironment{
		{Environment: authmethods.Sandbox, EnvironmentURL: "https://acme-test.zendesk.com"}}}
	if got := builtIn(t, "zendesk").Check(m); got != nil {
		t.Errorf("faults: %v", got)
	}
}

func TestAnOddClientIDIsAWarningNotAFault(t *testing.T) {
	m, desk := goodMethod(), builtIn(t, "zoho_desk")
	if got := desk.Warnings(m); got != nil {
		t.Errorf("a good ID gives %v", got)
	}
	m.ClientID, m.Environments[0].ClientID = "abc", "1000.x"
	want := []authmethods.FieldError{{Pointer: "/client_id", Detail: desk.Client.IDHint},
		{Pointer: "/environments/sandbox/client_id", Detail: desk.Client.IDHint}}
	if diff := cmp.Diff(want, desk.Warnings(m)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := desk.Check(m); got != nil {
		t.Errorf("faults: %v", got)
	}
}

func TestScopesAreRemarkedOn(t *testing.T) {
	desk, crm, dynamics := builtIn(t, "zoho_desk"), builtIn(t, "zoho_crm"), builtIn(t, "dynamics365")
	signIn := []string{"openid", "email", "profile"}
	for name, test := range map[string]struct {
		of     *Type
		scopes []string
		want   []Lint
	}{
		"good ones":  {desk, append([]string{"Desk.tickets.READ"}, signIn...), nil},
		"other case": {desk, append([]string{"desk.TICKETS.read"}, signIn...), nil},
		"a slip": {desk, append([]string{"Desk.ticket.READ"}, signIn...), []Lint{{0, "Desk.ticket.READ", LintUnknown, "Desk.tickets.READ",
			"Desk.ticket.READ is not in our list of Zoho Desk scopes. Did you mean Desk.tickets.READ?"}}},
		"a stranger": {desk, append([]string{"x"}, signIn...), []Lint{{0, "x", LintUnknown, "", "x is not in our list of Zoho Desk scopes."}}},
		"covered": {desk, append([]string{"Desk.tickets.READ", "Desk.tickets.ALL"}, signIn...), []Lint{{0, "Desk.tickets.READ", LintCovered,
			"Desk.tickets.ALL", "Desk.tickets.ALL already includes Desk.tickets.READ."}}},
		"twice": {desk, append([]string{"Desk.tickets.READ", "desk.tickets.read"}, signIn...), []Lint{{1, "desk.tickets.read", LintDuplicate, "",
			"desk.tickets.read is listed twice."}}},
		"no identity": {desk, []string{"Desk.tickets.READ", "openid", "email"}, []Lint{{-1, "profile", LintMissingIdentity, "profile",
			"Signing people in needs profile."}}},
		"a custom module": {crm, append([]string{"ZohoCRM.modules.Cars.READ"}, signIn...), nil},
		"an address in a scope": {dynamics, append([]string{"https://acme.crm4.dynamics.com/user_impersonation"}, signIn...), []Lint{{-1,
			"offline_access", LintMissingRefresh, "offline_access", "Without offline_access there is no lasting access."}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.of.LintScopes(test.scopes)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestScopesOfDataverseNameTheInstance(t *testing.T) {
	p := resolved(t, "dynamics365")
	got := p.ExpandScopes([]string{"{instance}/user_impersonation", "offline_access"})
	if diff := cmp.Diff([]string{"https://acme.crm4.dynamics.com/user_impersonation", "offline_access"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHostsAreExactOrigins(t *testing.T) {
	want := []string{"https://accounts.google.com", "https://oauth2.googleapis.com",
		"https://openidconnect.googleapis.com", "https://www.googleapis.com"}
	if diff := cmp.Diff(want, builtIn(t, "google").Hosts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantZendesk := []string{"https://acme.zendesk.com"}
	if diff := cmp.Diff(wantZendesk, resolved(t, "zendesk").Hosts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
