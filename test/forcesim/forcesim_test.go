package forcesim_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"latchkey/test/forcesim"
)

const (
	redirectURI = "http://127.0.0.1:1/callback?from=force"
	verifier    = "a-verifier-that-is-long-enough-for-the-rule-of-43"
)

var (
	productionClient = forcesim.Client{ID: "3MVG9prod", Secret: "prod+secret", RedirectURIs: []string{redirectURI}}
	sandboxClient    = forcesim.Client{ID: "3MVG9sand", Secret: "sand+secret", RedirectURIs: []string{redirectURI}, RequirePKCE: true}
	noRedirects      = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
)

func start(t *testing.T) *forcesim.Server {
	t.Helper()
	server := forcesim.Start()
	t.Cleanup(server.Close)
	server.Register(forcesim.Production, productionClient)
	server.Register(forcesim.Sandbox, sandboxClient)
	return server
}

func clientOf(host forcesim.Host) forcesim.Client {
	if host == forcesim.Sandbox {
		return sandboxClient
	}
	return productionClient
}

func authorizationQuery(client forcesim.Client) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {client.ID}, "redirect_uri": {redirectURI}, "response_type": {"code"},
		"state": {"the-state"}, "scope": {"api refresh_token"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

// authorize returns the status, the parameters sent back and the page text.
func authorize(t *testing.T, s *forcesim.Server, host forcesim.Host, query url.Values) (int, url.Values, string) {
	t.Helper()
	response, err := noRedirects.Get(s.Endpoint(host, "authorize") + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	location, err := response.Location()
	if err != nil {
		return response.StatusCode, nil, string(page)
	}
	return response.StatusCode, location.Query(), string(page)
}

func post(t *testing.T, s *forcesim.Server, host forcesim.Host, client forcesim.Client, form url.Values) (int, map[string]any) {
	t.Helper()
	form.Set("client_id", client.ID)
	form.Set("client_secret", client.Secret)
	response, err := http.PostForm(s.Endpoint(host, "token"), form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
}

func connect(t *testing.T, s *forcesim.Server, host forcesim.Host) map[string]any {
	t.Helper()
	_, back, _ := authorize(t, s, host, authorizationQuery(clientOf(host)))
	status, answer := post(t, s, host, clientOf(host), codeForm(back.Get("code")))
	if status != http.StatusOK {
		t.Fatalf("the exchange answers %d %v", status, answer)
	}
	return answer
}

func refresh(t *testing.T, s *forcesim.Server, host forcesim.Host, token any) (int, map[string]any) {
	t.Helper()
	return post(t, s, host, clientOf(host), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}})
}

// fetch makes a GET with a bearer token and returns status and body.
func fetch(t *testing.T, address string, token any) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token.(string))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestEachHostGivesTokensForItsOwnInstance(t *testing.T) {
	s := start(t)
	for host, instance := range map[forcesim.Host]string{
		forcesim.Production: s.URL + "/acme.my.salesforce.com",
		forcesim.Sandbox:    s.URL + "/acme--dev.sandbox.my.salesforce.com",
	} {
		t.Run(string(host), func(t *testing.T) {
			answer := connect(t, s, host)
			if answer["instance_url"] != instance || s.InstanceURL(host) != instance {
				t.Errorf("instance_url is %v", answer["instance_url"])
			}
			if _, there := answer["expires_in"]; there {
				t.Error("the answer has expires_in")
			}
			issued, err := strconv.ParseInt(answer["issued_at"].(string), 10, 64)
			if err != nil || issued < 1_000_000_000_000 {
				t.Errorf("issued_at %v is not in milliseconds", answer["issued_at"])
			}
			if answer["token_type"] != "Bearer" || answer["scope"] != "api refresh_token" || answer["signature"] == "" {
				t.Errorf("the answer is %v", answer)
			}
			for _, address := range []string{instance + "/services/data/", s.Endpoint(host, "userinfo"), answer["id"].(string)} {
				if status, body := fetch(t, address, answer["access_token"]); status != http.StatusOK {
					t.Errorf("%s answers %d %s", address, status, body)
				}
			}
		})
	}
}

func TestUserinfoNamesPersonAndOrganisation(t *testing.T) {
	s := start(t)
	answer := connect(t, s, forcesim.Sandbox)
	_, body := fetch(t, s.Endpoint(forcesim.Sandbox, "userinfo"), answer["access_token"])
	var person map[string]any
	if err := json.Unmarshal([]byte(body), &person); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"user_id", "organization_id", "email", "preferred_username"} {
		if text, _ := person[field].(string); text == "" {
			t.Errorf("userinfo has no %s: %v", field, person)
		}
	}
}

func TestAHostKnowsNothingOfTheOther(t *testing.T) {
	s := start(t)
	status, back, page := authorize(t, s, forcesim.Production, authorizationQuery(sandboxClient))
	if status != http.StatusBadRequest || back != nil || !strings.Contains(page, "invalid_client_id") {
		t.Errorf("a sandbox client at production authorize: %d %v %s", status, back, page)
	}
	sandbox := connect(t, s, forcesim.Sandbox)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {sandbox["refresh_token"].(string)}}
	if status, answer := post(t, s, forcesim.Production, sandboxClient, form); status != http.StatusBadRequest || answer["error"] != "invalid_client_id" {
		t.Errorf("a sandbox client at the production token endpoint: %d %v", status, answer)
	}
	if status, answer := post(t, s, forcesim.Production, productionClient, form); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		t.Errorf("a sandbox refresh token at production: %d %v", status, answer)
	}
	if status, body := fetch(t, s.InstanceURL(forcesim.Production)+"/services/data/", sandbox["access_token"]); status != http.StatusUnauthorized || !strings.Contains(body, `"errorCode":"INVALID_SESSION_ID"`) {
		t.Errorf("a sandbox access token at the production instance: %d %s", status, body)
	}
	if status, _ := fetch(t, s.Endpoint(forcesim.Production, "userinfo"), sandbox["access_token"]); status != http.StatusForbidden {
		t.Errorf("a sandbox access token at production userinfo: %d", status)
	}
}

func TestAuthorizationRefusals(t *testing.T) {
	cases := map[string]struct {
		change func(url.Values)
		deny   bool
		want   string // the error code
		page   bool   // shown to the person, not sent back
	}{
		"a refusing user":             {deny: true, want: "access_denied"},
		"an unknown client":           {change: func(q url.Values) { q.Set("client_id", "nobody") }, want: "invalid_client_id", page: true},
		"a foreign redirect URI":      {change: func(q url.Values) { q.Set("redirect_uri", "http://127.0.0.1:1/x") }, want: "redirect_uri_mismatch", page: true},
		"another response type":       {change: func(q url.Values) { q.Set("response_type", "token") }, want: "unsupported_response_type"},
		"no challenge where required": {change: func(q url.Values) { q.Del("code_challenge") }, want: "invalid_request"},
	}
	s := start(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			query := authorizationQuery(sandboxClient)
			if c.change != nil {
				c.change(query)
			}
			s.Deny(c.deny)
			status, back, page := authorize(t, s, forcesim.Sandbox, query)
			if c.page {
				if status != http.StatusBadRequest || back != nil || !strings.Contains(page, "error="+c.want+"&") {
					t.Errorf("answers %d %v %s", status, back, page)
				}
				return
			}
			if status != http.StatusFound || back.Get("error") != c.want || back.Get("error_description") == "" ||
				back.Get("state") != "the-state" || back.Get("from") != "force" || back.Has("code") {
				t.Errorf("answers %d %v", status, back)
			}
		})
	}
}

func TestExchangeRefusals(t *testing.T) {
	cases := map[string]struct {
		change func(*forcesim.Server, url.Values)
		secret string
		want   string
	}{
		"a wrong verifier":     {change: func(_ *forcesim.Server, f url.Values) { f.Set("code_verifier", "other") }, want: "invalid_grant"},
		"no verifier":          {change: func(_ *forcesim.Server, f url.Values) { f.Del("code_verifier") }, want: "invalid_grant"},
		"an expired code":      {change: func(s *forcesim.Server, _ url.Values) { s.ExpireCodes() }, want: "invalid_grant"},
		"another redirect URI": {change: func(_ *forcesim.Server, f url.Values) { f.Set("redirect_uri", "http://x/") }, want: "redirect_uri_mismatch"},
		"another grant type":   {change: func(_ *forcesim.Server, f url.Values) { f.Set("grant_type", "password") }, want: "unsupported_grant_type"},
		"a wrong secret":       {secret: productionClient.Secret, want: "invalid_client"},
	}
	s := start(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			client := sandboxClient
			if c.secret != "" {
				client.Secret = c.secret
			}
			_, back, _ := authorize(t, s, forcesim.Sandbox, authorizationQuery(client))
			form := codeForm(back.Get("code"))
			if c.change != nil {
				c.change(s, form)
			}
			if status, answer := post(t, s, forcesim.Sandbox, client, form); status != http.StatusBadRequest || answer["error"] != c.want || answer["error_description"] == "" {
				t.Errorf("answers %d %v", status, answer)
			}
		})
	}
}

func TestACodeIsGoodOnce(t *testing.T) {
	s := start(t)
	_, back, _ := authorize(t, s, forcesim.Production, authorizationQuery(productionClient))
	if status, answer := post(t, s, forcesim.Production, productionClient, codeForm(back.Get("code"))); status != http.StatusOK {
		t.Fatalf("the first use: %d %v", status, answer)
	}
	status, answer := post(t, s, forcesim.Production, productionClient, codeForm(back.Get("code")))
	if status != http.StatusBadRequest || answer["error"] != "invalid_grant" || answer["error_description"] != "expired authorization code" {
		t.Errorf("the second use: %d %v", status, answer)
	}
}

func TestNoRefreshTokenWithoutItsScope(t *testing.T) {
	s := start(t)
	query := authorizationQuery(productionClient)
	query.Set("scope", "api")
	_, back, _ := authorize(t, s, forcesim.Production, query)
	_, answer := post(t, s, forcesim.Production, productionClient, codeForm(back.Get("code")))
	if answer["access_token"] == nil || answer["refresh_token"] != nil {
		t.Errorf("the answer has the fields of %v", answer)
	}
}

func TestRefreshKeepsTheTokenUnlessRotationIsOn(t *testing.T) {
	s := start(t)
	first := connect(t, s, forcesim.Sandbox)
	s.ExpireAccessTokens()
	if status, _ := fetch(t, s.InstanceURL(forcesim.Sandbox)+"/services/data/", first["access_token"]); status != http.StatusUnauthorized {
		t.Errorf("an expired session answers %d", status)
	}
	status, second := refresh(t, s, forcesim.Sandbox, first["refresh_token"])
	if status != http.StatusOK || second["refresh_token"] != nil || second["instance_url"] != first["instance_url"] {
		t.Fatalf("a plain refresh: %d %v", status, second)
	}
	if status, _ := fetch(t, s.InstanceURL(forcesim.Sandbox)+"/services/data/", second["access_token"]); status != http.StatusOK {
		t.Errorf("the new access token answers %d", status)
	}

	s.RotateRefreshTokens(true)
	_, third := refresh(t, s, forcesim.Sandbox, first["refresh_token"])
	if third["refresh_token"] == nil || third["refresh_token"] == first["refresh_token"] {
		t.Fatal("rotation gave no new refresh token")
	}
	if status, answer := refresh(t, s, forcesim.Sandbox, first["refresh_token"]); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		t.Errorf("the spent token: %d %v", status, answer)
	}
	if status, _ := refresh(t, s, forcesim.Sandbox, third["refresh_token"]); status != http.StatusBadRequest {
		t.Errorf("its successor after the reuse: %d", status)
	}
}

func TestEndingAGrant(t *testing.T) {
	cases := map[string]struct {
		end       func(*testing.T, *forcesim.Server, map[string]any)
		refreshes bool
	}{
		"revoking the refresh token ends all":         {end: revokeField("refresh_token")},
		"revoking the access token ends only that":    {end: revokeField("access_token"), refreshes: true},
		"a user who removes the application ends all": {end: func(_ *testing.T, s *forcesim.Server, _ map[string]any) { s.RevokeAll() }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			answer := connect(t, s, forcesim.Production)
			c.end(t, s, answer)
			if status, _ := fetch(t, s.InstanceURL(forcesim.Production)+"/services/data/", answer["access_token"]); status != http.StatusUnauthorized {
				t.Errorf("the access token answers %d", status)
			}
			status, after := refresh(t, s, forcesim.Production, answer["refresh_token"])
			if (status == http.StatusOK) != c.refreshes {
				t.Errorf("a refresh afterwards: %d %v", status, after)
			}
			if !c.refreshes && after["error_description"] != "expired access/refresh token" {
				t.Errorf("the refusal says %v", after)
			}
		})
	}
}

func revokeField(field string) func(*testing.T, *forcesim.Server, map[string]any) {
	return func(t *testing.T, s *forcesim.Server, answer map[string]any) {
		t.Helper()
		response, err := http.PostForm(s.Endpoint(forcesim.Production, "revoke"), url.Values{"token": {answer[field].(string)}})
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("revocation answers %s", response.Status)
		}
	}
}

func TestRevokingAnUnknownTokenIsAnError(t *testing.T) {
	s := start(t)
	response, err := http.PostForm(s.Endpoint(forcesim.Sandbox, "revoke"), url.Values{"token": {"nonsense"}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("answers %s", response.Status)
	}
}

func TestTheLogTellsTokenRequestsApart(t *testing.T) {
	s := start(t)
	answer := connect(t, s, forcesim.Sandbox)
	refresh(t, s, forcesim.Sandbox, answer["refresh_token"])
	refresh(t, s, forcesim.Production, "unknown")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Endpoint(forcesim.Production, "token"),
		strings.NewReader("grant_type=refresh_token&refresh_token=unknown"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(productionClient.ID), url.QueryEscape(productionClient.Secret))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()

	known, unknown := forcesim.Fingerprint(answer["refresh_token"].(string)), forcesim.Fingerprint("unknown")
	want := []forcesim.TokenRequest{
		{Host: forcesim.Sandbox, GrantType: "authorization_code", ClientID: sandboxClient.ID, ClientAuth: "client_secret_post", Issued: known, Outcome: "ok", InFlight: 1},
		{Host: forcesim.Sandbox, GrantType: "refresh_token", ClientID: sandboxClient.ID, ClientAuth: "client_secret_post", RefreshToken: known, Outcome: "ok", InFlight: 1},
		{Host: forcesim.Production, GrantType: "refresh_token", ClientID: productionClient.ID, ClientAuth: "client_secret_post", RefreshToken: unknown, Outcome: "invalid_grant", InFlight: 1},
		{Host: forcesim.Production, GrantType: "refresh_token", ClientID: productionClient.ID, ClientAuth: "client_secret_basic", RefreshToken: unknown, Outcome: "invalid_grant", InFlight: 1},
	}
	got := s.TokenRequests()
	if len(got) != len(want) {
		t.Fatalf("the log holds %d requests, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Time.IsZero() {
			t.Errorf("request %d has no time", i)
		}
		got[i].Time = want[i].Time
		if got[i] != want[i] {
			t.Errorf("request %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
