package zohosim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/zohosim"
)

func TestBrowserClientsGetTheirTokenInTheFragmentAndMayRevokeIt(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	js := zohosim.Client{ID: "1000.JS", Type: zohosim.JSClient, HomeDC: "us", RedirectURIs: []string{redirectURI}}
	if err := z.AddClient(js); err != nil {
		t.Fatal(err)
	}
	callback, err := zohosim.Approve(nil, z.authorizeURL("client_id", js.ID, "response_type", "token"), zohosim.Approval{User: "sam@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	_, fragment, _ := strings.Cut(callback, "#")
	got, err := url.ParseQuery(fragment)
	if err != nil || !z.Token(got.Get("access_token")).Valid {
		t.Fatalf("callback %s, %v", callback, err)
	}
	if a := z.post(z.at("us").Accounts+"/oauth/v2/token/revoke", "token", got.Get("access_token")); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
	if z.Token(got.Get("access_token")).Valid {
		t.Error("the token outlived its revocation")
	}
}

func TestDeletingAClientEndsItsGrants(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	refresh := z.connect("sam@example.com").text("refresh_token")
	if n := z.DeleteClient(z.seed.Server.ID); n != 1 {
		t.Errorf("%d grants ended", n)
	}
	z.wantError(z.refresh("us", refresh), "invalid_client")
	if v := z.Token(refresh); v.Reason != zohosim.ReasonRevoked {
		t.Errorf("%+v", v)
	}
}

func TestDeskSandboxAPIDomainIsASwitch(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	domain := func() string {
		return z.exchange(z.walk(zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Sandbox})).body.text("api_domain")
	}
	if got := domain(); got != z.at("eu").API {
		t.Errorf("api_domain %s", got)
	}
	z.Switch(func(sw *zohosim.Switches) { sw.DeskSandboxAPIDomain = true })
	if got := domain(); got != z.at("eu").SandboxAPI {
		t.Errorf("api_domain %s", got)
	}
}

func TestControlRevokesUsersAndAppsAndRotatesKeys(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	z.connect("sam@example.com")
	if a := z.control("revoke", `{"user":"sam@example.com","client":"`+z.seed.Server.ID+`"}`); a.body["revoked"] != 1.0 {
		t.Errorf("%s", a.raw)
	}
	z.connect("sam@example.com")
	if a := z.control("revoke", `{"user":"sam@example.com"}`); a.body["revoked"] != 1.0 {
		t.Errorf("%s", a.raw)
	}
	if a := z.control("keys/rotate", `{"dc":"us"}`); a.status != 200 || strings.Count(z.get(z.at("us").Accounts+"/oauth/v2/keys", "").raw, `"kid"`) != 2 {
		t.Errorf("%s", a.raw)
	}
	if a := z.control("keys/rotate", `{"dc":"moon"}`); a.status != 400 {
		t.Errorf("%s", a.raw)
	}
	z.control("faults", `{"kind":"slow","before_ms":1,"after_ms":1,"times":-1}`)
	if a := z.get(z.at("us").Accounts+"/oauth/v3/device", ""); !strings.Contains(a.raw, `name="user_code"`) {
		t.Errorf("%s", a.raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, z.URL+"/_sim/faults", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if a := read(t, resp, err); a.status != 200 || len(z.Faults()) != 0 {
		t.Errorf("%s", a.raw)
	}
}

func TestPagesOfAFlowCannotBeTakenOutOfOrder(t *testing.T) {
	z := begin(t, zohosim.Switches{})
	page := z.get(z.get(z.authorizeURL(), "").header.Get("Location"), "")
	flow := page.header.Get("X-Sim-Flow")
	for _, path := range []string{"/oauth/v2/consent", "/oauth/v2/org/choose"} {
		a := z.post(z.at("us").Accounts+path, "flow", flow, "answer", "accept")
		if a.header.Get("X-Sim-Error") != "expired" {
			t.Errorf("%s before signing in: %d %s", path, a.status, a.raw)
		}
	}
	if a := z.post(z.at("us").Accounts+"/signin", "flow", flow, "user", "nobody@example.com"); a.header.Get("X-Sim-Error") != "unknown_user" {
		t.Errorf("%s", a.raw)
	}
}
