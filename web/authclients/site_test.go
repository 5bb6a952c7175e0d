package authclients_test

import (
	"database/sql"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/test/pages"
	"latchkey/test/storage"
	"latchkey/tokens/consent"
)

// site is a server whose tenant has no method yet.
type site struct {
	*pages.Site
	pair string // path of acme's redirect URI
	db   *sql.DB
}

func newSite(t testing.TB) *site { return newSiteWith(t, nil) }

// newSiteWith is newSite with integration types that override the usual ones.
func newSiteWith(t testing.TB, types fstest.MapFS) *site {
	t.Helper()
	s := pages.New(t, pages.Empty, pages.Types(types))
	return &site{s, "/api/authclients/" + s.Tenant.CallbackA + "/" + s.Tenant.CallbackB, storage.Raw(t, s.Database)}
}

// method makes a Zoho Desk method.
func (s *site) method(change func(*store.NewMethod)) {
	s.T.Helper()
	s.Method(func(n *store.NewMethod) {
		n.Name = "Zoho Desk – Support"
		if change != nil {
			change(n)
		}
	})
}

// begin makes a consent and returns its approval link.
func (s *site) begin(e authmethods.Environment) (authmethods.ID, string) {
	s.T.Helper()
	begun, err := s.Consents.Enable(s.T.Context(), s.Admin, "zoho-desk", e, consent.EnableOptions{})
	must(s.T, err)
	return begun.Attempt.ID, begun.StartURL
}

// attempt is how far a consent has come.
func (s *site) attempt(id authmethods.ID) consent.Attempt {
	s.T.Helper()
	a, err := s.Consents.Attempt(s.T.Context(), s.Admin, id)
	must(s.T, err)
	return a
}

// person is somebody with a browser, who was sent an approval link.
type person struct {
	*pages.Visitor
	s *site
}

func (s *site) person() *person {
	s.T.Helper()
	return &person{s.Visitor(s.T), s}
}

var action = regexp.MustCompile(`<form [^>]*action="([^"]*)"`)

// submit sends the first form of a page with what is filled in.
func (p *person) submit(a pages.Answer, filled ...string) pages.Answer {
	p.s.T.Helper()
	target := action.FindStringSubmatch(a.Body)
	if target == nil {
		p.s.T.Fatalf("there is no form on the page %d: %s", a.StatusCode, a.Text())
	}
	return p.Submit(a, target[1], filled...)
}

// toProvider goes from the approval link to the provider and returns the address
// of the authorization request.
func (p *person) toProvider(link string) string {
	p.s.T.Helper()
	forward := p.submit(p.Get(link))
	address, ok := strings.CutPrefix(forward.Header.Get("Refresh"), "0; url=")
	if forward.StatusCode != http.StatusOK || !ok {
		p.s.T.Fatalf("the start form answered %d: %s", forward.StatusCode, forward.Text())
	}
	return address
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
