package zohosim_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"latchkey/zohosim"
)

const sso = "openid,email,profile"

// claims verifies an ID token with the published keys of a data centre.
func (z *zoho) claims(dc, token string) map[string]any {
	z.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(z.get(z.at(dc).Accounts+"/oauth/v2/keys", "").raw), &set); err != nil {
		z.t.Fatal(err)
	}
	signed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256, jose.RS384})
	if err != nil {
		z.t.Fatal(err)
	}
	keys := set.Key(signed.Signatures[0].Header.KeyID)
	if len(keys) != 1 {
		z.t.Fatalf("key %s is not published", signed.Signatures[0].Header.KeyID)
	}
	if head := signed.Signatures[0].Header; keys[0].Algorithm != head.Algorithm {
		z.t.Errorf("the key is for %s, the token has %s", keys[0].Algorithm, head.Algorithm)
	}
	payload, err := signed.Verify(keys[0].Key)
	if err != nil {
		z.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		z.t.Fatal(err)
	}
	return claims
}

func TestDiscoveryHasExactlyZohosKeys(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	doc := z.get(z.at("ca").Accounts+"/.well-known/openid-configuration", "").body
	want := strings.Fields("authorization_endpoint claims_supported code_challenge_methods_supported dc_info device_authorization_endpoint " +
		"grant_types_supported id_token_signing_alg_values_supported introspection_endpoint issuer jwks_uri response_modes_supported " +
		"response_types_supported revocation_endpoint scopes_supported subject_types_supported token_endpoint " +
		"token_endpoint_auth_methods_supported userinfo_endpoint")
	if got := slices.Sorted(maps.Keys(doc)); !slices.Equal(got, want) {
		t.Errorf("keys %v", got)
	}
	if doc.text("issuer") != z.URL+"/accounts.zohocloud.ca" {
		t.Errorf("issuer %s", doc.text("issuer"))
	}
	locations := z.get(doc.text("dc_info"), "").body["locations"].(map[string]any)
	if len(locations) != 10 || locations["cn"] != nil || locations["ae"] != z.at("ae").Accounts {
		t.Errorf("serverinfo %v", locations)
	}
}

func TestIDTokens(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	login := func() string {
		return z.connect("ada@example.eu", "scope", sso, "access_type", "online", "nonce", "n1").text("id_token")
	}
	got := z.claims("eu", login())
	for name, want := range map[string]any{"iss": z.at("eu").Accounts, "sub": "20060000001", "aud": z.seed.Server.ID, "nonce": "n1",
		"email": "ada@example.eu", "email_verified": true, "name": "Ada Moreau", "first_name": "Ada", "exp": float64(start.Unix() + 3600)} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	z.Switch(func(sw *zohosim.Switches) {
		sw.SchemelessIssuer, sw.NoNonceEcho, sw.NoEmailVerified, sw.NoName, sw.NoPicture, sw.RS384 = true, true, true, true, true, true
		sw.ClockSkewSeconds = 120
	})
	got = z.claims("eu", login())
	for _, absent := range []string{"nonce", "email_verified", "name", "picture"} {
		if _, there := got[absent]; there {
			t.Errorf("%s is there", absent)
		}
	}
	if "http://"+got["iss"].(string) != z.at("eu").Accounts || got["iat"] != float64(start.Unix()+120) {
		t.Errorf("%v", got)
	}
	if tokens := z.connect("ada@example.eu"); tokens["id_token"] != nil {
		t.Error("an ID token without OpenID scopes")
	}
}

func TestLegacyIDTokenHasPaddingAndKeyID(t *testing.T) {
	z := begin(t, zohosim.Switches{LegacyIDToken: true})
	token := z.connect("sam@example.com", "scope", sso).text("id_token")
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.URLEncoding.DecodeString(head)
	if err != nil || !strings.Contains(string(raw), `"key_id"`) || strings.Contains(string(raw), `"kid"`) || !strings.Contains(token, "=") {
		t.Errorf("header %s, %v", raw, err)
	}
}

func TestKeyRotationKeepsOneOldKey(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	old := z.connect("sam@example.com", "scope", sso).text("id_token")
	z.RotateKeys("us")
	z.claims("us", old)
	z.claims("us", z.connect("sam@example.com", "scope", sso).text("id_token"))
	z.RotateKeys("us")
	signed, err := jose.ParseSigned(old, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if keys := z.get(z.at("us").Accounts+"/oauth/v2/keys", "").raw; strings.Contains(keys, signed.Signatures[0].Header.KeyID) {
		t.Error("the oldest key is still published")
	}
}

func TestUserinfoAndItsHTML(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	at := z.at("us").Accounts + "/oauth/v2/userinfo"
	full := z.connect("sam@example.com", "scope", sso).text("access_token")
	narrow := z.connect("sam@example.com", "scope", "profile").text("access_token")
	if a := z.get(at, full); a.body.text("sub") != "10060000001" || a.body.text("email") != "sam@example.com" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := z.get(at, narrow); a.status != 400 || a.body != nil {
		t.Errorf("%d %s", a.status, a.raw)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.UserinfoPage = "never" })
	if a := z.get(at, narrow); a.status != 200 || a.body.text("email") != "" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.UserinfoPage = "always" })
	if a := z.get(at, full); a.status != 400 {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := z.get(at, "x"); a.status != 401 {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

func TestLegacyUserInfo(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	at := z.at("us").Accounts + "/oauth/user/info"
	with := z.connect("sam@example.com", "scope", "aaaserver.profile.read").text("access_token")
	without := z.connect("sam@example.com").text("access_token")
	if a := z.get(at, with); a.body["ZUID"] != 10060000001.0 || a.body.text("Email") != "sam@example.com" || a.body.text("Display_Name") != "Sam Lee" {
		t.Errorf("%s", a.raw)
	}
	if a := z.get(at, without); a.status != 200 || a.body["status_code"] != 405.0 {
		t.Errorf("%d %s", a.status, a.raw)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.LegacyUserInfoScopeBody = true })
	if a := z.get(at, without); a.body.text("cause") != "INVALID_OAUTHSCOPE" {
		t.Errorf("%d %s", a.status, a.raw)
	}
}
