package directory_test

import (
	"context"
	"errors"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/storage"
)

// world is an installation with two tenants, each with an authentication method.
type world struct {
	*directory.Directory
	db          *db.DB
	vault       *vault.Vault
	url         string
	acme, other authmethods.TenantID
}

// inEach runs f on a world on each database.
func inEach(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storage.EachURL(t, func(t *testing.T, url string) { f(t, newWorld(t, url)) })
}

const method authmethods.ID = "am_desk"

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	d := storage.Open(t, url)
	w := &world{db: d, vault: vault.New(seal.GenerateKeyring()), url: url, acme: "tn_acme", other: "tn_other"}
	w.Directory = directory.New(directory.Options{DB: d, Vault: w.vault, CheckMethod: checkMethod})
	for _, tenant := range []authmethods.TenantID{w.acme, w.other} {
		name := string(tenant)
		storage.Insert(t, url, "tenants", map[string]any{
			"id": name, "slug": name, "callback_a": name, "callback_b": name, "deleted_at": nil, "disabled_at": nil,
		})
		storage.Insert(t, url, "methods", map[string]any{"tenant_id": name, "id": string(method)})
		in := got(db.NewSystem(d).For(tenant, "test"))(t)
		must(t, w.vault.Provision(t.Context(), in))
		must(t, audit.Start(t.Context(), in))
	}
	return w
}

// checkMethod knows one method, which speaks OpenID Connect in production.
func checkMethod(_ context.Context, c authmethods.Caller, ref string, e authmethods.Environment, _ sso.ConnectorType) (authmethods.ID, []string, error) {
	switch {
	case ref != "desk" && ref != string(method):
		return "", nil, authmethods.Missing()
	case e != authmethods.Production:
		return "", nil, authmethods.InvalidField("/environment", "Not there.")
	}
	return method, []string{"The method does not ask for openid."}, nil
}

func person(id authmethods.ID) authmethods.Actor {
	return authmethods.Actor{Kind: authmethods.ActorPerson, ID: id, Name: "Marie"}
}

// as returns the people of a tenant in the hands of somebody with these rights.
func (w *world) as(t *testing.T, tenant authmethods.TenantID, rights ...authmethods.Right) *directory.Tenant {
	t.Helper()
	return got(w.For(authmethods.NewCaller(tenant, person("usr_1"), rights, "req_1")))(t)
}

func (w *world) admin(t *testing.T) *directory.Tenant {
	return w.as(t, w.acme, authmethods.AdminRights...)
}

func (w *world) adminOfOther(t *testing.T) *directory.Tenant {
	return w.as(t, w.other, authmethods.AdminRights...)
}

// console is an operator at the command line.
func (w *world) console(t *testing.T) *directory.Tenant {
	t.Helper()
	root := authmethods.Actor{Kind: authmethods.ActorCommand, Name: "root"}
	return got(w.For(authmethods.NewCaller(w.acme, root, authmethods.OperatorRights, "")))(t)
}

func (w *world) door(t *testing.T) *directory.Door {
	t.Helper()
	return got(w.Door(authmethods.NewCaller(w.acme, authmethods.Actor{Kind: authmethods.ActorJob, Name: "sign-in"}, nil, "")))(t)
}

// helpDesk has the rights of the ready-made role.
func (w *world) helpDesk(t *testing.T) *directory.Tenant {
	role, _ := sso.ReadyRole(sso.RoleHelpDesk)
	return w.as(t, w.acme, role.Rights...)
}

// user makes a user of acme.
func (w *world) user(t *testing.T, name string, roles ...string) sso.User {
	t.Helper()
	return got(w.console(t).CreateUser(t.Context(), directory.NewUser{UserName: name, Roles: roles}))(t)
}

// connector makes a connector of acme that admits everybody whom its rule finds.
func (w *world) connector(t *testing.T, reference string) sso.Connector {
	t.Helper()
	c, _, err := w.admin(t).CreateConnector(t.Context(), zoho(reference))
	must(t, err)
	return c
}

func zoho(reference string) directory.NewConnector {
	return directory.NewConnector{
		Reference: reference, Name: "Zoho", Type: sso.OpenIDConnect, Method: "desk",
		Environment: authmethods.Production, Admission: sso.AnyoneMapped,
	}
}

// raw runs a statement past every wall.
func (w *world) raw(t *testing.T, statement string) {
	t.Helper()
	if _, err := storage.Raw(t, w.url).ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// count counts what a query finds past every wall.
func (w *world) count(t *testing.T, query string) int {
	t.Helper()
	var n int
	if err := storage.Raw(t, w.url).QueryRowContext(t.Context(), "SELECT count(*) FROM "+query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
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

// refused wants a problem of this kind and code.
func refused(t *testing.T, err error, kind authmethods.Kind, code authmethods.Code) {
	t.Helper()
	var p *authmethods.Problem
	if !errors.As(err, &p) || p.Kind != kind || p.Code != code {
		t.Fatalf("got %v, want the problem %s (%s)", err, code, kind)
	}
}

func invalid(t *testing.T, err error, pointer string) {
	t.Helper()
	refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
	var p *authmethods.Problem
	if errors.As(err, &p) && p.Fields[0].Pointer != pointer {
		t.Fatalf("the fault is at %s, want %s", p.Fields[0].Pointer, pointer)
	}
}

func ptr[T any](v T) *T { return &v }
