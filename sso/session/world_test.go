package session_test

import (
	"database/sql"
	"errors"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/migrations"
	"latchkey/sso"
	"latchkey/sso/session"
	"latchkey/test/storage"
)

// world is an installation with the tenants acme and other. Acme has the user marie,
// who may sign in by the connector zoho, and paul, who may not.
type world struct {
	*session.Sessions
	url  string
	ring *seal.Keyring
	sys  db.System
	past *sql.DB // past every wall
}

const (
	acme, other = storage.TenantA, storage.TenantB
	marie       = authmethods.ID("usr_marie")
	paul        = authmethods.ID("usr_paul")
	zoho        = authmethods.ID("cn_zoho")
	pinned      = authmethods.ID("idn_marie")
	issuer      = "https://accounts.zoho.eu"
)

var acmeTenant = authmethods.Tenant{ID: acme, Slug: "acme"}

// inEach runs f on a world on each database.
func inEach(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) { f(t, newWorld(t, url)) })
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	w := &world{url: url, ring: seal.GenerateKeyring()}
	w.Sessions, w.sys = w.process(t)
	w.past = storage.Raw(t, url)
	keys := vault.New(w.ring)
	for tenant, slug := range map[authmethods.TenantID]string{acme: "acme", other: "other"} {
		w.insert(t, "tenants", map[string]any{
			"id": string(tenant), "slug": slug, "callback_a": slug, "callback_b": slug, "disabled_at": nil, "deleted_at": nil,
		})
		in := got(w.sys.For(tenant, "test"))(t)
		must(t, keys.Provision(t.Context(), in))
		must(t, audit.Start(t.Context(), in))
	}
	w.user(t, acme, marie)
	w.user(t, acme, paul)
	w.user(t, other, "usr_else")
	w.insert(t, "methods", map[string]any{"id": "m_zoho", "reference": "zoho"})
	w.insert(t, "sso_connectors", map[string]any{
		"id": string(zoho), "reference": "zoho", "method_id": "m_zoho", "admission": string(sso.AssociatedOnly),
		"creates_users": false, "disabled_at": nil,
	})
	w.associate(t)
	w.insert(t, "identities", map[string]any{
		"id": string(pinned), "user_id": string(marie), "connector_id": string(zoho), "issuer": issuer, "subject": "4711", "by_hand": false,
	})
	return w
}

// process opens the database as another process would.
func (w *world) process(t testing.TB) (*session.Sessions, db.System) {
	t.Helper()
	d := storage.Open(t, w.url)
	sys := db.NewSystem(d)
	return session.New(session.Options{DB: d, System: sys, Vault: vault.New(w.ring), PublicURL: "https://{tenant}.latchkey.test"}), sys
}

func (w *world) insert(t testing.TB, table string, given map[string]any) {
	t.Helper()
	storage.Insert(t, w.url, table, given)
}

func (w *world) user(t testing.TB, tenant authmethods.TenantID, id authmethods.ID) {
	t.Helper()
	w.insert(t, "users", map[string]any{
		"tenant_id": string(tenant), "id": string(id), "user_name": "name of " + string(id), "user_key": string(id),
		"email": string(id) + "@acme.example", "display_name": "The " + string(id), "language": "fr", "theme": "dark",
		"external_id": nil, "invited": false, "disabled_at": nil, "last_seen_at": nil, "version": 3,
	})
	for _, role := range []string{"user", "auditor"} {
		w.insert(t, "user_roles", map[string]any{
			"tenant_id": string(tenant), "id": "ur_" + role + string(id), "user_id": string(id), "role": role,
		})
	}
}

func (w *world) associate(t testing.TB) {
	t.Helper()
	w.raw(t, "INSERT INTO user_connectors (tenant_id, id, user_id, connector_id, created_at, updated_at) VALUES ('"+string(acme)+"', 'uc_1', 'usr_marie', 'cn_zoho', 1, 1)")
}

// raw runs a statement past every wall and returns how many rows it wrote.
func (w *world) raw(t testing.TB, statement string, args ...any) int64 {
	t.Helper()
	res, err := w.past.ExecContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	n, err := res.RowsAffected()
	must(t, err)
	return n
}

// one reads one number past every wall.
func (w *world) one(t testing.TB, query string) (n int64) {
	t.Helper()
	must(t, w.past.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

// dbNow is the database's clock as SQL.
func (w *world) dbNow() string {
	if storage.DialectOf(w.url) == migrations.Postgres {
		return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
	}
	return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
}

// as is somebody of the tenant with these rights.
func as(tenant authmethods.TenantID, user authmethods.ID, rights ...authmethods.Right) authmethods.Caller {
	return authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorPerson, ID: user, Name: string(user)}, rights, "req_1")
}

// bySSO is marie's sign-in by the connector.
func bySSO() session.Start {
	return session.Start{
		User: marie, UserVersion: 3, Connector: zoho, Identity: pinned, Means: session.SSO, Issuer: issuer, ProviderSID: "sid-1",
		Address: "192.0.2.7", UserAgent: "Browser", Settings: sso.DefaultSettings(),
	}
}

// byPassword is a sign-in with password and one-time code.
func byPassword(user authmethods.ID) session.Start {
	return session.Start{User: user, UserVersion: 3, Means: session.Password, SecondFactor: true, Settings: sso.DefaultSettings()}
}

// begin begins a session in acme and returns its cookie.
func (w *world) begin(t testing.TB, from session.Start) (string, session.Session) {
	t.Helper()
	cookie, made, err := w.Begin(t.Context(), as(acme, from.User), from)
	must(t, err)
	return cookie.Reveal(), made
}

func (w *world) find(t testing.TB, cookie string) session.Present {
	t.Helper()
	return got(w.Find(t.Context(), acme, cookie))(t)
}

// gone wants the cookie to be refused as every cookie is that is not a session's.
func (w *world) gone(t testing.TB, cookie string) {
	t.Helper()
	_, err := w.Find(t.Context(), acme, cookie)
	notSignedIn(t, err)
}

func notSignedIn(t testing.TB, err error) {
	t.Helper()
	p := refused(t, err, authmethods.Unauthenticated, authmethods.CodeNotSignedIn)
	if p != nil && (p.Detail != "Nobody is signed in here, or the session has ended." || p.Err != nil || p.Reason != "") {
		t.Errorf("the answer tells more: %+v", p)
	}
}

// refused wants an error of this kind and code.
func refused(t testing.TB, err error, kind authmethods.Kind, code authmethods.Code) *authmethods.Problem {
	t.Helper()
	var p *authmethods.Problem
	if !errors.As(err, &p) || p.Kind != kind || p.Code != code {
		t.Errorf("got %v, want the problem %s (%s)", err, code, kind)
		return nil
	}
	return p
}

func missing(t testing.TB, err error) {
	t.Helper()
	refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
}

// actions counts the tenant's audit events by action, and wants the chain whole.
func (w *world) actions(t testing.TB) map[string]int {
	t.Helper()
	in := got(w.sys.For(acme, "test"))(t)
	_, err := audit.Verify(t.Context(), in)
	must(t, err)
	counts := map[string]int{}
	for _, e := range got(audit.List(t.Context(), in, audit.Query{Limit: 1000}))(t) {
		counts[e.Action]++
	}
	return counts
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
