package store_test

import (
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/test/storage"
)

// world is an installation with two tenants.
type world struct {
	store.Options
	url         string
	tenants     *store.Tenants
	acme, other authmethods.Tenant
}

var operator = authmethods.Actor{Kind: authmethods.ActorCommand, Name: "root"}

// inEach runs f on a world on each database.
func inEach(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) { f(t, newWorld(t, url)) })
}

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	types, err := catalog.Load(catalog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := storage.Open(t, url)
	w := &world{url: url, Options: store.Options{
		DB: d, System: db.NewSystem(d), Vault: vault.New(seal.GenerateKeyring()), Catalog: types,
	}}
	w.tenants = store.NewTenants(w.Options)
	must(t, w.tenants.EnsurePlatform(t.Context()))
	w.acme = got(w.tenants.Create(t.Context(), operator, store.NewTenant{Slug: "acme", Hosts: []string{"sso.acme.example"}}))(t)
	w.other = got(w.tenants.Create(t.Context(), operator, store.NewTenant{Slug: "other"}))(t)
	return w
}

// as returns the data of a tenant in the hands of somebody with these rights.
func (w *world) as(t *testing.T, tenant authmethods.TenantID, rights ...authmethods.Right) *store.Tenant {
	t.Helper()
	c := authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorPerson, ID: "usr_1", Name: "Marie"}, rights, "req_1")
	return got(store.New(w.Options).For(c))(t)
}

func (w *world) admin(t *testing.T) *store.Tenant {
	return w.as(t, w.acme.ID, authmethods.AdminRights...)
}

func (w *world) adminOfOther(t *testing.T) *store.Tenant {
	return w.as(t, w.other.ID, authmethods.AdminRights...)
}

// raw runs a statement past every wall.
func (w *world) raw(t *testing.T, statement string) {
	t.Helper()
	if _, err := storage.Raw(t, w.url).ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

const clientSecret = "s3cret-of-the-desk"

func desk(name string) store.NewMethod {
	return store.NewMethod{
		Name: name, IntegrationType: "zoho_desk", ClientID: "1000.ABC",
		ClientSecret: secret.New(clientSecret + "\n"), Scopes: []string{"Desk.tickets.READ"},
	}
}

func got[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused wants an error of this kind and code.
func refused(t *testing.T, err error, kind authmethods.Kind, code authmethods.Code) *authmethods.Problem {
	t.Helper()
	p, ok := problem(err)
	if !ok || p.Kind != kind || p.Code != code {
		t.Fatalf("got %v, want the problem %s (%s)", err, code, kind)
	}
	return p
}

func ptr[T any](v T) *T { return &v }

var soon = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
