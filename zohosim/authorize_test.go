package zohosim_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"latchkey/zohosim"
)

func TestConsentStartedAnywhereEndsInTheUsersDataCentre(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	for user, dc := range map[string]string{"ada@example.eu": "eu", "sam@example.com": "us", "remy@example.ca": "ca"} {
		callback, err := zohosim.Approve(nil, z.authorizeURL(), zohosim.Approval{User: user})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(callback, redirectURI+"?code=1000.") || !strings.HasSuffix(callback, "&") {
			t.Errorf("callback %s", callback)
		}
		if want := "accounts-server=" + strings.ReplaceAll(strings.ReplaceAll(z.at(dc).Accounts, ":", "%3A"), "/", "%2F"); !strings.Contains(callback, want) {
			t.Errorf("callback %s lacks %s", callback, want)
		}
		if !strings.Contains(callback, "&state=st&location="+dc+"&") {
			t.Errorf("callback %s lacks state and location %s", callback, dc)
		}
	}
}

func TestRefusalComesBackAsAccessDenied(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	got := z.walk(zohosim.Approval{User: "sam@example.com", Reject: true})
	if got.Get("error") != "access_denied" || got.Get("state") != "st" || got.Has("code") {
		t.Errorf("callback %v", got)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.NoStateOnDenial = true; sw.NoTrailingAmpersand = true })
	callback, err := zohosim.Approve(nil, z.authorizeURL(), zohosim.Approval{User: "sam@example.com", Reject: true})
	if err != nil || callback != redirectURI+"?error=access_denied" {
		t.Errorf("callback %s, %v", callback, err)
	}
}

func TestWrongAuthoriseRequestsEndOnAPageOfZoho(t *testing.T) {
	cases := map[string]struct {
		pairs []string
		code  string
	}{
		"one unknown scope among good ones": {[]string{"scope", "Desk.tickets.READ,Desk.im.ALL"}, "invalid_scope"},
		"no scope":                          {[]string{"scope", ""}, "invalid_scope"},
		"product scopes with spaces":        {[]string{"scope", "Desk.tickets.READ Desk.basic.READ"}, "invalid_scope"},
		"unknown client":                    {[]string{"client_id", "1000.NOBODY"}, "invalid_client"},
		"another redirect URI":              {[]string{"redirect_uri", redirectURI + "/x"}, "invalid_redirect_uri"},
		"implicit for a server client":      {[]string{"response_type", "token"}, "invalid_response_type"},
		"unknown challenge method":          {[]string{"code_challenge", "x", "code_challenge_method", "S512"}, "invalid_request"},
	}
	z := begin(t, zohosim.Switches{})
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{200, 400} {
				z.Switch(func(sw *zohosim.Switches) { sw.ErrorPageStatus = status })
				a := z.get(z.authorizeURL(tc.pairs...), "")
				if a.status != status || a.header.Get("X-Sim-Error") != tc.code || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
					t.Errorf("status %d, error %s", a.status, a.header.Get("X-Sim-Error"))
				}
			}
		})
	}
	for lang, text := range map[string]string{"fr-FR": "La portée", "zh-CN": "范围无效", "de": "The scope is not valid"} {
		if a := z.get(z.authorizeURL("scope", "Nope"), "", "Accept-Language", lang); !strings.Contains(a.raw, text) {
			t.Errorf("%s page lacks %q: %s", lang, text, a.raw)
		}
	}
}

func TestScopeSeparators(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	good := func(scope string) bool {
		return z.get(z.authorizeURL("scope", scope), "").status == http.StatusFound
	}
	if !good("openid,email") || !good("openid email profile") || !good("aaaserver.profile.read") || !good("ZohoCRM.modules.Invoices.READ") {
		t.Error("a good scope was refused")
	}
	z.Switch(func(sw *zohosim.Switches) { sw.SpaceScopes = "never" })
	if good("openid email") {
		t.Error("spaces were accepted")
	}
	z.Switch(func(sw *zohosim.Switches) { sw.SpaceScopes = "always" })
	if !good("Desk.tickets.READ Desk.basic.READ") {
		t.Error("spaces were refused")
	}
}

func TestPagesWorkForAPersonWithoutScript(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	a := z.get(z.authorizeURL(), "")
	page := z.get(a.header.Get("Location"), "")
	csp := page.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script") || strings.Contains(page.raw, "<script") {
		t.Errorf("policy %q", csp)
	}
	for _, want := range []string{`name="user" value="ada@example.eu"`, `method="post"`, "Demo application"} {
		if !strings.Contains(page.raw, want) {
			t.Errorf("sign-in page lacks %s", want)
		}
	}
	flow := page.header.Get("X-Sim-Flow")
	org := z.post(z.at("us").Accounts+"/signin", "flow", flow, "user", "ada@example.eu")
	for _, want := range []string{`value="20067000001" required checked`, `value="20067000002" required>`, "sandbox"} {
		if !strings.Contains(org.raw, want) {
			t.Errorf("organisation page lacks %s: %s", want, org.raw)
		}
	}
	consent := z.post(z.at("eu").Accounts+"/oauth/v2/org/choose", "flow", flow, "desk", "20067000002")
	for _, want := range []string{"<li>Desk.tickets.READ</li>", "Moreau Support Sandbox (sandbox", `value="accept"`, `value="reject"`} {
		if !strings.Contains(consent.raw, want) {
			t.Errorf("consent page lacks %s: %s", want, consent.raw)
		}
	}
	if style := z.get(z.at("eu").Accounts+"/_sim/style.css", ""); !strings.HasPrefix(style.header.Get("Content-Type"), "text/css") {
		t.Error("no style sheet")
	}
	if index := z.get(z.URL+"/", ""); !strings.Contains(index.raw, "sam@example.com") || strings.Contains(index.raw, z.seed.Server.Secret) {
		t.Error("the index must list people and hide secrets")
	}
}

func TestQueryParametersAnswerThePages(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	callback, err := zohosim.Approve(nil, z.authorizeURL("sim_user", "ada@example.eu", "sim_environment", "sandbox"), zohosim.Approval{})
	if err != nil || !strings.Contains(callback, "code=") {
		t.Fatalf("%s, %v", callback, err)
	}
	callback, err = zohosim.Approve(nil, z.authorizeURL("sim_user", "sam@example.com", "sim_answer", "reject"), zohosim.Approval{})
	if err != nil || !strings.Contains(callback, "access_denied") {
		t.Fatalf("%s, %v", callback, err)
	}
}

func TestOrganisationIsChosenOrImplied(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	orgOf := func(a zohosim.Approval) string {
		tokens := z.exchange(z.walk(a)).body
		dc := map[string]string{"ada@example.eu": "eu", "sam@example.com": "us"}[a.User]
		list := z.get(z.at(dc).Desk+"/api/v1/accessibleOrganizations", tokens.text("access_token")).body["data"].([]any)
		return list[0].(map[string]any)["id"].(string)
	}
	for want, a := range map[string]zohosim.Approval{
		"20067000001": {User: "ada@example.eu"},
		"20067000002": {User: "ada@example.eu", Environment: zohosim.Sandbox},
		"10067000001": {User: "sam@example.com", Environment: zohosim.Sandbox}, // one org: nobody asks
	} {
		if got := orgOf(a); got != want {
			t.Errorf("%+v bound %s, want %s", a, got, want)
		}
	}
	if got := orgOf(zohosim.Approval{User: "ada@example.eu", Org: "20067000002"}); got != "20067000002" {
		t.Errorf("named org bound %s", got)
	}
	if _, err := zohosim.Approve(nil, z.authorizeURL(), zohosim.Approval{User: "ada@example.eu", Org: "999"}); err == nil {
		t.Error("an organisation that is not there was accepted")
	}
}

func TestRefreshTokenOnlyOfflineAndOnFirstOrForcedConsent(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	has := func(pairs ...string) bool { return z.connect("sam@example.com", pairs...).text("refresh_token") != "" }
	if has("access_type", "online") || has("access_type", "") {
		t.Error("an online request got a refresh token")
	}
	if !has("scope", "Desk.search.READ", "prompt", "") {
		t.Error("the first consent got none")
	}
	if has("scope", "Desk.search.READ", "prompt", "") {
		t.Error("the second, unforced consent got one")
	}
	if !has("scope", "Desk.search.READ") {
		t.Error("forced consent got none")
	}
	if n := z.RemoveApp("sam@example.com", z.seed.Server.ID); n != 5 {
		t.Errorf("%d grants ended, want 5", n)
	}
	if !has("scope", "Desk.search.READ", "prompt", "") {
		t.Error("after removal of the app consent is new again, yet no refresh token")
	}
}

func TestPKCEIsEnforcedWhenAChallengeWasSent(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	sum := sha256.Sum256([]byte("verifier"))
	s256 := base64.RawURLEncoding.EncodeToString(sum[:])
	for name, pairs := range map[string][]string{
		"S256":             {"code_challenge", s256, "code_challenge_method", "S256"},
		"plain by name":    {"code_challenge", "verifier", "code_challenge_method", "plain"},
		"plain by default": {"code_challenge", "verifier"},
	} {
		callback := z.approve("sam@example.com", pairs...)
		z.wantError(z.exchange(callback), "invalid_code")
		z.wantError(z.exchange(callback, "code_verifier", "other"), "invalid_code")
		if a := z.exchange(callback, "code_verifier", "verifier"); a.body.text("access_token") == "" {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
}

func TestOrganisationLevelGrantOutlivesTheAdministrator(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	orgAuth := func(user string) (string, error) {
		return zohosim.Approve(nil, strings.Replace(z.authorizeURL(), "/oauth/v2/auth", "/oauth/v2/org/auth", 1), zohosim.Approval{User: user})
	}
	if _, err := orgAuth("remy@example.ca"); err == nil || !strings.Contains(err.Error(), "not_an_admin") {
		t.Errorf("an ordinary user consented for the organisation: %v", err)
	}
	callback, err := orgAuth("sam@example.com")
	if err != nil {
		t.Fatal(err)
	}
	code := strings.TrimPrefix(callback, redirectURI+"?code=")
	code, _, _ = strings.Cut(code, "&")
	org := z.token("us", "grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI).body
	own := z.connect("sam@example.com")
	if n := z.RemoveUser("sam@example.com"); n != 1 {
		t.Errorf("%d grants ended, want 1", n)
	}
	if a := z.refresh("us", org.text("refresh_token")); a.body.text("access_token") == "" {
		t.Errorf("the organisation's grant died: %s", a.raw)
	}
	z.wantError(z.refresh("us", own.text("refresh_token")), "invalid_code")
	if a := z.get(z.at("us").Desk+"/api/v1/tickets", org.text("access_token")); a.status != http.StatusOK {
		t.Errorf("status %d %s", a.status, a.raw)
	}
}

func TestChinaStartsAtItsOwnServer(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	if _, err := z.AddUser(zohosim.User{Email: "li@example.cn", DC: "cn"}); err != nil {
		t.Fatal(err)
	}
	if _, err := zohosim.Approve(nil, z.authorizeURL(), zohosim.Approval{User: "li@example.cn"}); err == nil {
		t.Error("signed in to China from abroad")
	}
	there := strings.Replace(z.authorizeURL(), z.at("us").Accounts, z.at("cn").Accounts, 1)
	if callback, err := zohosim.Approve(nil, there, zohosim.Approval{User: "li@example.cn"}); err != nil || !strings.Contains(callback, "location=cn") {
		t.Errorf("%s, %v", callback, err)
	}
}
