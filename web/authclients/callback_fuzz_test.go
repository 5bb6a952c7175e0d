package authclients_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/tokens/consent"
)

// Whatever stands behind the question mark, nothing breaks, nothing is consumed, and
// nothing of it comes back as markup.
func FuzzTheQueryOfACallback(f *testing.F) {
	s := newSite(f)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p := s.person()
	p.toProvider(link)
	for _, seed := range []string{
		"", "code=x&state=y", "code=x&state=y&location=eu&accounts-server=https%3A%2F%2Faccounts.zoho.eu&", "error=access_denied&state=y",
		"state=y&state=z", "code=%zz", "a;b", "&&&&", "code=%00&state=%ff", strings.Repeat("a=&", 30), "error_description=<script>", "=", "%", "state",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s.T = t
		visitor := s.Visitor(t)
		visitor.Client = p.Client
		if _, err := url.ParseRequestURI(s.pair + "?" + raw); err != nil || strings.ContainsAny(raw, "# \t\r\n") {
			t.Skip("no request has this query")
		}
		got := visitor.Get(s.pair + "?" + raw)
		ready := raw == "" && got.StatusCode == http.StatusOK
		away := got.StatusCode == http.StatusSeeOther && got.Header.Get("Location") == "/consents/out-of-date"
		if !ready && !away && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%d to %q", got.StatusCode, got.Header.Get("Location"))
		}
		if strings.Contains(got.Body, "<script>") {
			t.Error("what was sent came back as markup")
		}
		if s.attempt(id).Status != consent.Started {
			t.Error("the consent was consumed")
		}
	})
}
