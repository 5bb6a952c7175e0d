package methods_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
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
	"latchkey/sso/session"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/web"
	"latchkey/zohosim"
)

// site is a whole server on a loopback address, with the Zoho simulator and the
// tenant acme.
type site struct {
	*broker.Broker
	t       testing.TB
	address string // where it listens
	origin  string // where acme is
	pattern authmethods.PublicURL
}

const simClient, simSecret = "1000.METHODSPAGES00000000000000000001", "the secret of the pages' client"

func newSite(t testing.TB) *site {
	t.Helper()
	b := broker.New(t, storage.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db")), nil)
	handler := http.NewServeMux()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	pattern := authmethods.PublicURL("http://{tenant}.localhost:" + port)
	log := slog.New(slog.DiscardHandler)
	b.At(pattern, log)
	public, _ := web.New(web.Deps{
		Services: b.Auth, Tenants: b.Tenants, Store: b.Methods, Consents: b.Consents, Lender: b.Lender, Ledger: b.Grants,
		Catalog: b.Catalog, Directory: b.Directory, Sessions: b.Sessions, Credentials: b.Credentials, SignIn: b.SignIn,
		PublicURL: pattern, Log: log,
	})
	handler.Handle("/", public)
	must(t, b.Zoho.AddClient(zohosim.Client{
		ID: simClient, Secret: simSecret, Name: "Acme contact centre", MultiDC: true,
		RedirectURIs: []string{broker.PublicURL.RedirectURI(b.Tenant), pattern.RedirectURI(b.Tenant), pattern.SignInRedirectURI(b.Tenant)},
	}))
	return &site{Broker: b, t: t, address: server.Listener.Addr().String(), origin: pattern.Origin("acme"), pattern: pattern}
}

// method makes a method that can be approved at the simulator.
func (s *site) method(change ...func(*store.NewMethod)) authmethods.Method {
	s.t.Helper()
	return s.ZohoDesk(s.t, func(n *store.NewMethod) {
		n.ClientID, n.ClientSecret = simClient, secret.New(simSecret)
		for _, c := range change {
			c(n)
		}
	})
}

// reader is the tenant in the hands of an administrator.
func (s *site) reader() *store.Tenant {
	s.t.Helper()
	in, err := s.Methods.For(s.Admin)
	must(s.t, err)
	return in
}

// visitor is somebody signed in, with a browser that follows no redirect.
type visitor struct {
	s      *site
	client *http.Client
	cookie string
}

// as signs somebody with these roles in.
func (s *site) as(name string, roles ...string) *visitor {
	s.t.Helper()
	people, err := s.Directory.For(s.Admin)
	must(s.t, err)
	u, err := people.CreateUser(s.t.Context(), directory.NewUser{UserName: name, Roles: roles})
	must(s.t, err)
	settings, err := people.Settings(s.t.Context())
	must(s.t, err)
	value, _, err := s.Sessions.Begin(s.t.Context(), s.Browser, session.Start{
		User: u.ID, UserVersion: u.Version, Means: session.Password, Settings: settings,
	})
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
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, s.Sessions.CookieName(session.SessionCookie) + "=" + value.Reveal()}
}

// admin is an administrator of the integrations.
func (s *site) admin() *visitor { return s.as("marie", sso.RoleIntegrationsAdmin) }

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
	r, err := http.NewRequestWithContext(v.s.t.Context(), method, v.s.origin+address, strings.NewReader(form.Encode()))
	must(v.s.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Cookie", v.cookie)
	r.Header.Set("Accept", "text/html")
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

func (v *visitor) get(address string, headers ...string) answer {
	v.s.t.Helper()
	return v.send(http.MethodGet, address, nil, headers...)
}

// page gets what must be there.
func (v *visitor) page(address string, headers ...string) answer {
	v.s.t.Helper()
	a := v.get(address, headers...)
	if a.StatusCode != http.StatusOK {
		v.s.t.Fatalf("%s answered %d: %s", address, a.StatusCode, a.text())
	}
	return a
}

var (
	hidden  = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)
	checked = regexp.MustCompile(`<input type="checkbox" name="([a-z_]+)" id="[^"]*" value="([^"]*)" checked>`)
)

// submit sends the form of a page with this action, with what is filled in beside
// what the form holds already.
func (v *visitor) submit(a answer, action string, filled ...string) answer {
	v.s.t.Helper()
	_, rest, ok := strings.Cut(a.body, `action="`+action+`"`)
	if !ok {
		v.s.t.Fatalf("there is no form for %s on the page %d: %s", action, a.StatusCode, a.text())
	}
	whole, _, _ := strings.Cut(rest, "</form>")
	form := url.Values{}
	for _, pattern := range []*regexp.Regexp{hidden, checked} {
		for _, m := range pattern.FindAllStringSubmatch(whole, -1) {
			form.Add(m[1], m[2])
		}
	}
	for i := 0; i < len(filled); i += 2 {
		form.Set(filled[i], filled[i+1])
	}
	return v.send(http.MethodPost, action, form, "Origin", v.s.origin, "Sec-Fetch-Site", "same-origin")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
