package page_test

import (
	"html"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
)

const hostile = `<script>alert(1)</script>"'&`

var began = time.Date(2026, 11, 21, 10, 32, 0, 0, time.UTC)

func consentOf(e authmethods.Environment, at int) page.Consent {
	return page.Consent{
		ID: "cs_01JD7Q8K6ZT3M5V9N2B4C6D8F0", Method: "Zoho Desk – Support", Provider: "Zoho Desk", Environment: e,
		BegunAt: began, ExpiresAt: began.Add(10 * time.Minute), Steps: page.Steps{Provider: "Zoho Desk", At: at},
	}
}

func completed(e authmethods.Environment) page.CompletedPage {
	c := page.CompletedPage{
		Consent: consentOf(e, 4), Tenant: "Acme", TenantSlug: "acme", Reference: "zoho-desk",
		Notes: []string{"The account lives in the data centre Europe; the connection uses that one."}, DataCentre: "Europe",
		Approver: "ada@example.eu", Organization: page.Organization{ID: "20067000001", Name: "Moreau Support"},
		Scopes: []string{"Desk.tickets.READ", "Desk.basic.READ"},
	}
	c.EndedAt = began.Add(90 * time.Second)
	return c
}

func lacking() page.CompletedPage {
	c := completed(authmethods.Production)
	c.Code = string(authmethods.CodeScopesMissing)
	c.Lacking = page.CardOf(authmethods.Diagnose(authmethods.CodeScopesMissing))
	c.Detail = "Approved with fewer permissions than were asked for. Missing: Desk.basic.READ."
	c.Approver, c.Organization.Name = "", ""
	return c
}

func failed(code authmethods.Code, detail string) page.FailedPage {
	f := page.FailedPage{Consent: consentOf(authmethods.Production, 0), Detail: detail, Card: *page.CardOf(authmethods.Diagnose(code))}
	f.Code, f.EndedAt = string(code), began.Add(time.Minute)
	return f
}

func choose(unchosen bool) page.ChoosePage {
	return page.ChoosePage{
		Consent: consentOf(authmethods.Production, 3), Unchosen: unchosen, Form: page.Form{Action: "/consents/cs_1/organization", Token: "t"},
		Organizations: []page.Organization{
			{ID: "20067000001", Name: "Moreau Support", Default: true, Environment: authmethods.Production},
			{ID: "20067000002", Name: "Moreau Support Sandbox", Environment: authmethods.Sandbox},
			{ID: "20067000003"},
		},
	}
}

func start(e authmethods.Environment, name string) page.StartPage {
	s := page.StartPage{
		Consent: consentOf(e, 1), Tenant: "Acme", Minutes: 9, Ticket: "ticket", Form: page.Form{Action: "/consents/cs_1/start", Token: "t"},
		Scopes: []page.Scope{{Name: "Desk.tickets.READ", Lets: "Read tickets"}, {Name: "Desk.custom.READ"}},
	}
	if name != "" {
		s.Method, s.Tenant, s.Scopes = name, name, []page.Scope{{Name: name, Lets: name}, {Name: name}}
	}
	return s
}

type rendered struct{ name, html string }

func render[T any](t *testing.T, name string, p page.Template[T], data T) rendered {
	t.Helper()
	w := httptest.NewRecorder()
	if err := p.Render(w, 200, "Acme", data); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rendered{name, w.Body.String()}
}

// states are all pages in all their forms.
func states(t *testing.T) []rendered {
	t.Helper()
	noScopes := start(authmethods.Sandbox, "")
	noScopes.Scopes, noScopes.Minutes = nil, 0
	problem := authmethods.InvalidField("/x", "This field is wrong.")
	return []rendered{
		render(t, "home", page.Home, page.HomePage{Name: "Acme", Description: "/api/v1/openapi.yaml"}),
		render(t, "start", page.Start, start(authmethods.Production, "")),
		render(t, "start-sandbox", page.Start, start(authmethods.Sandbox, "")),
		render(t, "start-without-scopes", page.Start, noScopes),
		render(t, "start-hostile", page.Start, start(authmethods.Production, hostile)),
		render(t, "forward", page.Forward, page.ForwardPage{Provider: "Zoho Desk", URL: "https://accounts.zoho.eu/oauth/v2/auth?a=b&c=d", Steps: page.Steps{Provider: "Zoho Desk", At: 2}}),
		render(t, "ready", page.Ready, page.ReadyPage{Address: "https://acme.example.com/api/authclients/k3wq7dm/p9xh2ta"}),
		render(t, "waiting", page.Waiting, page.WaitingPage{Consent: consentOf(authmethods.Production, 2)}),
		render(t, "exchanging", page.Waiting, page.WaitingPage{Consent: consentOf(authmethods.Production, 3), Exchanging: true}),
		render(t, "choose", page.Choose, choose(false)),
		render(t, "choose-unchosen", page.Choose, choose(true)),
		render(t, "completed", page.Completed, completed(authmethods.Production)),
		render(t, "completed-sandbox", page.Completed, completed(authmethods.Sandbox)),
		render(t, "completed-lacking", page.Completed, lacking()),
		render(t, "completed-bare", page.Completed, page.CompletedPage{Consent: consentOf(authmethods.Production, 4)}),
		render(t, "failed", page.Failed, failed(authmethods.CodeClientRejected, "Zoho Desk refused the client ID and secret at its data centre eu.")),
		render(t, "failed-temporary", page.Failed, failed(authmethods.CodeProviderThrottled, "Zoho Desk asks to wait. Nothing is lost; approve again in a while.")),
		render(t, "foreign", page.Foreign, page.ForeignPage{}),
		render(t, "malformed", page.Malformed, page.MalformedPage{}),
		render(t, "fault", page.Fault, page.Problem(problem, authmethods.Diagnose(problem.Code), "req_1")),
		render(t, "fault-bare", page.Fault, page.FaultPage{Title: "This host is not known here"}),
	}
}

var (
	inline    = regexp.MustCompile(`(?i)<style|\sstyle=|<script|\son[a-z]+=|javascript:`)
	resource  = regexp.MustCompile(`(?:src|href|action)="([^"]*)"`)
	withID    = regexp.MustCompile(`\sid="([^"]+)"`)
	refers    = regexp.MustCompile(`\saria-(?:labelledby|describedby)="([^"]+)"`)
	control   = regexp.MustCompile(`<(input|select|textarea)\b[^>]*>`)
	emptyLine = regexp.MustCompile(`<(p|li|dd|h[1-3])(\s[^>]*)?>\s*</`)
)

func TestEveryPageIsWellFormedForEverybody(t *testing.T) {
	for _, p := range states(t) {
		t.Run(p.name, func(t *testing.T) {
			for _, once := range []string{"<h1>", "<main ", "<title>", `<html lang="en">`, `class="skip"`, "</html>", page.StylePath} {
				if n := strings.Count(p.html, once); n != 1 {
					t.Errorf("%q stands %d times in the page, want once", once, n)
				}
			}
			if found := inline.FindString(p.html); found != "" {
				t.Errorf("something inline that the content policy forbids: %q", found)
			}
			for _, m := range resource.FindAllStringSubmatch(p.html, -1) {
				if strings.HasPrefix(m[1], "//") || strings.HasPrefix(m[1], "http") && !strings.Contains(m[1], "accounts.zoho.eu") {
					t.Errorf("the page leads elsewhere: %s", m[1])
				}
			}
			ids := map[string]int{}
			for _, m := range withID.FindAllStringSubmatch(p.html, -1) {
				ids[m[1]]++
			}
			for id, n := range ids {
				if n > 1 {
					t.Errorf("the id %q is given %d times", id, n)
				}
			}
			for _, m := range refers.FindAllStringSubmatch(p.html, -1) {
				if ids[m[1]] == 0 {
					t.Errorf("something refers to the id %q, which nothing has", m[1])
				}
			}
			if found := emptyLine.FindString(p.html); found != "" {
				t.Errorf("an element without words: %q", found)
			}
			for _, found := range control.FindAllString(p.html, -1) {
				if !strings.Contains(found, `type="hidden"`) && !strings.Contains(p.html, `<label class="option">`+found) {
					t.Errorf("a control without a label: %s", found)
				}
			}
			for _, leftover := range []string{"<no value>", "ZgotmplZ", "%!", "{{"} {
				if strings.Contains(p.html, leftover) {
					t.Errorf("the page shows %q", leftover)
				}
			}
		})
	}
}

func TestNamesThatPeopleChoseAreText(t *testing.T) {
	for _, p := range states(t) {
		if p.name != "start-hostile" {
			continue
		}
		if strings.Contains(p.html, "<script") || !strings.Contains(p.html, "&lt;script&gt;") {
			t.Error("a name became markup")
		}
	}
}

func TestTitlesBeginWithTheOutcome(t *testing.T) {
	begins := map[string]string{
		"failed": "Error: ", "failed-temporary": "Error: ", "fault": "Error: ", "foreign": "Error: ", "malformed": "Error: ", "choose-unchosen": "Error: ",
		"completed": "Zoho Desk – Support is connected", "choose": "Choose an organisation", "exchanging": "Testing the access",
	}
	for _, p := range states(t) {
		if want := begins[p.name]; !strings.Contains(p.html, "<title>"+want) {
			t.Errorf("%s: the title does not begin with %q", p.name, want)
		}
	}
}

func TestEveryDiagnosisHasACard(t *testing.T) {
	for _, d := range authmethods.Diagnoses() {
		p := render(t, d.Ref, page.Failed, failed(d.Code, "What happened."))
		for _, part := range append([]string{d.Title, d.Action}, d.Causes...) {
			if !strings.Contains(p.html, html.EscapeString(part)) {
				t.Errorf("%s: the page lacks %q", d.Ref, part)
			}
		}
	}
}

func TestAFaultOfOursShowsNothingButTheRequest(t *testing.T) {
	p := &authmethods.Problem{Detail: "a secret detail", Code: "secret_code", Fields: []authmethods.FieldError{{Detail: "a secret field"}}}
	got := render(t, "internal", page.Fault, page.Problem(p, authmethods.Diagnose(authmethods.CodeInternal), "req_1")).html
	if strings.Contains(got, "secret") || !strings.Contains(got, "req_1") {
		t.Error("an internal fault shows more or less than its request")
	}
	a := page.Problem(authmethods.Missing(), authmethods.Diagnose(authmethods.CodeNotFound), "req_1")
	if a.RequestID != "" {
		t.Error("pages of what is missing differ by the request")
	}
}

func TestTheStyleSheetMayBeKeptForEver(t *testing.T) {
	w := httptest.NewRecorder()
	if err := page.WriteStyle(w); err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control is %q", got)
	}
	if css := w.Body.String(); strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style sheet loads something")
	}
	if !regexp.MustCompile(`^/static/[0-9a-f]{16}\.css$`).MatchString(page.StylePath) {
		t.Errorf("the style sheet is at %s", page.StylePath)
	}
}
