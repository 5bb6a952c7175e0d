package zohosim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey/zohosim"
)

func TestTokenEndpointTakesQueryFormMultipartAndBasic(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	refresh := z.connect("sam@example.com").text("refresh_token")
	target := z.at("us").Accounts + "/oauth/v2/token"
	values := form("grant_type", "refresh_token", "refresh_token", refresh, "client_id", z.seed.Server.ID, "client_secret", z.seed.Server.Secret)
	kind, multi := multipartBody(t, values)
	basic := form("grant_type", "refresh_token", "refresh_token", refresh)
	send := func(query, kind string, b *http.Request) answer {
		b.URL.RawQuery = query
		if kind != "" {
			b.Header.Set("Content-Type", kind)
		}
		resp, err := http.DefaultClient.Do(b)
		return read(t, resp, err)
	}
	request := func(text string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	withMulti, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, multi)
	if err != nil {
		t.Fatal(err)
	}
	withBasic := request(basic.Encode())
	withBasic.SetBasicAuth(z.seed.Server.ID, z.seed.Server.Secret)
	for name, a := range map[string]answer{
		"query":     send(values.Encode(), "", request("")),
		"form":      send("", "application/x-www-form-urlencoded", request(values.Encode())),
		"multipart": send("", kind, withMulti),
		"basic":     send("", "application/x-www-form-urlencoded", withBasic),
	} {
		if a.status != http.StatusOK || a.body.text("access_token") == "" || a.header.Get("Content-Type") != "application/json;charset=UTF-8" {
			t.Errorf("%s: status %d %s", name, a.status, a.raw)
		}
		if a.body.text("refresh_token") != "" {
			t.Errorf("%s: Zoho does not rotate, yet: %s", name, a.raw)
		}
	}
	if a := z.get(target, ""); a.status != http.StatusBadRequest {
		t.Errorf("GET gave %d", a.status)
	}
}

func TestTokenErrorsComeWithStatus200(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	callback := z.approve("ada@example.eu")
	code := []string{"grant_type", "authorization_code", "code", callback.Get("code"), "redirect_uri", redirectURI}
	with := func(pairs ...string) []string { return append(append([]string{}, code...), pairs...) }
	for _, tc := range []struct {
		name  string
		dc    string
		pairs []string
		code  string
	}{
		{"the code at another data centre", "us", code, "invalid_client"},
		{"an unknown client", "eu", with("client_id", "1000.X"), "invalid_client"},
		{"no grant type", "eu", with("grant_type", ""), "invalid_client"},
		{"a wrong secret", "eu", with("client_secret", "guess"), "invalid_client_secret"},
		{"another redirect URI", "eu", with("redirect_uri", "https://elsewhere.test"), "invalid_redirect_uri"},
		{"an unknown code", "eu", with("code", "1000.a.b"), "invalid_code"},
		{"an unknown refresh token", "eu", []string{"grant_type", "refresh_token", "refresh_token", "1000.a.b"}, "invalid_code"},
		{"client credentials of a server client", "eu", []string{"grant_type", "client_credentials", "scope", "Desk.basic.READ"}, "invalid_client"},
	} {
		a := z.token(tc.dc, tc.pairs...)
		if a.status != http.StatusOK || a.body.text("error") != tc.code {
			t.Errorf("%s: status %d %s", tc.name, a.status, a.raw)
		}
	}
	z.Switch(func(sw *zohosim.Switches) { sw.WrongDC = "invalid_code" })
	z.wantError(z.token("us", code...), "invalid_code")
	if a := z.exchange(callback); a.body.text("refresh_token") == "" {
		t.Fatalf("failed attempts burnt the code: %s", a.raw)
	}
	z.wantError(z.exchange(callback), "invalid_code")
}

func TestGrantCodesExpire(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	callback := z.approve("sam@example.com")
	z.Clock().Advance(2 * time.Minute)
	z.wantError(z.exchange(callback), "invalid_code")
}

func TestStandardErrorsPlayOtherProviders(t *testing.T) {
	z := begin(t, zohosim.Switches{StandardErrors: true})
	if a := z.refresh("us", "nothing"); a.status != http.StatusBadRequest || a.body.text("error") != "invalid_grant" {
		t.Errorf("status %d %s", a.status, a.raw)
	}
	if a := z.token("us", "client_secret", "guess"); a.status != http.StatusUnauthorized || a.body.text("error") != "invalid_client" {
		t.Errorf("status %d %s", a.status, a.raw)
	}
}

func TestShapesOfTheTokenReply(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	b := z.connect("ada@example.eu")
	if b["expires_in"] != 3600.0 || b["expires_in_sec"] != nil || b.text("token_type") != "Bearer" {
		t.Errorf("%v", b)
	}
	if b.text("scope") != "Desk.tickets.READ Desk.basic.READ" || b.text("api_domain") != z.at("eu").API {
		t.Errorf("%v", b)
	}
	z.Switch(func(sw *zohosim.Switches) {
		sw.ExpiresIn, sw.NoScopeInReply, sw.APIDomainSlash = "milliseconds", true, true
	})
	b = z.connect("ada@example.eu")
	if b["expires_in"] != 3600000.0 || b["expires_in_sec"] != 3600.0 || b["scope"] != nil || b.text("api_domain") != z.at("eu").API+"/" {
		t.Errorf("%v", b)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.ExpiresIn = "sec_only" })
	if b = z.connect("ada@example.eu"); b["expires_in"] != nil || b["expires_in_sec"] != 3600.0 {
		t.Errorf("%v", b)
	}
}

func TestSecretsMayDifferPerDataCentre(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	client := z.seed.Server
	client.Secrets, client.EnabledDCs = map[string]string{"eu": "eu-secret"}, []string{"eu"}
	if err := z.AddClient(client); err != nil {
		t.Fatal(err)
	}
	callback := z.approve("ada@example.eu")
	z.wantError(z.exchange(callback), "invalid_client_secret")
	if a := z.exchange(callback, "client_secret", "eu-secret"); a.body.text("access_token") == "" {
		t.Error(a.raw)
	}
	z.wantError(z.refresh("ca", "x"), "invalid_client")
	if _, err := zohosim.Approve(nil, z.authorizeURL(), zohosim.Approval{User: "remy@example.ca"}); err == nil {
		t.Error("connected in a data centre the client is not enabled in")
	}
}

func TestSelfClientCodesAndClientCredentials(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	self := []string{"client_id", z.seed.Self.ID, "client_secret", z.seed.Self.Secret}
	code, err := z.SelfClientCode(zohosim.SelfClientRequest{Client: z.seed.Self.ID, Scope: "Desk.tickets.READ", Minutes: 10, Environment: zohosim.Sandbox})
	if err != nil {
		t.Fatal(err)
	}
	a := z.token("eu", append(self, "grant_type", "authorization_code", "code", code)...)
	if a.body.text("refresh_token") == "" {
		t.Fatalf("no refresh token: %s", a.raw)
	}
	for _, bad := range []zohosim.SelfClientRequest{
		{Client: z.seed.Server.ID, User: "ada@example.eu", Scope: "Desk.tickets.READ"},
		{Client: z.seed.Self.ID, Scope: "Desk.tickets.READ", Minutes: 4},
		{Client: z.seed.Self.ID, Scope: "Desk.nonsense.READ"},
		{Client: z.seed.Self.ID, Scope: "Desk.tickets.READ", Org: "1"},
	} {
		if _, err := z.SelfClientCode(bad); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
	cc := func(pairs ...string) answer {
		return z.token("eu", append(append(self, "grant_type", "client_credentials", "scope", "Desk.tickets.READ,Desk.basic.READ"), pairs...)...)
	}
	z.wantError(cc(), "missing_org_info")
	z.wantError(cc("soid", "ZohoDesk.1"), "missing_org_info")
	z.wantError(cc("scope", "Desk.nonsense.READ"), "invalid_scope")
	for _, soid := range []string{"ZohoSupport.20067000002", "ZohoDesk.20067000002"} {
		a := cc("soid", soid)
		if a.body.text("access_token") == "" || a.body["refresh_token"] != nil {
			t.Errorf("%s: %s", soid, a.raw)
		}
	}
}

func TestScopesCanBeAddedToARefreshToken(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	refresh := z.connect("sam@example.com").text("refresh_token")
	a := z.token("us", "grant_type", "update_scopes_token", "refresh_token", refresh)
	extra := z.authorizeURL("scope", "Desk.contacts.READ", "scope_token", a.body.text("scope_token"))
	extra = strings.Replace(extra, "/oauth/v2/auth", "/oauth/v2/token/addextrascope", 1)
	callback, err := zohosim.Approve(nil, extra, zohosim.Approval{User: "sam@example.com"})
	if err != nil || !strings.Contains(callback, "status=success") {
		t.Fatalf("%s, %v", callback, err)
	}
	if got := z.refresh("us", refresh).body.text("scope"); got != "Desk.tickets.READ Desk.basic.READ Desk.contacts.READ" {
		t.Errorf("scope %q", got)
	}
	z.wantError(z.token("us", "grant_type", "update_scopes_token", "refresh_token", "x"), "invalid_code")
}

func TestRevocation(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	b := z.connect("ada@example.eu")
	revoke := func(dc, token string) int {
		return z.post(z.at(dc).Accounts+"/oauth/v2/token/revoke", "token", token).status
	}
	if got := revoke("us", b.text("refresh_token")); got != http.StatusBadRequest {
		t.Errorf("revoked at the wrong data centre: %d", got)
	}
	if got := revoke("eu", b.text("access_token")); got != http.StatusBadRequest {
		t.Errorf("an access token of a server client was revoked: %d", got)
	}
	if got := revoke("eu", b.text("refresh_token")); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if got := revoke("eu", b.text("refresh_token")); got != http.StatusBadRequest {
		t.Errorf("revoked twice: %d", got)
	}
	z.wantError(z.refresh("eu", b.text("refresh_token")), "invalid_code")
	if v := z.Token(b.text("access_token")); v.Valid || v.Reason != zohosim.ReasonRevoked {
		t.Errorf("%+v", v)
	}
}

func TestIntrospection(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	b := z.connect("sam@example.com")
	ask := func(token string) any {
		return z.post(z.at("us").Accounts+"/oauth/v2/introspect", "token", token, "client_id", z.seed.Server.ID, "client_secret", z.seed.Server.Secret).body["active"]
	}
	if ask(b.text("access_token")) != true || ask("x") != false {
		t.Error("introspection is wrong")
	}
}

func TestDeviceFlow(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	us, eu := z.at("us").Accounts, z.at("eu").Accounts
	ask := func() (string, string) {
		a := z.post(us+"/oauth/v3/device/code", "client_id", z.seed.Device.ID, "grant_type", "device_request",
			"scope", "Desk.tickets.READ", "access_type", "offline")
		return a.body.text("device_code"), a.body.text("verification_uri_complete")
	}
	poll := func(accounts, code string) answer {
		return z.post(accounts+"/oauth/v3/device/token", "client_id", z.seed.Device.ID,
			"client_secret", z.seed.Device.Secret, "grant_type", "device_token", "code", code)
	}
	code, verify := ask()
	z.wantError(poll(us, code), "authorization_pending")
	z.wantError(poll(us, code), "slow_down")
	if _, err := zohosim.Approve(nil, verify, zohosim.Approval{User: "ada@example.eu"}); err != nil {
		t.Fatal(err)
	}
	z.Clock().Advance(30 * time.Second)
	if a := poll(us, code); a.body.text("error") != "other_dc" || a.body.text("user_location") != "eu" {
		t.Errorf("%s", a.raw)
	}
	if a := poll(eu, code); a.body.text("refresh_token") == "" || !strings.Contains(a.body.text("api_domain"), "zohoapis.eu") {
		t.Errorf("%s", a.raw)
	}
	z.wantError(poll(eu, code), "invalid_code")

	code, verify = ask()
	if _, err := zohosim.Approve(nil, verify, zohosim.Approval{User: "sam@example.com", Reject: true}); err != nil {
		t.Fatal(err)
	}
	z.wantError(poll(us, code), "access_denied")
	code, _ = ask()
	z.Clock().Advance(5 * time.Minute)
	z.wantError(poll(us, code), "expired")
}
