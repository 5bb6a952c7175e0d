package people_test

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/test/pages"
)

func newSite(t *testing.T) *pages.Site {
	t.Helper()
	return pages.New(t, pages.OneMethod)
}

// admin is a workspace administrator who is signed in.
func admin(t *testing.T, s *pages.Site) *pages.Visitor {
	t.Helper()
	return s.SignedIn(t, "ada@acme.fr", sso.RoleWorkspaceAdmin)
}

// zoho is an address of the connector's.
func zoho(s *pages.Site, rest string) string { return "/sso/" + string(s.Connector.ID) + rest }

// method is the one that the connector uses.
func method(s *pages.Site) authmethods.Method {
	s.T.Helper()
	m, err := s.Store().Method(s.T.Context(), "zoho-desk")
	must(s.T, err)
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
