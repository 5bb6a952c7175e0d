package pages

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/web"
	"latchkey/zohosim"
)

// Site is a whole server on a loopback address, with the Zoho simulator and the tenant
// acme. Acme has the method zoho-desk, which nobody approved yet, and the method
// zoho-login, by which the connector zoho signs people in.
type Site struct {
	*broker.Broker
	T         testing.TB
	Origin    string // where acme is
	Address   string // where the server listens
	Internal  string // where its internal listener is
	Connector sso.Connector
	Deps      web.Deps
}

const (
	simClient = "1000.PAGESTEST0000000000000000000001"
	simSecret = "the secret of the client that signs people in"
)

// New makes a site on SQLite.
func New(t testing.TB) *Site {
	t.Helper()
	return On(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db"))
}

// On makes a site on a database.
func On(t testing.TB, database string) *Site {
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
	inside := httptest.NewUnstartedServer(nil)
	s := &Site{Broker: b, T: t, Address: server.Listener.Addr().String(), Internal: "http://" + inside.Listener.Addr().String(), Origin: pattern.Origin("acme")}
	s.Deps = web.Deps{
		Services: b.Auth, Tenants: b.Tenants, Store: b.Methods, Consents: b.Consents, Lender: b.Lender, Ledger: b.Grants,
		Catalog: b.Catalog, Directory: b.Directory, Sessions: b.Sessions, Credentials: b.Credentials, SignIn: b.SignIn,
		PublicURL: pattern, InternalURL: s.Internal, Log: log,
	}
	public, internal := web.New(s.Deps)
	handler.Handle("/", public)
	inside.Config.Handler = internal
	inside.Start()
	t.Cleanup(inside.Close)
	s.furnish(pattern)
	return s
}

// furnish makes the methods and the connector.
func (s *Site) furnish(pattern authmethods.PublicURL) {
	s.T.Helper()
	must(s.T, s.Zoho.AddClient(zohosim.Client{
		ID: simClient, Secret: simSecret, Name: "Acme contact centre", MultiDC: true,
		RedirectURIs: []string{pattern.RedirectURI(s.Tenant), pattern.SignInRedirectURI(s.Tenant)},
	}))
	s.ZohoDesk(s.T, nil)
	s.ZohoDesk(s.T, func(n *store.NewMethod) {
		n.Name, n.Reference, n.ClientID, n.ClientSecret = "Zoho sign-in", "zoho-login", simClient, secret.New(simSecret)
	})
	var err error
	s.Connector, _, err = s.People().CreateConnector(s.T.Context(), directory.NewConnector{
		Reference: "zoho", Name: "Zoho", Type: sso.OpenIDConnect, Method: "zoho-login", Environment: authmethods.Production,
	})
	must(s.T, err)
}

// Store is acme's data in the hands of an administrator.
func (s *Site) Store() *store.Tenant {
	s.T.Helper()
	in, err := s.Methods.For(s.Admin)
	must(s.T, err)
	return in
}

// People are acme's, in the hands of an administrator.
func (s *Site) People() *directory.Tenant {
	s.T.Helper()
	in, err := s.Directory.For(s.Admin)
	must(s.T, err)
	return in
}

// Settings changes what acme decided about its people.
func (s *Site) Settings(change func(*sso.Settings)) {
	s.T.Helper()
	now, err := s.People().Settings(s.T.Context())
	must(s.T, err)
	change(&now)
	_, err = s.People().ChangeSettings(s.T.Context(), now.Rev, now)
	must(s.T, err)
}

// User makes somebody with these roles who may sign in by the connector.
func (s *Site) User(name string, roles ...string) sso.User {
	s.T.Helper()
	u, err := s.People().CreateUser(s.T.Context(), directory.NewUser{UserName: name, Roles: roles, Connectors: []authmethods.ID{s.Connector.ID}})
	must(s.T, err)
	return u
}

// Forget drops what the server remembers, as the feed has it do within a second of a
// change.
func (s *Site) Forget() {
	s.Auth.Heard(feed.Change{Kind: feed.Everything})
	s.Tenants.Heard(feed.Change{Kind: feed.Everything})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
