package authclients_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens/consent"
	"latchkey/web"
	"latchkey/zohosim"
)

// site is a whole server on a loopback address, with the Zoho simulator.
type site struct {
	*broker.Broker
	t       testing.TB
	address string // where it listens
	origin  string // where acme is
	pair    string // path of acme's redirect URI
	db      *sql.DB
}

const simClient, simSecret = "1000.BROWSERTEST000000000000000000001", "the secret of the test's client"

func newSite(t testing.TB) *site { return newSiteWith(t, nil) }

// newSiteWith is newSite with integration types that override the usual ones.
func newSiteWith(t testing.TB, types fstest.MapFS) *site {
	t.Helper()
	database := "sqlite:" + filepath.Join(t.TempDir(), "latchkey.db")
	b := broker.New(t, storage.Open(t, database), types)
	handler := http.NewServeMux()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	pattern := authmethods.PublicURL("http://{tenant}.localhost:" + port)
	log := slog.New(slog.DiscardHandler)
	b.Consents = consent.New(consent.Options{
		Grants: b.Grants, Methods: b.Methods, Tenants: b.Tenants, Catalog: b.Catalog, Upstream: b.Upstream,
		Engine: b.Engine, Changed: b.Changed, PublicURL: pattern, Log: log,
	})
	public, _ := web.New(web.Deps{
		Services: b.Auth, Tenants: b.Tenants, Store: b.Methods, Consents: b.Consents, Lender: b.Lender,
		Catalog: b.Catalog, Directory: b.Directory, Sessions: b.Sessions, Credentials: b.Credentials, SignIn: b.SignIn,
		PublicURL: pattern, Log: log,
	})
	handler.Handle("/", public)
	must(t, b.Zoho.AddClient(zohosim.Client{
		ID: simClient, Secret: simSecret, Name: "Acme contact centre", MultiDC: true,
		RedirectURIs: []string{pattern.RedirectURI(b.Tenant)},
	}))
	return &site{
		Broker: b, t: t, address: server.Listener.Addr().String(), origin: pattern.Origin("acme"),
		pair: "/api/authclients/" + b.Tenant.CallbackA + "/" + b.Tenant.CallbackB,
		db:   storage.Raw(t, database),
	}
}

// method makes a Zoho Desk method.
func (s *site) method(change func(*store.NewMethod)) {
	s.t.Helper()
	s.ZohoDesk(s.t, func(n *store.NewMethod) {
		n.Name, n.ClientID, n.ClientSecret = "Zoho Desk – Support", simClient, secret.New(simSecret)
		if change != nil {
			change(n)
		}
	})
}

// begin makes a consent and returns its approval link.
func (s *site) begin(e authmethods.Environment) (authmethods.ID, string) {
	s.t.Helper()
	begun, err := s.Consents.Enable(s.t.Context(), s.Admin, "zoho-desk", e, consent.EnableOptions{})
	must(s.t, err)
	return begun.Attempt.ID, begun.StartURL
}

// attempt is how far a consent has come.
func (s *site) attempt(id authmethods.ID) consent.Attempt {
	s.t.Helper()
	a, err := s.Consents.Attempt(s.t.Context(), s.Admin, id)
	must(s.t, err)
	return a
}

// person is somebody with a browser that keeps cookies and follows no redirect.
type person struct {
	s      *site
	client *http.Client
}

func (s *site) person() *person {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	var dialer net.Dialer
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
			address = s.address // as browsers resolve it
		}
		return dialer.DialContext(ctx, network, address)
	}}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &person{s, &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

// text is what stands on the page, without its markup.
func (a answer) text() string {
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(a.body, " ")), " ")
}

func (p *person) send(method, address string, form url.Values, headers ...string) answer {
	p.s.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = p.s.origin + address
	}
	r, err := http.NewRequestWithContext(p.s.t.Context(), method, address, strings.NewReader(form.Encode()))
	must(p.s.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := p.client.Do(r)
	must(p.s.t, err)
	body, err := io.ReadAll(response.Body)
	must(p.s.t, err)
	must(p.s.t, response.Body.Close())
	return answer{response, string(body)}
}

func (p *person) get(address string) answer { return p.send(http.MethodGet, address, nil) }

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)
var action = regexp.MustCompile(`<form [^>]*action="([^"]*)"`)

// submit sends the form of a page with what is filled in.
func (p *person) submit(a answer, filled ...string) answer {
	p.s.t.Helper()
	target := action.FindStringSubmatch(a.body)
	if target == nil {
		p.s.t.Fatalf("there is no form on the page %d: %s", a.StatusCode, a.text())
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(a.body, -1) {
		form.Set(m[1], m[2])
	}
	for i := 0; i < len(filled); i += 2 {
		form.Set(filled[i], filled[i+1])
	}
	return p.send(http.MethodPost, target[1], form, "Origin", p.s.origin, "Sec-Fetch-Site", "same-origin")
}

// toProvider goes from the approval link to the provider and returns the address
// of the authorization request.
func (p *person) toProvider(link string) string {
	p.s.t.Helper()
	forward := p.submit(p.get(link))
	address, ok := strings.CutPrefix(forward.Header.Get("Refresh"), "0; url=")
	if forward.StatusCode != http.StatusOK || !ok {
		p.s.t.Fatalf("the start form answered %d: %s", forward.StatusCode, forward.text())
	}
	return address
}

// approve walks through the provider's pages and returns the callback address.
func (p *person) approve(address string, a zohosim.Approval) string {
	p.s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(p.s.t, err)
	callback, err := zohosim.Approve(&http.Client{Jar: jar}, address, a)
	must(p.s.t, err)
	return callback
}

// come follows a redirect of ours.
func (p *person) come(a answer) answer {
	p.s.t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		p.s.t.Fatalf("%d in place of a redirect: %s", a.StatusCode, a.text())
	}
	return p.get(a.Header.Get("Location"))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
