package authclients_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/tokens/consent"
)

// set moves a consent to where a test needs it.
func (s *site) set(id authmethods.ID, columns string, values ...any) {
	s.T.Helper()
	if _, err := s.db.ExecContext(s.T.Context(), "UPDATE consents SET "+columns+" WHERE id = ?", append(values, string(id))...); err != nil {
		s.T.Fatal(err)
	}
}

func TestEveryStatusIsToldInPlainWords(t *testing.T) {
	const long = 1 << 62
	for _, c := range []struct {
		name    string
		status  consent.Status
		code    authmethods.Code
		expires int
		title   string
		words   string
		refresh string
	}{
		{"at the provider", consent.Started, "", long, "Not approved yet", "waits at Zoho Desk", ""},
		{"being looked at", consent.Exchanging, "", long, "Testing the access", "looks again by itself", "3"},
		{"failed for good", consent.Failed, authmethods.CodeClientRejected, long, "Error: The provider refused", "replace the client secret", ""},
		{"failed for a while", consent.Failed, authmethods.CodeProviderThrottled, long, "Error: The provider asks us to wait", "Yes, wait a while", ""},
		{"failed for a reason that nobody knows", consent.Failed, "not_in_the_catalogue", long, "Error: Something went wrong here", "Nothing was enabled", ""},
		{"nobody came back", consent.Started, "", 1, "Error: Nobody came back", "did not come back within ten minutes", ""},
		{"the server stopped", consent.Exchanging, "", 1, "Error: Nobody came back", "The server stopped", ""},
		{"nobody chose", consent.AwaitingOrganization, "", 1, "Error: Nobody came back", "Nobody chose an organisation in time", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			s.method(nil)
			id, link := s.begin(authmethods.Production)
			p := s.person()
			p.toProvider(link)
			s.set(id, "status = ?, code = ?, expires_at = ?", string(c.status), string(c.code), c.expires)
			got := p.Get("/consents/" + string(id) + "/result")
			if got.StatusCode != http.StatusOK || !strings.Contains(got.Body, "<title>"+c.title) || !strings.Contains(got.Text(), c.words) {
				t.Errorf("%d, want a title that begins with %q and the words %q:\n%s", got.StatusCode, c.title, c.words, got.Text())
			}
			if got.Header.Get("Refresh") != c.refresh {
				t.Errorf("Refresh is %q, want %q", got.Header.Get("Refresh"), c.refresh)
			}
			if !strings.Contains(got.Text(), string(id)) {
				t.Error("there is no reference for support")
			}
		})
	}
}

func TestFewerPermissionsAreNoPlainSuccess(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p := s.person()
	p.Follow(p.Get(p.AtZoho(p.toProvider(link), ada)))
	s.set(id, "code = ?, detail = ?", string(authmethods.CodeScopesMissing), "Missing: Desk.basic.READ.")
	got := p.Get("/consents/" + string(id) + "/result")
	for _, words := range []string{"is connected, with fewer permissions", "Missing: Desk.basic.READ.", "Reconnect and approve all permissions"} {
		if !strings.Contains(got.Text(), words) {
			t.Errorf("the result lacks %q", words)
		}
	}
}

func TestTheBrowserThatApprovedSeesWhoApprovedAndForWhichOrganisation(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	_, link := s.begin(authmethods.Production)
	p := s.person()
	got := p.Follow(p.Get(p.AtZoho(p.toProvider(link), ada)))
	for _, words := range []string{"Moreau Support", "20067000001", "Approved by", "ada@example.eu"} {
		if !strings.Contains(got.Text(), words) {
			t.Errorf("the result lacks %q:\n%s", words, got.Text())
		}
	}
}
