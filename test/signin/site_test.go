package signin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/zohosim"
)

// site is an installation as operators make it: servers, nginx before them with the
// application beside, and Zoho. The tenant acme has the connector "zoho".
type site struct {
	*fleet.World
	t           testing.TB
	port        int
	acme        *fleet.Tenant
	origin      string // of acme, by way of nginx
	application *application
}

func newSite(t testing.TB, o fleet.Options) *site {
	t.Helper()
	nginxProgram(t) // before anything else is started
	port, err := fleet.FreePort(t.Context())
	must(t, err)
	s := &site{t: t, port: port, origin: fmt.Sprintf("http://acme.localhost:%d", port)}
	o.Settings = append([]string{fmt.Sprintf("LATCHKEY_PUBLIC_URL=http://{tenant}.localhost:%d", port), "LATCHKEY_TRUSTED_PROXIES=127.0.0.1/32"}, o.Settings...)
	s.World = fleet.New(t, o)
	s.acme = s.Tenants[0]
	s.application = startApplication(t, s.origin)
	var servers []string
	for _, p := range s.Processes {
		servers = append(servers, hostPort(t, p.Public()))
	}
	startNginx(t, port, hostPort(t, s.application.URL), servers...)
	for _, tenant := range s.Tenants {
		s.openZoho(tenant)
	}
	return s
}

// in is the site in the hands of a part of the test.
func (s *site) in(t testing.TB) *site {
	part := *s
	part.t = t
	return &part
}

// openZoho lets people of the tenant sign in at Zoho.
func (s *site) openZoho(tenant *fleet.Tenant) {
	s.t.Helper()
	var made struct {
		Redirect string `json:"redirect_uri"`
	}
	s.call(tenant, "POST", "/sso-connectors", map[string]any{
		"name": "Zoho", "reference": "zoho", "type": "oidc", "method": tenant.Method, "environment": "production",
	}, &made)
	tenant.Client.RedirectURIs = append(tenant.Client.RedirectURIs, made.Redirect)
	must(s.t, s.Provider.AddClient(tenant.Client))
}

// call makes a call to the administration API as the tenant's administrator.
func (s *site) call(tenant *fleet.Tenant, method, path string, body, into any) {
	s.t.Helper()
	must(s.t, s.Processes[0].Call(s.t.Context(), tenant, method, "/api/v1"+path, body, into))
}

// person is somebody with an account at Zoho.
type person struct{ ID, Name string }

// newPerson is somebody who has an account at Zoho, and one at the tenant with this
// user name who may use the connectors.
func (s *site) newPerson(tenant *fleet.Tenant, name string, connectors ...string) person {
	s.t.Helper()
	s.newAccount(name)
	return person{s.newUser(tenant, name, connectors...), name}
}

func (s *site) newAccount(email string) {
	s.t.Helper()
	_, err := s.Provider.AddUser(zohosim.User{Email: email, DC: "eu", EmailVerified: true, FirstName: "Marie", LastName: "Dupont"})
	must(s.t, err)
}

// newUser makes a user and returns the id.
func (s *site) newUser(tenant *fleet.Tenant, name string, connectors ...string) string {
	s.t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	s.call(tenant, "POST", "/users", map[string]any{"user_name": name, "connectors": append([]string{}, connectors...)}, &made)
	return made.ID
}

// setPassword has the user follow a link and choose a password.
func (s *site) setPassword(user, password string) {
	s.t.Helper()
	var link struct {
		URL string `json:"url"`
	}
	s.call(s.acme, "POST", "/users/"+user+"/password-reset", map[string]any{}, &link)
	v := s.visitor()
	page := v.get(link.URL)
	if a := v.submit(page, mustURL(s.t, link.URL).Path, "password", password, "again", password); a.to(s) != "/login?notice=password-set" {
		s.t.Fatalf("setting a password: %d %s %s", a.StatusCode, a.to(s), a.text())
	}
}

// signedIn is a visitor who came by Zoho through nginx.
func (s *site) signedIn(p person) *visitor {
	s.t.Helper()
	v := s.visitor()
	if a := v.signIn("/api/sso/login/zoho", p.Name); a.StatusCode != http.StatusSeeOther || a.to(s) != "/" {
		s.t.Fatalf("signing in: %d %s %s", a.StatusCode, a.to(s), a.text())
	}
	return v
}

// disable switches a user off as an operator does.
func (s *site) disable(p person) {
	s.t.Helper()
	s.MustRun(s.t, nil, "user", "disable", "--tenant", s.acme.Slug, p.Name)
}

// raw sends nginx a request as it stands here and returns the whole answer.
func (s *site) raw(request string) string {
	s.t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	must(s.t, err)
	defer conn.Close()
	must(s.t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = io.WriteString(conn, request)
	must(s.t, err)
	said, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		s.t.Fatal(err)
	}
	return string(said)
}

// exchange redeems a ticket as a service of the platform does.
func (s *site) exchange(ticket string, into any) (status int) {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"tenant": s.acme.Slug, "ticket": ticket})
	must(s.t, err)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.Processes[0].Internal()+"/internal/v1/sign-ins/exchange", bytes.NewReader(body))
	must(s.t, err)
	r.Header.Set("Authorization", "Bearer "+s.acme.Key)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer response.Body.Close()
	must(s.t, json.NewDecoder(response.Body).Decode(into))
	return response.StatusCode
}
