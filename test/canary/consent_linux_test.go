package canary_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// approve goes through a consent as [fleet.World.Connect] does, and plants what the
// browser sees of it: the ticket, the state and the code.
func (x *run) approve(subject string) *fleet.Connection {
	x.Helper()
	user := fmt.Sprintf("%s@%s.example", subject, x.slug)
	_, err := x.w.Provider.AddUser(zohosim.User{Email: user, DC: "eu", EmailVerified: true, FirstName: "User", Orgs: []zohosim.Org{
		{ID: fmt.Sprintf("2006%08d", len(x.w.Connections)), Product: zohosim.Desk, Name: "Desk", Environment: zohosim.Production, Default: true, Admin: true},
	}})
	must(x, err)
	p := x.w.Processes[0]
	var begun struct {
		Consent string `json:"consent"`
		Start   string `json:"authorize_url"`
	}
	must(x, p.Call(x.Context(), x.tenant, "POST", "/api/v1/auth-methods/"+x.tenant.Method+"/enable", map[string]any{"environment": "production", "subject": subject}, &begun))
	start, err := url.Parse(begun.Start)
	must(x, err)
	ticket := start.Query().Get("ticket")
	x.plant("the ticket of a consent", ticket)
	v := newVisitor(x.T, p, start.Host)
	v.asks(start.RequestURI(), nil)
	status, _, page := v.sends("POST", start.Path, url.Values{"ticket": {ticket}}.Encode(), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"},
	})
	var answer struct {
		AuthorizeURL string `json:"authorize_url"`
	}
	if err := json.Unmarshal([]byte(page), &answer); err != nil || status != http.StatusOK {
		x.Fatalf("the start page answered %d: %s", status, page)
	}
	x.plantCookies("a consent", v)
	callback, err := zohosim.Approve(nil, answer.AuthorizeURL, zohosim.Approval{User: user, Environment: zohosim.Production})
	must(x, err)
	back, err := url.Parse(callback)
	must(x, err)
	x.plant("the state of a consent", back.Query().Get("state"))
	x.plant("the code of a consent", back.Query().Get("code"))
	v.asks(back.RequestURI(), nil)
	v.asks(back.RequestURI(), nil) // a second time, which is refused
	var consent struct{ Status, Connection, Detail string }
	must(x, p.Call(x.Context(), x.tenant, "GET", "/api/v1/consents/"+begun.Consent, nil, &consent))
	if consent.Status != "completed" {
		x.Fatalf("the consent is %+v", consent)
	}
	c := &fleet.Connection{
		Connection: judge.Connection{ID: consent.Connection, Tenant: x.slug, Client: x.tenant.Client.ID}, Of: x.tenant, User: user, Subject: subject,
	}
	x.w.Connections = append(x.w.Connections, c)
	return c
}

// misfortunes has the provider answer refreshes in every way that goes wrong, some of
// them with the tokens in what they say.
func (x *run) misfortunes(c *fleet.Connection) {
	x.Helper()
	b := x.w.Borrower(x.tenant, "in misfortune")
	defer b.Close()
	for token := range x.tokens() {
		secret := x.tenant.Client.Secret
		header := http.Header{"Content-Type": {"application/json"}, "X-Echo": {token}, "WWW-Authenticate": {`Bearer realm="` + token + `"`}}
		for _, f := range []zohosim.Fault{
			{Kind: zohosim.FaultUnavailable}, {Kind: zohosim.FaultHTML}, {Kind: zohosim.FaultEmpty}, {Kind: zohosim.FaultTruncated}, {Kind: zohosim.FaultDuplicated},
			{Kind: zohosim.FaultRedirect, Location: "http://127.0.0.1:1/?refresh_token=" + token + "&client_secret=" + secret},
			{Kind: zohosim.FaultCanned, Status: 500, Header: header, Body: `{"error":"server_error","error_description":"while reading ` + token + `"}`},
			{Kind: zohosim.FaultCanned, Status: 400, Header: header, Body: `{"error":"` + token + `","error_description":"` + secret + `"}`},
			{Kind: zohosim.FaultCanned, Status: 200, Header: header, Body: `{"access_token":{"value":"` + token + `"},"scope":"` + secret + `"}`},
			{Kind: zohosim.FaultCanned, Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<h1>" + token + "</h1><p>" + secret},
			{Kind: zohosim.FaultCanned, Status: 429, Header: http.Header{"Retry-After": {token}}, Body: token},
		} {
			f.Path, f.GrantType = "/oauth/v2/token", "refresh_token"
			x.w.Provider.Inject(f)
			x.w.ExpireUnseen(x, c)
			x.w.Exec(x, "UPDATE grants SET retry_at = NULL WHERE id = $1", c.ID)
			b.Lend(x.Context(), x.w.Processes[0], c, fleet.Wish{MinTTL: fleetMinTTL})
			x.w.Provider.ClearFaults()
		}
		break // one token is enough
	}
}

// tokens are what the provider gave out.
func (x *run) tokens() map[string]bool {
	all := map[string]bool{}
	for _, token := range x.w.Provider.Issued() {
		all[token] = true
	}
	return all
}
