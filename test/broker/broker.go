package broker

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	methods "latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/sso/signin"
	"latchkey/tokens"
	"latchkey/tokens/bank"
	"latchkey/tokens/consent"
	"latchkey/tokens/dispatch"
	"latchkey/tokens/keep"
	"latchkey/tokens/lifeboat"
	"latchkey/tokens/store"
	"latchkey/tokens/upstream"
	"latchkey/zohosim"
)

// Broker is everything between the web layer and the database, and the provider
// that it talks to.
type Broker struct {
	DB       *db.DB
	System   db.System
	Vault    *vault.Vault
	Catalog  *catalog.Catalog
	Methods  *methods.Store
	Tenants  *methods.Tenants
	Auth     *methods.Authenticator
	Frozen   *methods.Frozen
	Grants   *store.Store
	Upstream *upstream.Client
	Engine   *tokens.Engine
	Keeper   *keep.Keeper
	Lender   *tokens.Lender
	Consents *consent.Service
	// People, and how they sign in.
	Directory   *directory.Directory
	Sessions    *session.Sessions
	Credentials *credentials.Credentials
	SignIn      *signin.Service

	Zoho *zohosim.Server
	Seed zohosim.DemoSeed

	Tenant authmethods.Tenant
	Admin  authmethods.Caller
	// Browser is a caller without rights, as a browser at the tenant's host is.
	Browser authmethods.Caller
	ring    *seal.Keyring
	logs    *logs
}

// PublicURL is where tenants are.
const PublicURL authmethods.PublicURL = "https://{tenant}.latchkey.test"

// The pair in the redirect URI of acme, which is registered at the simulator.
const callbackA, callbackB = "k3wq7dm", "p9xh2ta"

var operator = authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}

// New builds a broker with the tenant acme on d. Extra integration types override
// the embedded ones; Zoho's always lead to the simulator.
func New(t testing.TB, d *db.DB, extra fstest.MapFS) *Broker {
	t.Helper()
	b := &Broker{ring: seal.GenerateKeyring(), logs: &logs{}}
	b.startZoho(t)
	var err error
	b.Catalog, err = catalog.Load(catalog.Options{
		Extra: b.types(extra), AllowHTTP: func(host string) bool { return host == "127.0.0.1" },
	})
	must(t, err)
	b.wire(t, d)
	must(t, b.Tenants.EnsurePlatform(t.Context()))
	b.Tenant, err = b.Tenants.Create(t.Context(), operator, methods.NewTenant{Slug: "acme", CallbackA: callbackA, CallbackB: callbackB})
	must(t, err)
	b.Admin = caller(b.Tenant.ID, authmethods.AdminRights)
	b.Browser = caller(b.Tenant.ID, nil)
	return b
}

// Restart builds the broker anew, with nothing in memory, on another handle of
// its database.
func (b *Broker) Restart(t testing.TB, d *db.DB) *Broker {
	t.Helper()
	again := *b
	again.wire(t, d)
	return &again
}

func (b *Broker) wire(t testing.TB, d *db.DB) {
	t.Helper()
	log := slog.New(slog.NewJSONHandler(b.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.DB, b.System = d, db.NewSystem(d)
	must(t, vault.CheckKeys(t.Context(), b.System, b.ring))
	b.Vault = vault.New(b.ring)
	options := methods.Options{DB: d, System: b.System, Vault: b.Vault, Catalog: b.Catalog}
	b.Methods, b.Tenants, b.Auth = methods.New(options), methods.NewTenants(options), methods.NewAuthenticator(options)
	b.Frozen = methods.NewFrozen(options, nil)
	b.Upstream = upstream.New(upstream.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	b.Grants = store.New(store.Options{
		DB: d, System: b.System, Vault: b.Vault, Methods: b.Methods, Tenants: b.Tenants, Catalog: b.Catalog, Log: log,
		Process: token.NewID("proc"), Lifeboat: b.boat(t),
	})
	gate := dispatch.New(dispatch.Options{Bank: bank.New(b.System), Log: log})
	b.Engine = &tokens.Engine{Policy: tokens.DefaultPolicy, Upstream: b.Upstream, Gate: gate, Log: log}
	b.Keeper = &keep.Keeper{Store: b.Grants, Engine: b.Engine, Log: log}
	b.Lender = tokens.NewLender(tokens.LenderOptions{
		Engine: b.Engine, Directory: store.Directory{Store: b.Grants}, Ledger: store.Ledger{Store: b.Grants}, Freshness: fresh{},
	})
	b.wirePeople(PublicURL, log)
	b.Consents = consent.New(consent.Options{
		Grants: b.Grants, Methods: b.Methods, Tenants: b.Tenants, Catalog: b.Catalog, Upstream: b.Upstream,
		Engine: b.Engine, Changed: b.Changed, PublicURL: PublicURL, Log: log,
	})
}

// boat is a lifeboat of this process alone.
func (b *Broker) boat(t testing.TB) *lifeboat.Boat {
	t.Helper()
	boat, err := lifeboat.Open(filepath.Join(t.TempDir(), "lifeboat"))
	must(t, err)
	t.Cleanup(func() { must(t, boat.Close()) })
	return boat
}

func caller(tenant authmethods.TenantID, rights authmethods.Rights) authmethods.Caller {
	return authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorPerson, Name: "test"}, rights, "req_test")
}

// Changed forgets what is remembered of a tenant, as the feed would have it.
func (b *Broker) Changed(tenant authmethods.TenantID) {
	b.Grants.Forget(tenant)
	b.Lender.Forget(tenant)
}

// NewTenant makes another tenant.
func (b *Broker) NewTenant(t testing.TB, slug string) authmethods.Tenant {
	t.Helper()
	tenant, err := b.Tenants.Create(t.Context(), operator, methods.NewTenant{Slug: slug})
	must(t, err)
	return tenant
}

// Service is a tenant's service that may borrow everything of its tenant.
func Service(tenant authmethods.TenantID) *authmethods.Service {
	return &authmethods.Service{
		ID: "sa_test", Tenant: tenant, Name: "test",
		Permits: []authmethods.Permit{{Method: authmethods.Any, Environment: authmethods.Any}},
	}
}

// ZohoDesk creates a Zoho Desk method for the simulator's server client.
func (b *Broker) ZohoDesk(t testing.TB, change func(*methods.NewMethod)) authmethods.Method {
	t.Helper()
	n := methods.NewMethod{
		Name: "Zoho Desk", Reference: "zoho-desk", IntegrationType: "zoho_desk", Mode: authmethods.ModeOAuth,
		ClientID: b.Seed.Server.ID, ClientSecret: secret.New(b.Seed.Server.Secret), DataCentre: authmethods.DataCentreAuto,
		Scopes: []string{"Desk.tickets.READ", "Desk.basic.READ"},
	}
	if change != nil {
		change(&n)
	}
	tenant, err := b.Methods.For(b.Admin)
	must(t, err)
	method, err := tenant.CreateMethod(t.Context(), n)
	must(t, err)
	return method
}

func (b *Broker) startZoho(t testing.TB) {
	t.Helper()
	var err error
	b.Zoho, err = zohosim.Start(t.Context(), zohosim.Config{Switches: zohosim.Switches{Limits: zohosim.Limits{
		CodesPerWindow: -1, NewRefreshTokensPerWindow: -1,
	}}}, "")
	must(t, err)
	t.Cleanup(func() { must(t, b.Zoho.Close()) })
	acme := authmethods.Tenant{Slug: "acme", CallbackA: callbackA, CallbackB: callbackB}
	b.Seed, err = zohosim.Demo(b.Zoho.Sim, PublicURL.RedirectURI(acme), PublicURL.SignInRedirectURI(acme))
	must(t, err)
}

// types is the override that leads Zoho's types to the simulator.
func (b *Broker) types(extra fstest.MapFS) fs.FS {
	var y bytes.Buffer
	fmt.Fprintln(&y, "extends: zoho\ndata_centres:")
	for _, dc := range b.Zoho.DataCentres() {
		fmt.Fprintf(&y, "  %s:\n    authorization_server: %s\n    hosts:\n", dc.Code, dc.Accounts)
		fmt.Fprintf(&y, "      desk: {production: %s, sandbox: %s}\n", dc.Desk, dc.Desk)
		fmt.Fprintf(&y, "      api: {production: %s, sandbox: %s, developer: %s}\n", dc.API, dc.SandboxAPI, dc.DeveloperAPI)
	}
	all := fstest.MapFS{"zoho.dc.yaml": {Data: y.Bytes()}}
	for name, file := range extra {
		all[name] = file
	}
	return all
}

// Logs returns everything logged so far.
func (b *Broker) Logs() string { return b.logs.text() }

type fresh struct{}

func (fresh) StaleFor() time.Duration { return 0 }

type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
