package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	methods "latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// world is an installation with the tenants acme and other, and acme's method.
type world struct {
	*store.Store
	url         string
	ring        *seal.Keyring
	acme, other authmethods.Tenant
	method      authmethods.Method
	admin       authmethods.Caller
}

var operator = authmethods.Actor{Kind: authmethods.ActorCommand, Name: "root"}

// inEach runs f on a world on each database.
func inEach(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) { f(t, newWorld(t, url)) })
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	w := &world{url: url, ring: seal.GenerateKeyring()}
	w.Store = w.process(t, "one")
	must(t, w.Tenants.EnsurePlatform(t.Context()))
	w.acme = got(w.Tenants.Create(t.Context(), operator, methods.NewTenant{Slug: "acme"}))(t)
	w.other = got(w.Tenants.Create(t.Context(), operator, methods.NewTenant{Slug: "other"}))(t)
	w.admin = adminOf(w.acme)
	w.method = got(got(w.Methods.For(w.admin))(t).CreateMethod(t.Context(), methods.NewMethod{
		Name: "Zoho Desk", Reference: "zoho-desk", IntegrationType: "zoho_desk", ClientID: "1000.ABC",
		ClientSecret: secret.New("the secret of the client"), Scopes: []string{"Desk.tickets.READ", "Desk.basic.READ"},
	}))(t)
	return w
}

// process opens the database as another process would.
func (w *world) process(t testing.TB, name string) *store.Store {
	t.Helper()
	d := storage.Open(t, w.url)
	types := got(catalog.Load(catalog.Options{}))(t)
	o := methods.Options{DB: d, System: db.NewSystem(d), Vault: vault.New(w.ring), Catalog: types}
	return store.New(store.Options{
		DB: d, System: o.System, Vault: o.Vault, Methods: methods.New(o), Tenants: methods.NewTenants(o), Catalog: types,
		Log: slog.New(slog.DiscardHandler), Process: name,
	})
}

func adminOf(tenant authmethods.Tenant) authmethods.Caller {
	return authmethods.NewCaller(tenant.ID, authmethods.Actor{Kind: authmethods.ActorPerson, ID: "usr_1", Name: "Marie"}, authmethods.AdminRights, "req_1")
}

// The statuses of consents in these tests.
const created, started, verifying, completed, failed = "created", "started", "verifying", "completed", "failed"

func (w *world) consent(t testing.TB, status string, until time.Time) store.Consent {
	t.Helper()
	c := store.Consent{
		ID: authmethods.ID(token.NewID("con")), MethodID: w.method.ID, Environment: authmethods.Production, Subject: tokens.TenantSubject,
		Status: status, RedirectURI: "https://acme.latchkey.test/back", Scopes: w.method.Scopes, StartedBy: "Marie",
		Ticket: token.HashOf(secret.New("ticket")), ExpiresAt: until,
	}
	must(t, w.InsertConsent(t.Context(), w.admin, c))
	return c
}

var never = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// The first tokens of an installed connection.
const firstAccess, firstRefresh = "1000.first-access", "1000.first-refresh"

// install approves a connection whose token lives an hour from now.
func (w *world) install(t testing.TB) store.Installed {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	return w.installWith(t, tokens.AccessToken{
		ID: authmethods.ID(token.NewID("tok")), Value: secret.New(firstAccess), Type: "Bearer",
		Scopes: []string{"Desk.tickets.READ"}, IssuedAt: now, ExpiresAt: now.Add(time.Hour),
	})
}

func (w *world) installWith(t testing.TB, access tokens.AccessToken) store.Installed {
	t.Helper()
	c := w.consent(t, verifying, never)
	return got(w.Install(t.Context(), w.admin, store.Installation{
		Consent: c.ID, From: verifying, To: completed, MethodID: w.method.ID, Environment: authmethods.Production,
		Subject: tokens.TenantSubject, DataCentre: "eu", Organization: tokens.Organization{ID: "2389290", Name: "Acme"},
		ApprovedBy: "Marie", Access: access, RefreshToken: secret.New(firstRefresh), Scopes: access.Scopes,
	}))(t)
}

func (w *world) target(t testing.TB, s *store.Store) tokens.Target {
	t.Helper()
	return got(store.Directory{Store: s}.Find(t.Context(), &authmethods.Service{ID: "sa_1", Tenant: w.acme.ID}, tokens.LoanRequest{
		Method: "zoho-desk", Environment: authmethods.Production, Subject: tokens.TenantSubject,
	}))(t)
}

// slot is the installed connection's, as that process sees it.
func (w *world) slot(t testing.TB, s *store.Store) tokens.Slot { return w.target(t, s).Slot }

func load(t testing.TB, s tokens.Slot) tokens.Grant {
	t.Helper()
	g, _, err := s.Load(t.Context())
	must(t, err)
	return g
}

// claim claims and must win.
func claim(t testing.TB, s tokens.Slot, lease time.Duration) tokens.Attempt {
	t.Helper()
	g := load(t, s)
	a := tokens.Attempt{ID: token.NewID("att"), Version: g.Version, Token: token.Fingerprint(g.RefreshToken), At: time.Now().UTC().Truncate(time.Microsecond)}
	if ok, err := s.Claim(t.Context(), g.Epoch, a, lease); !ok || err != nil {
		t.Fatalf("the claim of epoch %d: %t, %v", g.Epoch, ok, err)
	}
	return a
}

// renewed is the success of an attempt.
func renewed(epoch int64, attempt, access, refresh string) tokens.Success {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return tokens.Success{
		Epoch: epoch, AttemptID: attempt, RefreshToken: secret.New(refresh),
		Access: tokens.AccessToken{
			ID: authmethods.ID(token.NewID("tok")), Value: secret.New(access), Type: "Bearer", Scopes: []string{"Desk.tickets.READ"},
			IssuedAt: now, ExpiresAt: now.Add(time.Hour),
		},
	}
}

func (w *world) raw(t testing.TB) *sql.DB { return storage.Raw(t, w.url) }

// exec runs a statement past every wall.
func (w *world) exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := w.raw(t).ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// bytes reads the one value of a query.
func (w *world) bytes(t testing.TB, query string) []byte {
	t.Helper()
	var b []byte
	if err := w.raw(t).QueryRowContext(t.Context(), query).Scan(&b); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return b
}

func got[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func missing(t testing.TB, what string, err error) {
	t.Helper()
	if authmethods.KindOf(err) != authmethods.NotFound {
		t.Errorf("%s: %v, want nothing to be there", what, err)
	}
}

// stub is a provider in this process: each answer is a new token.
type stub struct{ calls int }

func (s *stub) Send(context.Context, tokens.Request) (tokens.Answer, error) {
	s.calls++
	body := fmt.Sprintf(`{"access_token":"1000.access-%d","expires_in":3600,"token_type":"Bearer"}`, s.calls)
	return tokens.Answer{Status: 200, ContentType: "application/json", Body: secret.New(body)}, nil
}
