package catalog

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
)

func TestSigningInAtZohoTakesWhatOldTokensLookLike(t *testing.T) {
	p, err := builtIn(t, "zoho_crm").Resolve(Choice{Environment: authmethods.Production, DataCentre: "eu"})
	if err != nil {
		t.Fatal(err)
	}
	want := IDTokens{Algorithms: []string{"RS256", "RS384"}, NonceOptional: true, LegacyShape: true}
	if diff := cmp.Diff(want, p.IDTokens); diff != "" {
		t.Errorf("ID tokens (-want +got):\n%s", diff)
	}
	profile := &Profile{
		URL: "https://accounts.zoho.eu/oauth/user/info", ID: "ZUID", Scopes: []string{"AaaServer.profile.READ"},
		Claims: map[string]string{"email": "Email", "name": "Display_Name", "first_name": "First_Name", "last_name": "Last_Name"},
	}
	if diff := cmp.Diff(profile, p.Profile); diff != "" {
		t.Errorf("profile (-want +got):\n%s", diff)
	}
	if p.EndSessionEndpoint != "" {
		t.Errorf("Zoho ends sessions at %s", p.EndSessionEndpoint)
	}
}

func TestOnlyZohoMayLeaveOutTheNonceAndHasAnOlderShape(t *testing.T) {
	c, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range c.Types() {
		zoho := strings.HasPrefix(kind.ID, "zoho_")
		if kind.IDTokens.NonceOptional != zoho || kind.IDTokens.LegacyShape != zoho || len(kind.IDTokens.TrustedAudiences) > 0 {
			t.Errorf("%s: %+v", kind.ID, kind.IDTokens)
		}
	}
}

func TestSigningInNeverAsksForLastingAccess(t *testing.T) {
	c, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range c.Types() {
		p := resolved(t, kind.ID)
		if p.SignInParams["access_type"] == "offline" || p.SignInParams["prompt"] == "consent" {
			t.Errorf("%s: %v", kind.ID, p.SignInParams)
		}
		for _, scope := range p.IdentityScopes {
			if scope == "offline_access" {
				t.Errorf("%s asks for %s", kind.ID, scope)
			}
		}
	}
	google, err := builtIn(t, "google").Resolve(Choice{Environment: authmethods.Production, Settings: authmethods.Settings{
		AuthorizeParams: map[string]string{"access_type": "offline", "hd": "example.com"},
	}})
	want := map[string]string{"access_type": "online", "hd": "example.com"}
	if diff := cmp.Diff(want, google.SignInParams); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if google.AuthorizeParams["access_type"] != "offline" {
		t.Errorf("consents ask %v", google.AuthorizeParams)
	}
}

func TestMicrosoftEndsItsSessionInTheDirectory(t *testing.T) {
	if p := resolved(t, "microsoft_entra"); p.EndSessionEndpoint != "https://login.microsoftonline.com/organizations/oauth2/v2.0/logout" {
		t.Errorf("it is at %q", p.EndSessionEndpoint)
	}
}

func TestAProfileWithoutAnAddressIsTheUserinfoThatTheMethodNames(t *testing.T) {
	settings := settingsFor(builtIn(t, "generic_oauth2"))
	settings.UserinfoURL = "https://api.example.com/user"
	p, err := builtIn(t, "generic_oauth2").Resolve(Choice{Environment: authmethods.Production, Settings: settings})
	if err != nil || p.Profile == nil || p.Profile.URL != "https://api.example.com/user" || p.Profile.ID != "id" {
		t.Errorf("%+v, %v", p.Profile, err)
	}
}

func TestWhatASignInResolvesToMayBeChangedWithoutHarm(t *testing.T) {
	p := resolved(t, "zoho_desk")
	p.IDTokens.Algorithms[0], p.Profile.Claims["email"], p.SignInParams["access_type"] = "none", "x", "offline"
	if again := resolved(t, "zoho_desk"); again.IDTokens.Algorithms[0] != "RS256" || again.Profile.Claims["email"] != "Email" ||
		again.SignInParams["access_type"] != "online" {
		t.Errorf("%+v", again)
	}
}

func TestFaultsInWhatProvesPeopleAreFound(t *testing.T) {
	_, err := load(t, map[string]string{"x.yaml": `
extends: zoho_desk
id_tokens:
  algorithms: [RS256, HS256]
  trusted_audiences: [" "]
endpoints:
  end_session: "{nowhere}/logout"
profile:
  url: http://accounts.example.com/me
  id: ""
  claims:
    email_verified: Verified
    name: ""
  scopes: ["a b,c"]
`})
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	for _, want := range []string{
		`id_tokens.algorithms.1: "HS256" is not one of RS256, RS384, ES256, PS256, EdDSA`,
		`id_tokens.trusted_audiences.0: is empty`,
		`endpoints.end_session: there is no {nowhere}`,
		`profile.url: "http://accounts.example.com/me" must use https`,
		`profile.id: is missing`,
		`profile.claims.email_verified: cannot come from a profile`,
		`profile.claims.name: names no field`,
		`profile.scopes.0: "a b,c" is not a scope`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not found: %s\nin %v", want, err)
		}
	}
}

func TestTheClaimOfAnIssuerMatchesWholly(t *testing.T) {
	by := resolved(t, "microsoft_entra").IssuerByClaim
	const tid = "11111111-2222-3333-4444-555555555555"
	for value, want := range map[string]bool{tid: true, tid + "/": false, "x" + tid: false, "": false, "organizations": false, tid + "\n": false} {
		if by.Matches(value) != want {
			t.Errorf("%q: %v", value, !want)
		}
	}
}
