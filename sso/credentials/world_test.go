package credentials_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
	"latchkey/test/storage"
)

const (
	acme  = storage.TenantA
	other = storage.TenantB

	// A password that nobody would guess, and another one.
	good   = "vague otter 83 sings"
	better = "quiet lamp 29 dances"
)

// quick is too weak for anything but tests.
var quick = credentials.Argon{MiB: 1, Passes: 1, Lanes: 1}

var home = netip.MustParseAddr("203.0.113.7")

// world is an installation with two tenants and a few people in the first.
type world struct {
	*credentials.Credentials
	credentials.Options
	url         string
	marie, paul *sso.User
}

// inEach runs f on a world on each database.
func inEach(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) { f(t, newWorld(t, url)) })
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	d := storage.Open(t, url)
	w := &world{url: url, Options: credentials.Options{
		DB: d, System: db.NewSystem(d), Vault: vault.New(seal.GenerateKeyring()),
		PublicURL: "https://{tenant}.example.com", Argon: quick,
	}}
	for _, tenant := range []authmethods.TenantID{acme, other} {
		name := string(tenant)
		storage.Insert(t, url, "tenants", map[string]any{"id": name, "slug": name, "name": name, "callback_a": name, "callback_b": name})
		in := w.in(t, tenant)
		must(t, w.Vault.Provision(t.Context(), in))
		must(t, audit.Start(t.Context(), in))
	}
	w.Credentials = credentials.New(w.Options)
	w.marie = w.user(t, "usr_marie", "marie.dupont")
	w.paul = w.user(t, "usr_paul", "paul")
	return w
}

func (w *world) in(t testing.TB, tenant authmethods.TenantID) db.Tenant {
	t.Helper()
	return got(w.System.For(tenant, "test"))(t)
}

// user stores somebody who has been invited.
func (w *world) user(t testing.TB, id authmethods.ID, name string) *sso.User {
	t.Helper()
	storage.Insert(t, w.url, "users", map[string]any{
		"tenant_id": string(acme), "id": string(id), "user_name": name, "user_key": name, "email": name + "@acme.example",
		"email_key": name + "@acme.example", "display_name": "", "external_id": nil, "invited": true, "disabled_at": nil,
		"version": 1, "rev": 1,
	})
	return &sso.User{ID: id, UserName: name, Invited: true}
}

// people is a user as the table has it.
func (w *world) people(t testing.TB, id authmethods.ID) (invited bool, version int64) {
	t.Helper()
	st := db.Prepare(`SELECT u.invited, u.version FROM users u WHERE u.tenant_id = {tenant} AND u.id = ?`)
	must(t, db.QueryRow(t.Context(), w.in(t, acme), st, []any{string(id)}, &invited, &version))
	return invited, version
}

// actions are the audit log of acme, the newest first.
func (w *world) actions(t testing.TB) (all []string) {
	t.Helper()
	for _, e := range got(audit.List(t.Context(), w.in(t, acme), audit.Query{}))(t) {
		all = append(all, e.Action)
	}
	return all
}

// nobody is who has not signed in yet.
func nobody() authmethods.Caller {
	return authmethods.NewCaller(acme, authmethods.Actor{Kind: authmethods.ActorPerson}, nil, "req_1")
}

func as(u *sso.User) authmethods.Caller { return with(u.ID) }

func with(id authmethods.ID, rights ...authmethods.Right) authmethods.Caller {
	return authmethods.NewCaller(acme, authmethods.Actor{Kind: authmethods.ActorPerson, ID: id, Name: string(id)}, rights, "req_1")
}

func admin() authmethods.Caller { return with("usr_admin", authmethods.AdminRights...) }

// give sets a password, and fails the test if that is refused.
func (w *world) give(t testing.TB, u *sso.User, password string) {
	t.Helper()
	must(t, w.Set(t.Context(), admin(), credentials.Target{User: u}, secret.New(password)))
}

func try(u *sso.User, password string) credentials.Attempt {
	a := credentials.Attempt{User: u, Password: secret.New(password), From: home}
	if u != nil {
		a.Name = u.UserName
	}
	return a
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

// refused wants an error of this kind and code.
func refused(t testing.TB, err error, kind authmethods.Kind, code authmethods.Code) *authmethods.Problem {
	t.Helper()
	var p *authmethods.Problem
	if !errors.As(err, &p) || p.Kind != kind || p.Code != code {
		t.Fatalf("got %v, want the problem %s (%s)", err, code, kind)
	}
	return p
}

func wrongPassword(t testing.TB, err error) {
	t.Helper()
	refused(t, err, authmethods.Unauthenticated, authmethods.CodeWrongPassword)
}

func tooMany(t testing.TB, err error) {
	t.Helper()
	p := refused(t, err, authmethods.Exhausted, authmethods.CodeTooManyRequests)
	if p.RetryAfter <= 0 || p.RetryAfter > 15*time.Minute {
		t.Errorf("to wait %s", p.RetryAfter)
	}
}
