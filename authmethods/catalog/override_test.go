package catalog

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

const simulated = `
extends: zoho_desk
data_centres:
  eu:
    authorization_server: http://127.0.0.1:9090/accounts.zoho.eu
    hosts:
      desk:
        production: http://127.0.0.1:9090/desk.zoho.eu
        sandbox: http://127.0.0.1:9090/desk.zoho.eu
      api:
        production: http://127.0.0.1:9090/www.zohoapis.eu
`

func TestASimulatorStandsInForADataCentreByItsTableAlone(t *testing.T) {
	c, err := load(t, map[string]string{"zoho_desk.yaml": simulated})
	if err != nil {
		t.Fatal(err)
	}
	desk := mustFind(t, c, "zoho_desk")
	p, err := desk.Resolve(Choice{Environment: authmethods.Production, DataCentre: "eu"})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{p.TokenEndpoint, p.AuthorizationEndpoint, p.Issuer, p.APIBaseURL, p.Organizations.URL, p.APIDomains[0]}
	want := []string{
		"http://127.0.0.1:9090/accounts.zoho.eu/oauth/v2/token",
		"http://127.0.0.1:9090/accounts.zoho.eu/oauth/v2/auth",
		"http://127.0.0.1:9090/accounts.zoho.eu",
		"http://127.0.0.1:9090/desk.zoho.eu/api/v1",
		"http://127.0.0.1:9090/desk.zoho.eu/api/v1/organizations",
		"http://127.0.0.1:9090/www.zohoapis.eu",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if dc, ok := desk.DataCentreOf("http://127.0.0.1:9090/accounts.zoho.eu"); !ok || dc.Code != "eu" {
		t.Errorf("the callback's server gives %q", dc.Code)
	}
	if dc, ok := desk.DataCentreOf("http://127.0.0.1:9090"); ok {
		t.Errorf("the bare origin gives %q", dc.Code)
	}
	if code, _ := desk.DataCentreFor("http://127.0.0.1:9090/desk.zoho.eu/support/acme"); code != "eu" {
		t.Errorf("the typed address gives %q", code)
	}
	if code, ok := desk.DataCentreFor("http://127.0.0.1:9090/desk.zoho.eux/support"); ok {
		t.Errorf("a longer segment gives %q", code)
	}
	if us, _ := desk.DataCentre("us"); us.AuthorizationServer != "https://accounts.zoho.com" {
		t.Errorf("us became %q", us.AuthorizationServer)
	}
	if crm, _ := mustFind(t, c, "zoho_crm").DataCentre("eu"); crm.AuthorizationServer != "https://accounts.zoho.eu" {
		t.Errorf("another type changed to %q", crm.AuthorizationServer)
	}
}

func TestHTTPIsRefusedUnlessTheOperatorAllowsTheHost(t *testing.T) {
	_, err := Load(Options{Extra: fstest.MapFS{"d.yaml": {Data: []byte(simulated)}}})
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 4 {
		t.Fatalf("error is %v", err)
	}
	want := `d.yaml:5: data_centres.eu.authorization_server: "http://127.0.0.1:9090/accounts.zoho.eu" must use https`
	if faults[0].String() != want {
		t.Errorf("first fault is %s, want %s", faults[0], want)
	}
}

func TestASharedTableChangesEveryTypeThatIncludesIt(t *testing.T) {
	c, err := load(t, map[string]string{"zoho.dc.yaml": strings.Replace(simulated, "zoho_desk", "zoho", 1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"zoho_desk", "zoho_crm"} {
		if eu, _ := mustFind(t, c, id).DataCentre("eu"); eu.AuthorizationServer != "http://127.0.0.1:9090/accounts.zoho.eu" {
			t.Errorf("%s has %q", id, eu.AuthorizationServer)
		}
	}
}

func TestAnOverrideMergesMapsReplacesListsAndErasesWithNull(t *testing.T) {
	c, err := load(t, map[string]string{"d.yaml": `
extends: zoho_desk
name: Our Desk
authorize:
  params:
    prompt: login
errors:
  grant_lost: [gone]
data_centres:
  cn: null
  uk:
    hosts:
      api:
        sandbox: https://sandbox.zohoapis.example
console:
  steps: [Ask Marie.]
`})
	if err != nil {
		t.Fatal(err)
	}
	desk := mustFind(t, c, "zoho_desk")
	if desk.Name != "Our Desk" || desk.ID != "zoho_desk" {
		t.Errorf("it is %q, %q", desk.ID, desk.Name)
	}
	if diff := cmp.Diff(map[string]string{"access_type": "offline", "prompt": "login"}, desk.Authorize.Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"gone"}, desk.Errors.GrantLost); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"invalid_client", "invalid_client_secret"}, desk.Errors.ClientRejected); diff != "" {
		t.Errorf("untouched list (-want +got):\n%s", diff)
	}
	if _, ok := desk.DataCentre("cn"); ok {
		t.Error("cn is still there")
	}
	if uk, _ := desk.DataCentre("uk"); uk.Hosts["api"][authmethods.Sandbox] == "" || uk.Hosts["api"][authmethods.Production] == "" {
		t.Errorf("uk is %v", uk.Hosts)
	}
	if len(desk.DataCentres) != 10 || desk.DataCentres[0].Code != "us" {
		t.Errorf("order or number is wrong: %v", desk.DataCentres)
	}
}

func TestANewTypeMayExtendAnother(t *testing.T) {
	c, err := load(t, map[string]string{
		"a.yaml": "extends: zoho_desk\nid: zoho_desk_beta\nname: Desk beta\n",
		"b.yaml": "extends: zoho_desk\nclient:\n  id_hint: Changed.\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	beta := mustFind(t, c, "zoho_desk_beta")
	if beta.Name != "Desk beta" || beta.Client.IDHint != "Changed." || mustFind(t, c, "zoho_desk").Name != "Zoho Desk" {
		t.Errorf("beta is %q with hint %q", beta.Name, beta.Client.IDHint)
	}
}

func TestTwoFilesMayNotChangeOneType(t *testing.T) {
	_, err := load(t, map[string]string{"a.yaml": "extends: google\nname: A\n", "b.yaml": "extends: google\nname: B\n"})
	if err == nil || !strings.Contains(err.Error(), "b.yaml:1: extends: google is changed by a.yaml already") {
		t.Errorf("error is %v", err)
	}
}
