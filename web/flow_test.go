package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/web/route"
	"latchkey/zohosim"
)

var ada = zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Production}

// newMethod makes a Zoho Desk method through the administration API.
func (s *stack) newMethod() reply {
	s.t.Helper()
	return s.api("POST", "/auth-methods", map[string]any{
		"name": "Zoho Desk", "reference": "zoho-desk", "integration_type": "zoho_desk",
		"client_id": s.Seed.Server.ID, "client_secret": s.Seed.Server.Secret, "scopes": []string{"Desk.tickets.READ", "Desk.basic.READ"},
	}).want(http.StatusCreated)
}

// connect makes a method and approves it in production, as a program would.
func (s *stack) connect() {
	s.t.Helper()
	s.newMethod()
	s.Approve(s.t, "zoho-desk", authmethods.Production, ada)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func TestAMethodIsMadeEnabledApprovedInABrowserAndLent(t *testing.T) {
	s := newStack(t)
	made := s.newMethod()
	if made.Header.Get("ETag") != `"1"` || made.Header.Get("Location") != "/api/v1/auth-methods/"+made.text("id") {
		t.Errorf("headers of a new method: %v", made.Header)
	}
	if strings.Contains(made.Body, s.Seed.Server.Secret) {
		t.Error("the answer holds the client secret")
	}
	s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}).want(409, "consent_required")

	begun := s.api("POST", "/auth-methods/zoho-desk/enable", map[string]any{"environment": "production"}).want(201)
	b := s.browser()
	start := b.send("GET", begun.text("authorize_url"), nil).want(200)
	ticket, err := url.Parse(begun.text("authorize_url"))
	must(t, err)
	csrf := csrfField.FindStringSubmatch(start.Body)
	if csrf == nil {
		t.Fatalf("no form on the start page:\n%s", start.Body)
	}
	form := url.Values{"ticket": {ticket.Query().Get("ticket")}, "csrf": {html.UnescapeString(csrf[1])}}
	forward := b.send("POST", origin+"/consents/"+begun.text("consent")+"/start", form).want(200)
	_, authorize, ok := strings.Cut(forward.Header.Get("Refresh"), "url=")
	if !ok {
		t.Fatalf("no way on to the provider: %v", forward.Header)
	}
	callback, err := zohosim.Approve(nil, authorize, ada)
	must(t, err)
	back := b.send("GET", callback, nil).want(303)
	if at := back.Header.Get("Location"); at != "/consents/"+begun.text("consent")+"/result" {
		t.Fatalf("the browser was sent to %s", at)
	}
	result := b.send("GET", origin+back.Header.Get("Location"), nil).want(200)
	if !strings.Contains(result.Body, "Zoho Desk") {
		t.Errorf("the result page does not say what is connected:\n%s", result.Body)
	}
	s.browser().send("GET", origin+back.Header.Get("Location"), nil).want(404) // another browser

	if status := s.api("GET", "/consents/"+begun.text("consent"), nil).want(200).text("status"); status != "completed" {
		t.Errorf("the consent is %s", status)
	}
	loan := s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk", "scopes": []string{"Desk.tickets.READ"}}).want(200)
	if loan.text("token_type") != "Zoho-oauthtoken" || loan.text("source") != "store" {
		t.Errorf("the first loan: %s", loan.Body)
	}
	again := s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}).want(200)
	if again.text("source") != "memory" || again.text("access_token") != loan.text("access_token") {
		t.Errorf("the second loan: %s", again.Body)
	}
	for _, secret := range []string{loan.text("access_token"), s.Seed.Server.Secret, s.admin, s.borrower, form.Get("ticket"), authorize} {
		if strings.Contains(s.logs.String(), secret) || strings.Contains(s.Logs(), secret) {
			t.Error("the log holds a secret")
		}
	}
}

func TestARejectionReplacesTheTokenOnce(t *testing.T) {
	s := newStack(t)
	s.connect()
	loan := s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}).want(200)
	report := "/internal/v1/tokens/" + loan.text("token_id") + "/rejections"
	verdict := s.program("POST", report, map[string]any{"status": 401, "code": "INVALID_OAUTH"}).want(200)
	token, _ := verdict.json()["token"].(map[string]any)
	if verdict.text("verdict") != "replaced" || token["access_token"] == loan.text("access_token") || token["access_token"] == nil {
		t.Fatalf("the first report: %s", verdict.Body)
	}
	if v := s.program("POST", report, map[string]any{"status": 401}).want(200).text("verdict"); v != "already_replaced" {
		t.Errorf("the second report: %s", v)
	}
	if v := s.program("POST", report, map[string]any{"status": 403}).want(200); v.text("verdict") != "scope_problem" || v.json()["token"] != nil {
		t.Errorf("a report of a missing permission: %s", v.Body)
	}
	s.program("POST", "/internal/v1/tokens/tok_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH/rejections", map[string]any{"status": 401}).want(404, "not_found")
	s.program("POST", "/internal/v1/tokens/x/rejections", map[string]any{"status": 401}).want(404, "not_found")
}

//
func TestATokenExchangeLendsTheSameToken(t *testing.T) {
	s := newStack(t)
	s.connect()
	const accessToken = "urn:ietf:params:oauth:token-type:access_token"
	ask := func(change func(url.Values)) reply {
		form := url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {s.borrower},
			"subject_token_type": {accessToken}, "audience": {"acme/zoho-desk"}, "unknown": {"ignored"},
		}
		change(form)
		return s.send(route.Internal, request(t, "POST", internalBase+"/oauth/token", "", form))
	}
	loan := s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}).want(200)
	got := ask(func(url.Values) {}).want(200)
	if got.text("access_token") != loan.text("access_token") || got.text("issued_token_type") != accessToken || got.text("token_type") != "Zoho-oauthtoken" {
		t.Errorf("an exchange: %s", got.Body)
	}
	for _, c := range []struct {
		name   string
		change func(url.Values)
		want   string
	}{
		{"another grant type", func(f url.Values) { f.Set("grant_type", "client_credentials") }, "unsupported_grant_type"},
		{"a key that is none", func(f url.Values) { f.Set("subject_token", "lk_x") }, "invalid_request"},
		{"another type of token", func(f url.Values) { f.Set("subject_token_type", "urn:ietf:params:oauth:token-type:jwt") }, "invalid_request"},
		{"a refresh token asked for", func(f url.Values) { f.Set("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token") }, "invalid_request"},
		{"an actor", func(f url.Values) { f.Set("actor_token", "x") }, "invalid_request"},
		{"a resource", func(f url.Values) { f.Set("resource", "https://x.example") }, "invalid_target"},
		{"no audience", func(f url.Values) { f.Del("audience") }, "invalid_request"},
		{"an unknown method", func(f url.Values) { f.Set("audience", "nothing") }, "invalid_target"},
		{"another tenant", func(f url.Values) { f.Set("audience", "globex/zoho-desk") }, "invalid_target"},
		{"an environment without permit", func(f url.Values) { f.Set("environment", "sandbox") }, "invalid_target"},
		{"a scope that was not granted", func(f url.Values) { f.Set("scope", "Desk.contacts.READ") }, "invalid_scope"},
		{"a parameter twice", func(f url.Values) { f.Add("audience", "zoho-desk") }, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(c.change).want(400).text("error"); got != c.want {
				t.Errorf("error %q, want %q", got, c.want)
			}
		})
	}
}

func TestABorrowerSeesTheConnectionsItMayBorrowAndNoOthers(t *testing.T) {
	s := newStack(t)
	s.connect()
	items := func(r reply) []any { return r.want(200).json()["items"].([]any) }
	if got := items(s.program("GET", "/internal/v1/connections?method=zoho-desk&environment=production", nil)); len(got) != 1 {
		t.Errorf("%d connections, want 1", len(got))
	}
	none := s.key(s.Admin, store.NewService{Name: "without permits"})
	if got := items(s.send(route.Internal, request(t, "GET", internalBase+"/internal/v1/connections", none, nil))); len(got) != 0 {
		t.Errorf("a service without permits sees %d connections", len(got))
	}
	s.NewTenant(t, "globex")
	for _, tenant := range []string{"globex", "nobody", "platform"} {
		s.program("GET", "/internal/v1/connections?tenant="+tenant, nil).want(404, "not_found")
	}
	s.program("GET", "/internal/v1/connections?colour=red", nil).want(400, "invalid_request")
	platform := s.key(adminOf(authmethods.Platform), store.NewService{Name: "platform", Permits: []authmethods.Permit{{Tenant: "*", Method: "*", Environment: "*"}}})
	ask := func(query string) reply {
		return s.send(route.Internal, request(t, "GET", internalBase+"/internal/v1/connections"+query, platform, nil))
	}
	ask("").want(400, "invalid_request")
	if got := items(ask("?tenant=acme")); len(got) != 1 {
		t.Errorf("the platform sees %d connections, want 1", len(got))
	}
}

func TestAConnectionIsShownTestedRevokedAndKeepsItsMethodFromBeingDeleted(t *testing.T) {
	s := newStack(t)
	s.connect()
	list := s.api("GET", "/connections?state=active&limit=1", nil).want(200)
	connection := list.json()["items"].([]any)[0].(map[string]any)
	at := "/connections/" + connection["id"].(string)
	if s.api("GET", at, nil).want(200).text("method") != "zoho-desk" {
		t.Error("the connection is of another method")
	}
	if got := s.api("POST", at+"/test", nil).want(200); got.json()["ok"] != true {
		t.Errorf("the test call: %s", got.Body)
	}
	if got := s.api("POST", "/auth-methods/zoho-desk/test", map[string]any{"environment": "production"}).want(200); got.json()["ok"] != true {
		t.Errorf("the test call: %s", got.Body)
	}
	s.api("POST", "/auth-methods/zoho-desk/test", map[string]any{"environment": "sandbox"}).want(409, "consent_required")
	organizations := s.api("GET", at+"/organizations", nil).want(200).json()["items"].([]any)
	chosen := organizations[0].(map[string]any)["id"]
	s.api("POST", at+"/organizations", map[string]any{"organization": chosen}).want(200)
	s.api("POST", at+"/organizations", map[string]any{"organization": "1"}).want(400, "invalid_request")

	refused := s.api("DELETE", "/auth-methods/zoho-desk", nil).want(409, "has_dependents")
	if related, _ := refused.json()["related"].([]any); len(related) != 1 || related[0] != connection["id"] {
		t.Errorf("what stands in the way: %s", refused.Body)
	}
	if d := s.api("GET", "/auth-methods/zoho-desk/dependents", nil).want(200); len(d.json()["connections"].([]any)) != 1 {
		t.Errorf("dependents: %s", d.Body)
	}
	if state := s.api("POST", at+"/revoke", nil).want(200).text("state"); state != "revoked" {
		t.Errorf("after revoking it is %s", state)
	}
	s.program("POST", "/internal/v1/tokens", map[string]any{"method": "zoho-desk"}).want(409, "reconnect_required")
	s.api("DELETE", "/auth-methods/zoho-desk", nil).want(204)
	s.api("GET", "/auth-methods/zoho-desk", nil).want(404, "not_found")
}

func TestAClientThatNeedsNobodyIsConnectedAtOnce(t *testing.T) {
	s := newStack(t)
	s.api("POST", "/auth-methods", map[string]any{
		"name": "A fixed token", "reference": "fixed", "integration_type": "generic_oauth2", "mode": "static_token",
		"client_secret": "a-token-that-never-expires", "environment_url": "https://api.example.com",
	}).want(201)
	connected := s.api("POST", "/auth-methods/fixed/enable", map[string]any{"environment": "production"}).want(201)
	if c, _ := connected.json()["connection"].(map[string]any); c == nil || c["state"] != "active" {
		t.Errorf("enabled: %s", connected.Body)
	}
	if got := s.api("POST", "/auth-methods/fixed/disable", map[string]any{"environment": "production"}).want(200); strings.Contains(got.Body, `"enabled":true`) {
		t.Errorf("disabled: %s", got.Body)
	}
}

func TestAGrantCodeAndAnImportedRefreshToken(t *testing.T) {
	s := newStack(t)
	s.newMethod()
	s.api("POST", "/auth-methods/zoho-desk/code", map[string]any{"environment": "production", "code": "1000.wrong"}).want(409, "code_expired")
	s.api("POST", "/connections/import", map[string]any{"method": "zoho-desk", "environment": "production", "refresh_token": "1000.wrong"}).want(409, "grant_lost")
	s.api("POST", "/connections/import", map[string]any{"method": "nothing", "environment": "production", "refresh_token": "x"}).want(404, "not_found")
}
