package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/authmethods/store"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

// tenants is how many tenants share the connections of an installation.
const tenants = 100

// installation is a database with its keys, and what the requests to it are made
// of.
type installation struct {
	dir         string
	url         string
	keyring     string
	service     authmethods.Service // of the platform, which may borrow everything
	key         secret.Text
	tenants     []tenancy
	connections int
}

// tenancy is a tenant with its one method.
type tenancy struct {
	slug   string
	id     authmethods.TenantID
	method authmethods.ID
	sealer *seal.Sealer
}

var operator = authmethods.Actor{Kind: authmethods.ActorCommand, Name: "bench"}

// newInstallation makes tenants, methods and a key in the empty database at url,
// with the stores that the product does it with, and seeds it with connections.
func newInstallation(ctx context.Context, dir, url string, connections int, l life) (*installation, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	i := &installation{dir: dir, url: url, keyring: filepath.Join(dir, "keyring"), connections: connections}
	ring, err := seal.CreateKeyringFile(i.keyring)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Options{URL: url})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(i.furnish(ctx, d, ring), d.Close()); err != nil {
		return nil, fmt.Errorf("making an installation: %w", err)
	}
	if err := i.seed(ctx, l); err != nil {
		return nil, fmt.Errorf("seeding %d connections: %w", connections, err)
	}
	return i, nil
}

func (i *installation) furnish(ctx context.Context, d *db.DB, ring *seal.Keyring) error {
	system := db.NewSystem(d)
	if err := vault.CheckKeys(ctx, system, ring); err != nil {
		return err
	}
	kinds, err := catalog.Load(catalog.Options{})
	if err != nil {
		return err
	}
	o := store.Options{DB: d, System: system, Vault: vault.New(ring), Catalog: kinds}
	methods, all := store.New(o), store.NewTenants(o)
	if err := all.EnsurePlatform(ctx); err != nil {
		return err
	}
	if err := i.addService(ctx, methods); err != nil {
		return err
	}
	for n := range tenants {
		t, err := all.Create(ctx, operator, store.NewTenant{Slug: fmt.Sprintf("tenant-%03d", n)})
		if err != nil {
			return err
		}
		one := tenancy{slug: t.Slug, id: t.ID}
		if one.method, err = addMethod(ctx, methods, t.ID); err != nil {
			return err
		}
		in, err := system.For(t.ID, "seeding for a benchmark")
		if err != nil {
			return err
		}
		if one.sealer, err = o.Vault.Sealer(ctx, in); err != nil {
			return err
		}
		i.tenants = append(i.tenants, one)
	}
	return nil
}

func administrator(tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, operator, authmethods.AdminRights, "req_bench")
}

func (i *installation) addService(ctx context.Context, methods *store.Store) error {
	view, err := methods.For(administrator(authmethods.Platform))
	if err != nil {
		return err
	}
	i.service, err = view.CreateService(ctx, store.NewService{Name: "bench", Permits: []authmethods.Permit{
		{Tenant: authmethods.Any, Method: authmethods.Any, Environment: authmethods.Any},
	}})
	if err != nil {
		return err
	}
	issued, err := view.IssueKey(ctx, string(i.service.ID), "bench", authmethods.APIKey{}.ExpiresAt)
	i.key = issued.Shown
	return err
}

func addMethod(ctx context.Context, methods *store.Store, tenant authmethods.TenantID) (authmethods.ID, error) {
	view, err := methods.For(administrator(tenant))
	if err != nil {
		return "", err
	}
	m, err := view.CreateMethod(ctx, store.NewMethod{
		Name: "Zoho Desk", Reference: "zoho-desk", IntegrationType: "zoho_desk", Mode: authmethods.ModeOAuth,
		ClientID: "1000.ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", ClientSecret: secret.New("a secret of the bench"),
		Scopes: []string{"Desk.tickets.READ", "Desk.basic.READ"},
	})
	if err != nil {
		return "", err
	}
	return m.ID, view.SetEnabled(ctx, m.Reference, authmethods.Production, true)
}

// of returns the tenant of a connection and the connection's number within it.
func (i *installation) of(connection int) (t *tenancy, n int) {
	return &i.tenants[connection%len(i.tenants)], connection / len(i.tenants)
}

func subject(n int) string { return fmt.Sprintf("user-%06d", n) }

// request is the raw request for a loan of a connection.
func (i *installation) request(connection int) []byte {
	t, n := i.of(connection)
	body := fmt.Sprintf(`{"tenant":%q,"method":"zoho-desk","environment":"production","subject":%q}`, t.slug, subject(n))
	return fmt.Appendf(nil, "POST /internal/v1/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", i.key.Reveal(), len(body), body)
}

// target is the server p with the requests for connections from first up to end.
// source is where the loans must come from to count; empty: anywhere.
func (i *installation) target(p *process, first, end int, source string) *target {
	t := &target{address: p.address, expect: []byte(`"access_token":"`)}
	if source != "" {
		t.expect = []byte(`"source":"` + source + `"`)
	}
	for n := first; n < end; n++ {
		t.requests = append(t.requests, i.request(n))
	}
	return t
}

// spread picks n connections evenly out of all.
func (i *installation) spread(p *process, n int, source string) *target {
	t := i.target(p, 0, 0, source)
	for k := range n {
		t.requests = append(t.requests, i.request(int(int64(k)*int64(i.connections)/int64(n))))
	}
	return t
}

// serve starts the real server on the installation.
func (b *bench) serve(ctx context.Context, i *installation) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	b.served++
	dir := filepath.Join(b.dir, "server-"+strconv.Itoa(b.served))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.program, "serve")
	cmd.Dir = dir
	cmd.Env = []string{
		"LATCHKEY_DATA_DIR=" + dir, "LATCHKEY_DATABASE_URL=" + i.url, "LATCHKEY_KEYRING_FILE=" + i.keyring,
		"LATCHKEY_LISTEN=127.0.0.1:0", "LATCHKEY_INTERNAL_LISTEN=" + address,
		"LATCHKEY_OUTBOUND_ALLOW=127.0.0.0/8", "LATCHKEY_INTEGRATIONS_DIR=" + b.integrations,
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
	}
	return startProcess(ctx, cmd, address, "/readyz", filepath.Join(dir, "log"))
}
