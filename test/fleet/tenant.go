package fleet

import (
	"fmt"
	"strings"
	"testing"

	"latchkey/crypto/token"
	"latchkey/zohosim"
)

// Tenant is a tenant with two keys, one method and a client of its own at the
// provider.
type Tenant struct {
	ID      string
	Slug    string
	Admin   string // key of a service account that may administrate
	Key     string // key of the service that borrows
	Service string // its id
	Client  zohosim.Client
	Method  string // reference of its method

	redirect    string
	connections int
}

type madeKey struct {
	Key     string `json:"key"`
	Service string `json:"service_id"`
}

// addTenant makes a tenant with the program's own commands, as an operator does.
func (w *World) addTenant(t testing.TB, slug string) *Tenant {
	t.Helper()
	var made struct {
		ID       string `json:"id"`
		Redirect string `json:"redirect_uri"`
	}
	w.MustRun(t, &made, "tenant", "create", slug, "--json")
	tenant := &Tenant{ID: made.ID, Slug: slug, Method: "zoho-desk", redirect: made.Redirect}
	var admin, borrower madeKey
	w.MustRun(t, &admin, "key", "create", "--tenant", slug, "--name", "administrator", "--admin", "--json")
	w.MustRun(t, &borrower, "key", "create", "--tenant", slug, "--name", "borrower", "--allow", "*:*", "--json")
	tenant.Admin, tenant.Key, tenant.Service = admin.Key, borrower.Key, borrower.Service
	tenant.Client = zohosim.Client{
		ID: fmt.Sprintf("1000.FLEET%030d", len(w.Tenants)+1), Secret: "client-secret-of-" + slug + "-" + token.RandomSlug(16),
		Name: slug, Type: zohosim.ServerClient, HomeDC: "us", MultiDC: true, RedirectURIs: []string{made.Redirect},
	}
	must(t, w.Provider.AddClient(tenant.Client))
	w.Tenants = append(w.Tenants, tenant)
	must(t, w.Processes[0].Call(t.Context(), tenant, "POST", "/api/v1/auth-methods", map[string]any{
		"name": "Zoho Desk", "reference": tenant.Method, "integration_type": "zoho_desk", "mode": "oauth", "data_centre": "auto",
		"client_id": tenant.Client.ID, "client_secret": tenant.Client.Secret, "scopes": []string{"Desk.tickets.READ", "Desk.basic.READ"},
	}, nil))
	return tenant
}

// Secrets are the tenants' secrets and all tokens that the provider gave out, each
// with a name: what must not be anywhere in clear.
func (w *World) Secrets() map[string]string {
	all := w.Provider.Issued()
	for _, t := range w.Tenants {
		all["the client secret of "+t.Slug] = t.Client.Secret
		all["the administrator's key of "+t.Slug] = secretPart(t.Admin)
		all["the borrower's key of "+t.Slug] = secretPart(t.Key)
	}
	return all
}

// secretPart is what of a key is secret. It follows the prefix and the id.
func secretPart(key string) string { return strings.SplitN(key, "_", 3)[2] }
