package catalog

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/authmethods"
)

func resolved(t *testing.T, id string) Provider {
	t.Helper()
	found := builtIn(t, id)
	choice := Choice{Environment: authmethods.Production, Settings: settingsFor(found)}
	if found.Address.Required {
		choice.EnvironmentURL = found.Address.Example
	}
	p, err := found.Resolve(choice)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestQuirksOfZohoReachTheProvider(t *testing.T) {
	p := resolved(t, "zoho_desk")
	for _, quirk := range []struct {
		name      string
		got, want any
	}{
		{"scope_separator", p.ScopeSeparator, ","},
		{"token_prefix", p.TokenHeader + ": " + p.TokenHeaderPrefix, "Authorization: Zoho-oauthtoken"},
		{"headers", p.APIHeaders, map[string]string{"orgId": "{organization}"}},
		{"params", p.AuthorizeParams, map[string]string{"access_type": "offline", "prompt": "consent"}},
		{"sign_in_params", p.SignInParams, map[string]string{"access_type": "online"}},
		{"client authentication", p.ClientAuth, ClientAuthPost},
		{"pkce", p.PKCE, PKCES256},
		{"issuer_spellings", p.IssuerSpellings, []string{"https://accounts.zoho.com", "accounts.zoho.com"}},
		{"region_from_callback", p.RegionParams, RegionParams{AuthorizationServer: "accounts-server", Code: "location"}},
		{"rotates_refresh_token", p.Refresh.Rotation, RotatesNever},
		{"requires_refresh_token", p.Refresh.Requires, true},
		{"access token lifetime", p.Refresh.AccessTokenMaxLifetime, time.Hour},
		{"expires_in_unit", p.Refresh.ExpiresInUnit, Seconds},
		{"expires_in_seconds_field", p.Refresh.ExpiresInSecondsField, "expires_in_sec"},
		{"limits", p.Limits, Limits{Refreshes: RefreshLimit{Allowed: 10, Budget: 8, Window: 10 * time.Minute},
			AccessTokensPerRefreshToken: 10, RefreshTokensPerUserAndClient: 20, ThrottleBackoff: 10 * time.Minute}},
		{"revocation", p.Revocation, Revocation{Method: "POST", TokenIn: TokenInBody, GoneStatuses: []int{400}}},
		{"client_credentials", p.ClientCredentialsParams, map[string]string{"soid": "ZohoSupport.{organization}"}},
		{"verification", p.Verify, Verification{By: VerifyOrganizationFlag, Path: "isSandboxPortal",
			Values: map[authmethods.Environment][]string{authmethods.Production: {"false"}, authmethods.Sandbox: {"true"}}}},
		{"api domains", p.APIDomains, []string{"https://www.zohoapis.com", "https://sandbox.zohoapis.com", "https://developer.zohoapis.com"}},
	} {
		if diff := cmp.Diff(quirk.want, quirk.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", quirk.name, diff)
		}
	}
}

func TestTheAPIDomainProvesTheEnvironmentOfZohoCRM(t *testing.T) {
	p, err := builtIn(t, "zoho_crm").Resolve(Choice{Environment: authmethods.Sandbox, DataCentre: "eu"})
	if err != nil || p.Verify.By != VerifyAPIDomain || p.Verify.APIDomain != "https://sandbox.zohoapis.eu" {
		t.Errorf("verification is %+v, %v", p.Verify, err)
	}
}

func TestQuirksOfTheOthers(t *testing.T) {
	zendesk, google, hubspot, salesforce, entra := resolved(t, "zendesk"), resolved(t, "google"), resolved(t, "hubspot"),
		resolved(t, "salesforce"), resolved(t, "microsoft_entra")
	for _, quirk := range []struct {
		name      string
		got, want any
	}{
		{"Zendesk rotates", zendesk.Refresh.Rotation, RotatesAlways},
		{"Zendesk revokes by itself", zendesk.Revocation.TokenIn, TokenInHeader},
		{"Zendesk deletes", zendesk.Revocation.Method, "DELETE"},
		{"Google's issuer may lack its scheme", google.IssuerSpellings, []string{"https://accounts.google.com", "accounts.google.com"}},
		{"Google forgets idle tokens", google.Refresh.RefreshTokenIdleLimit, 180 * 24 * time.Hour},
		{"Google keeps a hundred", google.Limits.RefreshTokensPerUserAndClient, 100},
		{"HubSpot has an older code field", hubspot.Errors.CodeFields, []string{"error", "status"}},
		{"HubSpot has no PKCE", hubspot.PKCE, PKCENone},
		{"HubSpot's answer is the organisation", hubspot.Organizations.List, ""},
		{"Salesforce may rotate", salesforce.Refresh.Rotation, RotatesMaybe},
		{"Entra's tokens idle out", entra.Refresh.RefreshTokenIdleLimit, 90 * 24 * time.Hour},
		{"others speak of error", entra.Errors.CodeFields, []string{"error"}},
		{"others use a Bearer token", entra.TokenHeader + ": " + entra.TokenHeaderPrefix, "Authorization: Bearer"},
	} {
		if diff := cmp.Diff(quirk.want, quirk.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", quirk.name, diff)
		}
	}
}

func TestErrorCodesMeanWhatTheProviderMeansByThem(t *testing.T) {
	for _, test := range []struct {
		id, code string
		want     Class
	}{
		{"zoho_desk", "invalid_code", ClassGrantLost},
		{"zoho_desk", "invalid_client", ClassClientRejected},
		{"zoho_desk", "invalid_client_secret", ClassClientRejected},
		{"zoho_desk", "invalid_scope", ClassScopeInvalid},
		{"zoho_desk", "Access Denied", ClassThrottled},
		{"zoho_desk", "access_denied", ClassThrottled},
		{"zoho_desk", "拒绝访问", ClassTemporary},
		{"zoho_desk", "general_error", ClassTemporary},
		{"google", "invalid_code", ClassTemporary},
		{"google", "invalid_grant", ClassGrantLost},
		{"google", "unauthorized_client", ClassClientRejected},
		{"google", "slow_down", ClassThrottled},
		{"google", "INVALID_GRANT", ClassTemporary},
		{"google", "", ClassTemporary},
		{"hubspot", "BAD_REFRESH_TOKEN", ClassGrantLost},
		{"salesforce", "inactive_org", ClassTemporary},
	} {
		if got := resolved(t, test.id).Errors.Class(test.code); got != test.want {
			t.Errorf("%s %q is %s, want %s", test.id, test.code, got, test.want)
		}
	}
}

func TestAnUnexplainedCodeIsTemporary(t *testing.T) {
	zoho := resolved(t, "zoho_desk").Errors
	known := slices.Concat(zoho.GrantLost, zoho.ClientRejected, zoho.ScopeInvalid, zoho.Throttled,
		[]string{"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "slow_down"})
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.String().Filter(func(s string) bool { return !slices.Contains(known, s) }).Draw(t, "code")
		if got := zoho.Class(code); got != ClassTemporary {
			t.Errorf("%q is %s", code, got)
		}
	})
}

func TestATranslatedThrottleIsKnownByItsShape(t *testing.T) {
	zoho, google := resolved(t, "zoho_desk").Errors, resolved(t, "google").Errors
	chinese := map[string]any{"error": "拒绝访问", "status": "failure"}
	if zoho.Knows("拒绝访问") || !zoho.ThrottleShape(chinese) {
		t.Error("the Chinese throttle is not recognised")
	}
	if zoho.ThrottleShape(map[string]any{"error": "invalid_code"}) || zoho.ThrottleShape(map[string]any{"status": 1}) {
		t.Error("another error is taken for a throttle")
	}
	if google.ThrottleShape(chinese) || google.ThrottleShape(nil) {
		t.Error("a provider without a throttle shape recognises one")
	}
	if !zoho.Knows("general_error") || !google.Knows("invalid_grant") || google.Knows("general_error") {
		t.Error("known and unknown codes are confused")
	}
}

func TestOnlyAnswersOfAWorkingServerAreBelieved(t *testing.T) {
	zoho, google := resolved(t, "zoho_desk").Errors, resolved(t, "google").Errors
	for status, want := range map[int][2]bool{ // Zoho, Google
		200: {true, false}, 400: {true, true}, 401: {true, true}, 403: {true, true},
		408: {false, false}, 429: {false, false}, 500: {false, false}, 503: {false, false}, 302: {false, false}, 0: {false, false},
	} {
		if got := [2]bool{zoho.Believes(status), google.Believes(status)}; got != want {
			t.Errorf("%d: %v, want %v", status, got, want)
		}
	}
}

func TestAQuirkNobodyEmbeddedHasStillWorks(t *testing.T) {
	c, err := load(t, map[string]string{"a.yaml": goodType + `  expires_in_unit: milliseconds
revocation:
  token_in: query
  client_authentication: true
verification:
  by: host
  values:
    production: [.example.com]
api:
  token_header: X-Token
  base_url: "{instance_url}/v1"
`})
	if err != nil {
		t.Fatal(err)
	}
	p, err := mustFind(t, c, "acme").Resolve(Choice{Environment: authmethods.Production})
	if err != nil {
		t.Fatal(err)
	}
	if p.Refresh.ExpiresInUnit != Milliseconds || p.Revocation.TokenIn != TokenInQuery || !p.Revocation.ClientAuthentication ||
		p.Verify.By != VerifyHost || p.TokenHeader != "X-Token" || p.APIBaseURL != "{instance_url}/v1" {
		t.Errorf("provider is %+v", p)
	}
}
