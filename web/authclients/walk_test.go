package authclients_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/test/pages"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

var ada = zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Production}

func TestAPersonApprovesFromLinkToResult(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p := s.person()

	start := p.Get(link)
	for _, words := range []string{"acme", "Zoho Desk – Support", "Production", "Read tickets", "Desk.tickets.READ", "Continue to Zoho Desk", "more minutes"} {
		if !strings.Contains(start.Text(), words) {
			t.Errorf("the start page lacks %q", words)
		}
	}
	if s.attempt(id).Status != consent.Pending {
		t.Error("looking at the start page changed the consent")
	}
	callback := p.AtZoho(p.toProvider(link), ada)
	back := p.Get(callback)
	if want := "/consents/" + string(id) + "/result"; back.StatusCode != http.StatusSeeOther || back.Header.Get("Location") != want {
		t.Fatalf("the callback answered %d to %q, want 303 to %q", back.StatusCode, back.Header.Get("Location"), want)
	}
	result := p.Follow(back)
	for _, words := range []string{"Zoho Desk – Support is connected", "can borrow tokens", `--method zoho-desk \ --environment production`, "The account lives in the data centre"} {
		if !strings.Contains(result.Text(), words) {
			t.Errorf("the result lacks %q:\n%s", words, result.Text())
		}
	}
	if again := p.Follow(p.Get(link)); !strings.Contains(again.Text(), "is connected") {
		t.Error("who goes back to the start page does not find the result")
	}
	for _, a := range []pages.Answer{start, back, result} {
		if got := a.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control of %s is %q", a.Request.URL.Path, got)
		}
	}
}

func TestTheSandboxIsNamedAndFramed(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	_, link := s.begin(authmethods.Sandbox)
	start := s.person().Get(link)
	if !strings.Contains(start.Body, `class="card ask sandbox"`) || !strings.Contains(start.Text(), "not for live data") {
		t.Error("nothing sets the sandbox apart")
	}
}

// severalFit lets a token be for every organisation of the person, as it is at
// providers that bind tokens to none.
var severalFit = fstest.MapFS{"several.yaml": {Data: []byte("extends: zoho_desk\norganizations:\n  proof: \"\"\n")}}

func TestSomebodyWithSeveralOrganisationsChooses(t *testing.T) {
	s := newSiteWith(t, severalFit)
	s.method(nil)
	addOrganizations(t, s)
	id, link := s.begin(authmethods.Production)
	p := s.person()
	page := p.Follow(p.Get(p.AtZoho(p.toProvider(link), zohosim.Approval{User: "lin@example.com"})))
	if !strings.Contains(page.Text(), "One question is left") || !strings.Contains(page.Text(), "Lin Two") {
		t.Fatalf("nobody is asked for an organisation: %s", page.Text())
	}
	foreign := s.person()
	foreign.Get(link)
	if got := foreign.submit(page, "organization", "10069000002"); got.StatusCode != http.StatusForbidden {
		t.Errorf("another browser chose: %d", got.StatusCode)
	}
	for _, wrong := range []string{"", "10069000009"} {
		again := p.submit(page, "organization", wrong)
		if again.StatusCode != http.StatusBadRequest || !strings.Contains(again.Text(), "Choose one of these organisations") {
			t.Errorf("choosing %q: %d %s", wrong, again.StatusCode, again.Text())
		}
	}
	forged := p.Send(http.MethodPost, "/consents/"+string(id)+"/organization", url.Values{"organization": {"10069000002"}, "csrf": {"x"}})
	if forged.StatusCode != http.StatusForbidden || s.attempt(id).Status != consent.AwaitingOrganization {
		t.Errorf("a form without our token: %d", forged.StatusCode)
	}
	done := p.Follow(p.submit(page, "organization", "10069000002"))
	if !strings.Contains(done.Text(), "is connected") || s.attempt(id).Status != consent.Completed {
		t.Errorf("after choosing: %s", done.Text())
	}
	connection, err := s.Consents.Connection(t.Context(), s.Admin, s.attempt(id).Connection)
	if err != nil || connection.Organization.ID != "10069000002" {
		t.Errorf("the connection is for %q, %v", connection.Organization.ID, err)
	}
	if twice := p.Follow(p.submit(page, "organization", "10069000001")); !strings.Contains(twice.Text(), "is connected") {
		t.Error("choosing twice does not show the result")
	}
}

// addOrganizations adds somebody with organisations that the provider does not ask
// to choose from.
func addOrganizations(t *testing.T, s *site) {
	t.Helper()
	_, err := s.Zoho.AddUser(zohosim.User{Email: "lin@example.com", DC: "us", EmailVerified: true, FirstName: "Lin", Orgs: []zohosim.Org{
		{ID: "10069000001", Product: zohosim.Desk, Name: "Lin One", Environment: zohosim.Production, Default: true, Admin: true},
		{ID: "10069000002", Product: zohosim.Desk, Name: "Lin Two", Environment: zohosim.Production, Admin: true},
	}})
	must(t, err)
}

func TestADeclinedApprovalIsExplained(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p := s.person()
	result := p.Follow(p.Get(p.AtZoho(p.toProvider(link), zohosim.Approval{User: "ada@example.eu", Reject: true})))
	d := authmethods.Diagnose(authmethods.CodeApprovalDeclined)
	for _, words := range append([]string{d.Title, d.Action, "Nothing was enabled", string(id), string(d.Code)}, d.Causes...) {
		if !strings.Contains(result.Text(), words) {
			t.Errorf("the result lacks %q", words)
		}
	}
	if !strings.Contains(result.Body, "<title>Error: ") {
		t.Error("the title does not begin with the outcome")
	}
}

func TestNoWordOfTheProviderIsReflected(t *testing.T) {
	s := newSite(t)
	const name = `<script>alert("name")</script>`
	s.method(func(n *store.NewMethod) { n.Name = name })
	for _, c := range []string{"access_denied", "server_error", "<script>code</script>", "made_up"} {
		_, link := s.begin(authmethods.Production)
		p := s.person()
		start := p.Get(link)
		address, err := url.Parse(p.toProvider(link))
		must(t, err)
		query := url.Values{"state": {address.Query().Get("state")}, "error": {c}, "error_description": {`<script>alert("planted")</script>`}}
		result := p.Follow(p.Get(s.pair + "?" + query.Encode()))
		for _, a := range []pages.Answer{start, result} {
			if strings.Contains(a.Body, "<script>") || strings.Contains(a.Body, "planted") || a.StatusCode != http.StatusOK {
				t.Errorf("error %q: %d, reflected:\n%s", c, a.StatusCode, a.Body)
			}
			if !strings.Contains(a.Body, "&lt;script&gt;alert(") {
				t.Errorf("the name of the method is not shown as text on %s", a.Request.URL.Path)
			}
		}
	}
}

func TestACallbackCountsOnceAndInItsBrowserOnly(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	id, link := s.begin(authmethods.Production)
	p, other := s.person(), s.person()
	other.Get(link) // has a cookie, another one
	callback := p.AtZoho(p.toProvider(link), ada)
	for name, who := range map[string]*person{"another browser": other, "a browser without a cookie": s.person()} {
		got := who.Get(callback)
		if got.Header.Get("Location") != "/consents/out-of-date" || s.attempt(id).Status != consent.Started {
			t.Errorf("%s: %d to %q, consent %s", name, got.StatusCode, got.Header.Get("Location"), s.attempt(id).Status)
		}
		page := who.Follow(got)
		if page.StatusCode != http.StatusNotFound || !strings.Contains(page.Text(), "Start again") || !strings.Contains(page.Body, "<title>Error: ") {
			t.Errorf("%s is not told what to do: %d %s", name, page.StatusCode, page.Text())
		}
	}
	p.Follow(p.Get(callback))
	if got := p.Get(callback); got.Header.Get("Location") != "/consents/out-of-date" || s.attempt(id).Status != consent.Completed {
		t.Errorf("replayed: to %q, consent %s", got.Header.Get("Location"), s.attempt(id).Status)
	}
	for _, who := range []*person{other, s.person()} {
		if got := who.Get("/consents/" + string(id) + "/result"); got.StatusCode != http.StatusNotFound || strings.Contains(got.Text(), "is connected") {
			t.Errorf("the result shows itself to another browser: %d", got.StatusCode)
		}
	}
}

func TestSeveralConsentsShareOneBrowser(t *testing.T) {
	s := newSite(t)
	s.method(nil)
	p := s.person()
	_, first := s.begin(authmethods.Production)
	_, second := s.begin(authmethods.Production)
	one, two := p.toProvider(first), p.toProvider(second)
	for _, address := range []string{two, one} {
		if got := p.Follow(p.Get(p.AtZoho(address, ada))); !strings.Contains(got.Text(), "is connected") {
			t.Errorf("one of two consents: %s", got.Text())
		}
	}
}
