package login_test

import (
	"testing"

	"latchkey/test/pages"
)

// site is a server where the connector is by the one method that there is.
type site struct{ *pages.Site }

func newSite(t testing.TB) *site {
	t.Helper()
	return &site{pages.New(t, pages.OneMethod)}
}

func newSiteOn(t testing.TB, database string) *site {
	t.Helper()
	return &site{pages.New(t, pages.OneMethod, pages.On(database))}
}

// visitor is somebody with a browser who is to be signed in, or not to be.
type visitor struct {
	*pages.Visitor
	s *site
}

func (s *site) visitor() *visitor {
	s.T.Helper()
	return &visitor{s.Visitor(s.T), s}
}

type answer = pages.Answer

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
