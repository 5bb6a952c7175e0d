package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

// zohoHosts is the table of Zoho's documentation, written a second time.
var zohoHosts = []struct{ code, accounts, api, desk, sandbox, developer, console string }{
	{"us", "accounts.zoho.com", "www.zohoapis.com", "desk.zoho.com", "sandbox.zohoapis.com", "developer.zohoapis.com", "api-console.zoho.com"},
	{"eu", "accounts.zoho.eu", "www.zohoapis.eu", "desk.zoho.eu", "sandbox.zohoapis.eu", "developer.zohoapis.eu", "api-console.zoho.eu"},
	{"in", "accounts.zoho.in", "www.zohoapis.in", "desk.zoho.in", "sandbox.zohoapis.in", "developer.zohoapis.in", "api-console.zoho.in"},
	{"au", "accounts.zoho.com.au", "www.zohoapis.com.au", "desk.zoho.com.au", "sandbox.zohoapis.com.au", "developer.zohoapis.com.au", "api-console.zoho.com.au"},
	{"jp", "accounts.zoho.jp", "www.zohoapis.jp", "desk.zoho.jp", "sandbox.zohoapis.jp", "developer.zohoapis.jp", "api-console.zoho.jp"},
	{"ca", "accounts.zohocloud.ca", "www.zohoapis.ca", "desk.zohocloud.ca", "sandbox.zohoapis.ca", "developer.zohoapis.ca", "api-console.zohocloud.ca"},
	{"sa", "accounts.zoho.sa", "www.zohoapis.sa", "desk.zoho.sa", "sandbox.zohoapis.sa", "developer.zohoapis.sa", "api-console.zoho.sa"},
	{"uk", "accounts.zoho.uk", "www.zohoapis.uk", "desk.zoho.uk", "", "", "api-console.zoho.uk"},
	{"cn", "accounts.zoho.com.cn", "www.zohoapis.com.cn", "desk.zoho.com.cn", "sandbox.zohoapis.com.cn", "developer.zohoapis.com.cn", "api-console.zoho.com.cn"},
	{"sg", "accounts.zoho.sg", "www.zohoapis.sg", "desk.zoho.sg", "", "", "api-console.zoho.sg"},
	{"ae", "accounts.zoho.ae", "www.zohoapis.ae", "desk.zoho.ae", "", "", "api-console.zoho.ae"},
}

func TestZohoDataCentresEqualTheTable(t *testing.T) {
	for _, id := range []string{"zoho_desk", "zoho_crm"} {
		zoho := builtIn(t, id)
		if len(zoho.DataCentres) != len(zohoHosts) {
			t.Fatalf("%s has %d data centres, want %d", id, len(zoho.DataCentres), len(zohoHosts))
		}
		for i, want := range zohoHosts {
			api := PerEnvironment{authmethods.Production: "https://" + want.api}
			if want.sandbox != "" {
				api[authmethods.Sandbox], api[authmethods.Developer] = "https://"+want.sandbox, "https://"+want.developer
			}
			desk := PerEnvironment{authmethods.Production: "https://" + want.desk, authmethods.Sandbox: "https://" + want.desk}
			wanted := DataCentre{Code: want.code, Name: zoho.DataCentres[i].Name, AuthorizationServer: "https://" + want.accounts,
				Console: "https://" + want.console, Hosts: map[string]PerEnvironment{"desk": desk, "api": api}}
			if diff := cmp.Diff(wanted, zoho.DataCentres[i]); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", id, want.code, diff)
			}
		}
	}
}

func TestTheZohoProductsShareOneAuthorizationServer(t *testing.T) {
	desk, crm := builtIn(t, "zoho_desk"), builtIn(t, "zoho_crm")
	for name, pair := range map[string][2]any{
		"endpoints": {desk.Endpoints, crm.Endpoints}, "authorize": {desk.Authorize, crm.Authorize},
		"client": {desk.Client, crm.Client}, "refresh": {desk.Refresh, crm.Refresh}, "limits": {desk.Limits, crm.Limits},
		"errors": {desk.Errors, crm.Errors}, "revocation": {desk.Revocation, crm.Revocation}, "region": {desk.Region, crm.Region},
		"id_tokens": {desk.IDTokens, crm.IDTokens}, "profile": {desk.Profile, crm.Profile},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s differ (-desk +crm):\n%s", name, diff)
		}
	}
}

func TestTheAPIBaseOfZohoFollowsDataCentreAndEnvironment(t *testing.T) {
	for _, test := range []struct {
		id, dataCentre string
		environment    authmethods.Environment
		want           string
	}{
		{"zoho_desk", "eu", authmethods.Production, "https://desk.zoho.eu/api/v1"},
		{"zoho_desk", "ca", authmethods.Sandbox, "https://desk.zohocloud.ca/api/v1"},
		{"zoho_crm", "eu", authmethods.Production, "https://www.zohoapis.eu/crm/v8"},
		{"zoho_crm", "ca", authmethods.Sandbox, "https://sandbox.zohoapis.ca/crm/v8"},
		{"zoho_crm", "jp", authmethods.Developer, "https://developer.zohoapis.jp/crm/v8"},
	} {
		p, err := builtIn(t, test.id).Resolve(Choice{Environment: test.environment, DataCentre: test.dataCentre})
		if err != nil || p.APIBaseURL != test.want {
			t.Errorf("%s %s %s: %q, %v, want %q", test.id, test.dataCentre, test.environment, p.APIBaseURL, err, test.want)
		}
	}
}

func TestAnUnknownHostIsRefusedWithTheWayOut(t *testing.T) {
	_, err := builtIn(t, "zoho_crm").Resolve(Choice{Environment: authmethods.Sandbox, DataCentre: "uk"})
	wantField(t, err, "/data_centre", "The address of Zoho CRM in the sandbox of the data centre United Kingdom (uk) is not known. "+
		"An operator can add it in a file that extends the type.")
}

func TestACallbackNamesADataCentreOnlyByItsExactAddress(t *testing.T) {
	desk := builtIn(t, "zoho_desk")
	for given, want := range map[string]string{
		"https://accounts.zoho.eu":              "eu",
		"https://accounts.zoho.eu/":             "eu",
		"https://accounts.zohocloud.ca":         "ca",
		"https://accounts.zoho.eu//":            "",
		"https://accounts.zoho.eu.":             "",
		"https://ACCOUNTS.zoho.eu":              "",
		"https://accounts.zoho.eu:443":          "",
		"https://accounts.zoho.eu/x":            "",
		"https://accounts.zoho.eu?x":            "",
		"http://accounts.zoho.eu":               "",
		"https://x@accounts.zoho.eu":            "",
		"https://accounts.zoho.eu@evil.example": "",
		"https://accounts.zoho.attacker.com":    "",
		"accounts.zoho.eu":                      "",
		"/":                                     "",
		"":                                      "",
	} {
		dc, ok := desk.DataCentreOf(given)
		if dc.Code != want || ok != (want != "") {
			t.Errorf("%q gives %q, %v, want %q", given, dc.Code, ok, want)
		}
	}
}

func TestATypedAddressTellsTheDataCentre(t *testing.T) {
	desk := builtIn(t, "zoho_desk")
	for given, want := range map[string]string{
		"https://desk.zoho.eu/support/acme":    "eu",
		"https://DESK.zoho.eu/support/acme":    "eu",
		"https://desk.zoho.eu:443/":            "eu",
		"https://desk.zohocloud.ca?x=1":        "ca",
		"https://sandbox.zohoapis.jp":          "jp",
		"https://desk.zoho.eu.evil.example":    "",
		"https://support.acme.example/helpful": "",
		"http://desk.zoho.eu":                  "",
		"nonsense":                             "",
	} {
		if got, ok := desk.DataCentreFor(given); got != want || ok != (want != "") {
			t.Errorf("%q gives %q, %v, want %q", given, got, ok, want)
		}
	}
}
