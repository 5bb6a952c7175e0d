package walls_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/session"
	"latchkey/test/pages"
	"latchkey/web"
	"latchkey/web/route"
)

// installation is a whole server with the tenants acme, which has one of everything,
// and globex, which asks for it.
type installation struct {
	*pages.Site
	t                testing.TB
	public, internal http.Handler
	objects          map[string]string // of acme, by the part of the path before a parameter and its name
	globex           workspace
	acme             workspace
}

// workspace is a tenant with who asks in its name.
type workspace struct {
	tenant          authmethods.Tenant
	admin, borrower string // keys
	operator        authmethods.Caller
}

func newInstallation(t testing.TB, options ...pages.Option) *installation {
	t.Helper()
	i := &installation{Site: pages.New(t, options...), t: t}
	i.objects = i.Furnish(t, i.Visitor(t))
	i.public, i.internal = web.New(i.Deps)
	globex, err := i.Tenants.Find(t.Context(), "globex")
	must(t, err)
	i.acme, i.globex = i.workspace(i.Tenant), i.workspace(globex)
	return i
}

func (i *installation) workspace(tenant authmethods.Tenant) workspace {
	i.t.Helper()
	w := workspace{tenant: tenant, operator: operatorOf(tenant.ID)}
	w.admin = i.key(tenant.ID, store.NewService{Name: "Administrator", Admin: true})
	w.borrower = i.key(tenant.ID, store.NewService{Name: "Borrower", Permits: []authmethods.Permit{{Method: "*", Environment: "*"}}})
	return w
}

// operatorOf is an operator who acts in a tenant.
func operatorOf(tenant authmethods.TenantID) authmethods.Caller {
	return authmethods.NewCaller(tenant, authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}, authmethods.OperatorRights, "req_test")
}

// key makes a service account with a key and returns the key.
func (i *installation) key(tenant authmethods.TenantID, n store.NewService) string {
	i.t.Helper()
	in, err := i.Methods.For(operatorOf(tenant))
	must(i.t, err)
	service, err := in.CreateService(i.t.Context(), n)
	must(i.t, err)
	issued, err := in.IssueKey(i.t.Context(), string(service.ID), "first", time.Time{})
	must(i.t, err)
	return issued.Shown.Reveal()
}

// people are those of a tenant.
func (i *installation) people(w workspace) *directory.Tenant {
	i.t.Helper()
	in, err := i.Directory.For(w.operator)
	must(i.t, err)
	return in
}

// with makes somebody of a tenant with a role of just these rights.
func (i *installation) with(w workspace, name string, rights ...authmethods.Right) sso.User {
	i.t.Helper()
	_, err := i.people(w).CreateRole(i.t.Context(), directory.NewRole{Reference: name, Name: name, Rights: rights})
	must(i.t, err)
	u, err := i.people(w).CreateUser(i.t.Context(), directory.NewUser{UserName: name, Roles: []string{name}})
	must(i.t, err)
	return u
}

// session signs somebody of a tenant in and returns the cookie.
func (i *installation) session(w workspace, u sso.User) string {
	i.t.Helper()
	value, _, err := i.Sessions.Begin(i.t.Context(), w.operator, session.Start{
		User: u.ID, UserVersion: u.Version, Means: session.Password, Address: "203.0.113.7", UserAgent: "test", Settings: sso.DefaultSettings(),
	})
	must(i.t, err)
	return value.Reveal()
}

// caller asks in somebody's name.
type caller struct {
	name   string
	kind   kind
	key    string            // of a service account
	cookie string            // of somebody who is signed in
	right  authmethods.Right // the only one of that person
}

// endless are the routes whose answers go on until who asked leaves.
var endless = map[string]bool{"followChanges": true}

// request makes a request of a caller at a tenant's host. A form is sent to pages,
// JSON to the rest.
func (i *installation) request(r route.Route, slug, path, body string, c caller) *http.Request {
	origin := i.Deps.PublicURL.Origin(slug)
	if r.Listeners&route.Public == 0 {
		origin = i.Internal
	}
	ctx := i.t.Context()
	if endless[r.Operation] {
		c, cancel := context.WithTimeout(ctx, time.Second/2)
		i.t.Cleanup(cancel)
		ctx = c
	}
	q := httptest.NewRequestWithContext(ctx, r.Method, origin+path, strings.NewReader(body))
	q.RequestURI = ""
	q.Header.Set("Accept", "application/json")
	q.Header.Set("Content-Type", "application/json")
	if r.Page {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.key != "" {
		q.Header.Set("Authorization", "Bearer "+c.key)
	}
	if c.cookie != "" {
		q.AddCookie(&http.Cookie{Name: i.Sessions.CookieName(session.SessionCookie), Value: c.cookie})
		q.Header.Set("Latchkey-Request", "1")
	}
	return q
}

// send sends a request to the listener of a route.
func (i *installation) send(r route.Route, q *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if r.Listeners&route.Public == 0 {
		i.internal.ServeHTTP(w, q)
	} else {
		i.public.ServeHTTP(w, q)
	}
	return w
}

// anID is what an id looks like that nothing has.
const anID = "01KAJ3M8Q5W2X7Y9Z0ABCDEFGH"

// nothing is a value like another, of nothing.
func nothing(value string) string {
	if prefix, _, ok := strings.Cut(value, "_"); ok && len(value) == len(prefix)+1+len(anID) {
		return prefix + "_" + anID
	}
	other := []byte(value)
	for n, c := range other {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '2' && c <= '9' {
			other[n] = '2'
		}
	}
	return string(other)
}

// parameters are the parameters of a path, each with the part before it.
func parameters(path string) (names []string) {
	parts := strings.Split(path, "/")
	for n, part := range parts {
		if strings.HasPrefix(part, ":") {
			names = append(names, parts[n-1]+"/"+part)
		}
	}
	return names
}

// fill puts values in the place of the parameters of a path.
func fill(path string, value func(name string) string) string {
	parts, original := strings.Split(path, "/"), strings.Split(path, "/")
	for n, part := range original {
		if strings.HasPrefix(part, ":") {
			parts[n] = url.PathEscape(value(original[n-1] + "/" + part))
		}
	}
	return strings.Join(parts, "/")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
