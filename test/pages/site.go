package pages

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"testing/fstest"

	"latchkey/authmethods"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens/consent"
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
	Database  string // its address
	// Installation is what operators are told of.
	Installation *Installation
}

// The client at the simulator by which people are signed in, and for methods of a
// test's own. It knows both redirect URIs of acme.
const (
	ClientID     = "1000.PAGESTEST0000000000000000000001"
	ClientSecret = "the secret of the client that signs people in"
)

// The client of zoho-desk where the connector has a method of its own.
const deskClient, deskSecret = "1000.PAGESDESK0000000000000000000001", "the secret of the client of the desk"

// Option changes how a site is made.
type Option func(*options)

// Wired changes what the server is made of.
func Wired(change func(*web.Deps)) Option { return func(o *options) { o.wired = change } }

type options struct {
	database string
	wired    func(*web.Deps)
	types    fstest.MapFS
	furnish  func(*Site)
}

// On has a site on this database. Otherwise it is on SQLite.
func On(database string) Option { return func(o *options) { o.database = database } }

// Types has integration types that override the usual ones.
func Types(types fstest.MapFS) Option { return func(o *options) { o.types = types } }

// OneMethod has the connector sign people in by zoho-desk; there is no zoho-login.
func OneMethod(o *options) {
	o.furnish = func(s *Site) {
		s.Method()
		s.connect("zoho-desk")
	}
}

// Empty leaves out the methods and the connector.
func Empty(o *options) { o.furnish = func(*Site) {} }

// New makes a site.
func New(t testing.TB, change ...Option) *Site {
	t.Helper()
	o := options{database: "sqlite:" + filepath.Join(t.TempDir(), "latchkey.db"), furnish: (*Site).twoMethods}
	for _, c := range change {
		c(&o)
	}
	b := broker.New(t, storage.Open(t, o.database), o.types)
	handler := http.NewServeMux()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	pattern := authmethods.PublicURL("http://{tenant}.localhost:" + port)
	log := slog.New(slog.DiscardHandler)
	b.At(pattern, log)
	b.Consents = consent.New(consent.Options{
		Grants: b.Grants, Methods: b.Methods, Tenants: b.Tenants, Catalog: b.Catalog, Upstream: b.Upstream,
		Engine: b.Engine, Changed: b.Changed, PublicURL: pattern, Log: log,
	})
	inside := httptest.NewUnstartedServer(nil)
	s := &Site{Broker: b, T: t, Installation: installation(), Database: o.database, Address: server.Listener.Addr().String(), Internal: "http://" + inside.Listener.Addr().String(), Origin: pattern.Origin("acme")}
	s.Deps = web.Deps{
		Services: b.Auth, Tenants: b.Tenants, Store: b.Methods, Consents: b.Consents, Lender: b.Lender, Ledger: b.Grants,
		Catalog: b.Catalog, Directory: b.Directory, Sessions: b.Sessions, Credentials: b.Credentials, SignIn: b.SignIn,
		PublicURL: pattern, InternalURL: s.Internal, Operations: s.Installation, Log: log,
		Frozen: b.Frozen,
	}
	if o.wired != nil {
		o.wired(&s.Deps)
	}
	public, internal := web.New(s.Deps)
	handler.Handle("/", public)
	inside.Config.Handler = internal
	inside.Start()
	t.Cleanup(inside.Close)
	s.client(ClientID, ClientSecret)
	o.furnish(s)
	return s
}

// client registers one at the simulator.
func (s *Site) client(id, clientSecret string) {
	s.T.Helper()
	at := s.Deps.PublicURL
	must(s.T, s.Zoho.AddClient(zohosim.Client{
		ID: id, Secret: clientSecret, Name: "Acme contact centre", MultiDC: true,
		RedirectURIs: []string{at.RedirectURI(s.Tenant), at.SignInRedirectURI(s.Tenant)},
	}))
}

// twoMethods makes a method to be lent from and another to sign people in by.
func (s *Site) twoMethods() {
	s.T.Helper()
	s.client(deskClient, deskSecret)
	s.Method(func(n *store.NewMethod) { n.ClientID, n.ClientSecret = deskClient, secret.New(deskSecret) })
	s.Method(func(n *store.NewMethod) { n.Name, n.Reference = "Zoho sign-in", "zoho-login" })
	s.connect("zoho-login")
}

// Method makes zoho-desk, or what the changes make of it. It can be approved at the
// simulator.
func (s *Site) Method(changes ...func(*store.NewMethod)) authmethods.Method {
	s.T.Helper()
	return s.ZohoDesk(s.T, func(n *store.NewMethod) {
		n.ClientID, n.ClientSecret = ClientID, secret.New(ClientSecret)
		for _, change := range changes {
			change(n)
		}
	})
}

// connect makes the connector.
func (s *Site) connect(method string) {
	s.T.Helper()
	var err error
	s.Connector, _, err = s.People().CreateConnector(s.T.Context(), directory.NewConnector{
		Reference: "zoho", Name: "Zoho", Type: sso.OpenIDConnect, Method: method, Environment: authmethods.Production,
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

// User makes somebody with these roles who may sign in by the connector, if there is one.
func (s *Site) User(name string, roles ...string) sso.User {
	s.T.Helper()
	n := directory.NewUser{UserName: name, Roles: roles}
	if s.Connector.ID != "" {
		n.Connectors = []authmethods.ID{s.Connector.ID}
	}
	u, err := s.Operators().CreateUser(s.T.Context(), n)
	must(s.T, err)
	return u
}

// Operators are acme's people, in the hands of an operator of the installation.
func (s *Site) Operators() *directory.Tenant {
	s.T.Helper()
	in, err := s.Directory.For(authmethods.NewCaller(s.Tenant.ID, s.Admin.Actor(), authmethods.OperatorRights, "req_test"))
	must(s.T, err)
	return in
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
