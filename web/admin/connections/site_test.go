package connections_test

import (
	"context"
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

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/web"
	"latchkey/zohosim"
)

// site is a whole server on a loopback address, with the Zoho simulator, the tenant
// acme, and a connector "zoho".
type site struct {
	*broker.Broker
	t         testing.TB
	address   string // where it listens
	internal  string // where its internal listener is
	origin    string // where acme is
	connector sso.Connector
}

const simClient, simSecret = "1000.LOGINTEST0000000000000000000001", "the secret of the test's client"

func newSite(t testing.TB) *site {
	return newSiteOn(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db"))
}

func newSiteOn(t testing.TB, database string) *site {
	t.Helper()
	b := broker.New(t, storage.Open(t, database), nil)
	handler := http.NewServeMux()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	pattern := authmethods.PublicURL("http://{tenant}.localhost:" + port)
	log := slog.New(slog.DiscardHandler)
	b.At(pattern, log)
	public, internal := web.New(web.Deps{
		Services: b.Auth, Tenants: b.Tenants, Store: b.Methods, Consents: b.Consents, Lender: b.Lender, Ledger: b.Grants,
		Catalog: b.Catalog, Directory: b.Directory, Sessions: b.Sessions, Credentials: b.Credentials, SignIn: b.SignIn,
		PublicURL: pattern, Log: log,
	})
	handler.Handle("/", public)
	inside := httptest.NewServer(internal)
	t.Cleanup(inside.Close)
	must(t, b.Zoho.AddClient(zohosim.Client{
		ID: simClient, Secret: simSecret, Name: "Acme contact centre", MultiDC: true,
		RedirectURIs: []string{pattern.RedirectURI(b.Tenant), pattern.SignInRedirectURI(b.Tenant), broker.PublicURL.RedirectURI(b.Tenant)},
	}))
	s := &site{Broker: b, t: t, address: server.Listener.Addr().String(), internal: inside.URL, origin: pattern.Origin("acme")}
	s.ZohoDesk(t, func(n *store.NewMethod) { n.ClientID, n.ClientSecret = simClient, secret.New(simSecret) })
	s.connector, _, err = s.people().CreateConnector(t.Context(), directory.NewConnector{
		Reference: "zoho", Name: "Zoho", Type: sso.OpenIDConnect, Method: "zoho-desk", Environment: authmethods.Production,
	})
	must(t, err)
	return s
}

// people are acme's, in the hands of an administrator.
func (s *site) people() *directory.Tenant {
	s.t.Helper()
	in, err := s.Directory.For(s.Admin)
	must(s.t, err)
	return in
}

// user makes a user who may sign in by the connector.
func (s *site) user(name string, roles ...string) sso.User {
	s.t.Helper()
	u, err := s.people().CreateUser(s.t.Context(), directory.NewUser{UserName: name, Roles: roles, Connectors: []authmethods.ID{s.connector.ID}})
	must(s.t, err)
	return u
}

// settings changes what acme decided about its people.
func (s *site) settings(change func(*sso.Settings)) {
	s.t.Helper()
	now, err := s.people().Settings(s.t.Context())
	must(s.t, err)
	change(&now)
	_, err = s.people().ChangeSettings(s.t.Context(), now.Rev, now)
	must(s.t, err)
}

// visitor is somebody with a browser that keeps cookies and follows no redirect.
type visitor struct {
	s      *site
	client *http.Client
}

func (s *site) visitor() *visitor {
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
	return &visitor{s, &http.Client{
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

// to is where a redirect leads, without the site's own origin.
func (a answer) to(s *site) string { return strings.TrimPrefix(a.Header.Get("Location"), s.origin) }

func (v *visitor) send(method, address string, form url.Values, headers ...string) answer {
	v.s.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.s.origin + address
	}
	r, err := http.NewRequestWithContext(v.s.t.Context(), method, address, strings.NewReader(form.Encode()))
	must(v.s.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := v.client.Do(r)
	must(v.s.t, err)
	body, err := io.ReadAll(response.Body)
	must(v.s.t, err)
	must(v.s.t, response.Body.Close())
	return answer{response, string(body)}
}

func (v *visitor) get(address string) answer {
	return v.send(http.MethodGet, address, nil, "Accept", "text/html")
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)

// submit sends the form of a page with this action, with what is filled in.
func (v *visitor) submit(a answer, action string, filled ...string) answer {
	v.s.t.Helper()
	_, rest, ok := strings.Cut(a.body, `action="`+action+`"`)
	if !ok {
		v.s.t.Fatalf("there is no form for %s on the page %d: %s", action, a.StatusCode, a.text())
	}
	whole, _, _ := strings.Cut(rest, "</form>")
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(whole, -1) {
		form.Set(m[1], m[2])
	}
	for i := 0; i < len(filled); i += 2 {
		form.Set(filled[i], filled[i+1])
	}
	return v.send(http.MethodPost, action, form, "Origin", v.s.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html")
}

// atZoho walks through Zoho's pages as a person would and returns the address that
// they lead back to.
func (v *visitor) atZoho(address string, a zohosim.Approval) string {
	v.s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(v.s.t, err)
	callback, err := zohosim.Approve(&http.Client{Jar: jar}, address, a)
	must(v.s.t, err)
	return callback
}

// signIn goes the whole way by the connector and returns the answer to the callback.
func (v *visitor) signIn(start, email string) answer {
	v.s.t.Helper()
	led := v.get(start)
	if led.StatusCode != http.StatusSeeOther {
		v.s.t.Fatalf("%s answered %d: %s", start, led.StatusCode, led.text())
	}
	return v.get(v.atZoho(led.Header.Get("Location"), zohosim.Approval{User: email}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
