package signin_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/identity"
	"latchkey/sso/signin"
	"latchkey/sso/store"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/zohosim"
)

// world is the tenant acme with the connector "zoho" and one user, ada.
type world struct {
	*broker.Broker
	signing   *signin.Service
	t         *testing.T
	connector sso.Connector
	ada       zohosim.User
	user      sso.User
	clock     time.Duration // by how much the verifier's clock is ahead
	provider  *provider
}

// provider is the broker's own, with what a test wants to be otherwise.
type provider struct {
	signin.Provider
	change   func(*catalog.Provider)
	exchange func(*secret.Text, *secret.Text) // the code and the verifier
	sent     int
}

func (p *provider) Complete(ctx context.Context, of catalog.Provider) (catalog.Provider, error) {
	complete, err := p.Provider.Complete(ctx, of)
	if p.change != nil {
		p.change(&complete)
	}
	return complete, err
}

func (p *provider) ExchangeForSignIn(ctx context.Context, of catalog.Provider, client authmethods.Client, code secret.Text, redirectURI string, verifier secret.Text) (idToken, accessToken secret.Text, withNext bool, err error) {
	p.sent++
	if p.exchange != nil {
		p.exchange(&code, &verifier)
	}
	return p.Provider.ExchangeForSignIn(ctx, of, client, code, redirectURI, verifier)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	b := broker.New(t, storage.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "latchkey.db")), nil)
	w := &world{Broker: b, t: t, ada: b.Seed.Users[0], provider: &provider{Provider: b.Upstream}}
	w.signing = signin.New(signin.Options{
		Directory: b.Directory, SignIns: store.New(store.Options{DB: b.DB, System: b.System, Vault: b.Vault}),
		Methods: b.Methods, Tenants: b.Tenants, Catalog: b.Catalog, Provider: w.provider, PublicURL: broker.PublicURL,
		Identity: identity.New(identity.Options{HTTP: b.Upstream.HTTPClient(), Now: func() time.Time { return time.Now().Add(w.clock) }}),
		Log:      slog.New(slog.DiscardHandler),
	})
	b.ZohoDesk(t, nil)
	var err error
	w.connector, _, err = w.people().CreateConnector(t.Context(), directory.NewConnector{
		Reference: "zoho", Name: "Zoho", Type: sso.OpenIDConnect, Method: "zoho-desk", Environment: authmethods.Production,
	})
	must(t, err)
	w.user, err = w.people().CreateUser(t.Context(), directory.NewUser{UserName: w.ada.Email, Connectors: []authmethods.ID{w.connector.ID}})
	must(t, err)
	return w
}

func (w *world) people() *directory.Tenant {
	w.t.Helper()
	in, err := w.Directory.For(w.Admin)
	must(w.t, err)
	return in
}

// begin begins a sign-in and returns it with the query that Zoho sends back.
func (w *world) begin(o signin.BeginOptions) (signin.Begun, url.Values) {
	w.t.Helper()
	c := w.Browser
	if o.Test {
		c = w.Admin
	}
	begun, err := w.signing.Begin(w.t.Context(), c, "zoho", o)
	must(w.t, err)
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	address, err := zohosim.Approve(&http.Client{Jar: jar}, begun.AuthorizeURL, zohosim.Approval{User: w.ada.Email})
	must(w.t, err)
	u, err := url.Parse(address)
	must(w.t, err)
	return begun, u.Query()
}

// come comes back with a query.
func (w *world) come(state signin.State, q url.Values) (signin.Result, error) {
	w.t.Helper()
	return w.signing.Complete(w.t.Context(), w.Browser, state, signin.Callback{
		Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error"), Query: q.Get,
	}, signin.Visitor{Address: "192.0.2.7", UserAgent: "Browser"})
}

// whole is a sign-in from its beginning to its end.
func (w *world) whole() signin.Result {
	w.t.Helper()
	begun, q := w.begin(signin.BeginOptions{})
	r, err := w.come(begun.State, q)
	must(w.t, err)
	return r
}

// ends wants a sign-in to have ended so; a code means that it was refused.
func ends(t *testing.T, r signin.Result, outcome sso.Outcome, code authmethods.Code) {
	t.Helper()
	if r.SignIn.Outcome != outcome || r.SignIn.Code != code {
		t.Errorf("it ended as %s with %q, want %s with %q:\n%s", r.SignIn.Outcome, r.SignIn.Code, outcome, code, strings.Join(r.SignIn.Trace, "\n"))
	}
	if (r.User.ID != "") != (outcome == sso.SignedIn) {
		t.Errorf("the user is %+v", r.User)
	}
}

func code(err error) authmethods.Code {
	if p, ok := err.(*authmethods.Problem); ok {
		return p.Code
	}
	return ""
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
