package store_test

import (
	"database/sql"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso"
	"latchkey/sso/store"
	"latchkey/test/storage"
)

// world is an installation with the tenants acme and other, each of which has the
// connectors zoho and entra.
type world struct {
	*store.Store
	url  string
	past *sql.DB // past every wall
}

const (
	acme, other = storage.TenantA, storage.TenantB
	zoho, entra = authmethods.ID("cn_zoho"), authmethods.ID("cn_entra")
	marie       = authmethods.ID("usr_marie")
)

// inEach runs f on a world on each database.
func inEach(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) { f(t, newWorld(t, url)) })
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	d := storage.Open(t, url)
	sys, keys := db.NewSystem(d), vault.New(seal.GenerateKeyring())
	for tenant, slug := range map[authmethods.TenantID]string{acme: "acme", other: "other"} {
		storage.Insert(t, url, "tenants", map[string]any{
			"id": string(tenant), "slug": slug, "callback_a": slug, "callback_b": slug, "disabled_at": nil, "deleted_at": nil,
		})
		in, err := sys.For(tenant, "test")
		must(t, err)
		must(t, keys.Provision(t.Context(), in))
		storage.Insert(t, url, "methods", map[string]any{"tenant_id": string(tenant), "id": "m_zoho", "reference": "zoho"})
		for _, connector := range []authmethods.ID{zoho, entra} {
			storage.Insert(t, url, "sso_connectors", map[string]any{
				"tenant_id": string(tenant), "id": string(connector), "reference": string(connector[3:]), "method_id": "m_zoho",
				"admission": string(sso.AssociatedOnly), "creates_users": false, "disabled_at": nil,
			})
		}
	}
	return &world{store.New(store.Options{DB: d, System: sys, Vault: keys}), url, storage.Raw(t, url)}
}

// as is a browser in a tenant.
func as(tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorPerson, Name: "browser"}, nil, "req_1")
}

// back is somebody who came back with this state.
func back(state string) store.Returned {
	return store.Returned{Connector: zoho, State: token.HashOf(secret.New(state)), Address: "192.0.2.7", UserAgent: "Browser"}
}

// open records somebody who came back to acme.
func (w *world) open(t testing.TB, r store.Returned) sso.SignIn {
	t.Helper()
	opened, err := w.Open(t.Context(), as(acme), r)
	must(t, err)
	return opened
}

// count counts rows past every wall.
func (w *world) count(t testing.TB, table string) (n int) {
	t.Helper()
	must(t, w.past.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

// raw runs a statement past every wall.
func (w *world) raw(t testing.TB, statement string) {
	t.Helper()
	_, err := w.past.ExecContext(t.Context(), statement)
	must(t, err)
}

func missing(t testing.TB, err error) {
	t.Helper()
	if authmethods.KindOf(err) != authmethods.NotFound {
		t.Errorf("got %v, want that there is no such thing", err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
