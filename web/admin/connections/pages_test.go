package connections_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/broker"
	"latchkey/test/pages"
	"latchkey/tokens"
	"latchkey/zohosim"
)

const admin = "workspace-admin"

// connect approves Zoho Desk in production and returns the connection.
func connect(s *pages.Site) authmethods.ID {
	s.T.Helper()
	return s.Approve(s.T, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu", Environment: "production"}).Connection
}

// lend has a service borrow so many times.
func lend(s *pages.Site, n int) {
	s.T.Helper()
	for range n {
		_, err := s.Lender.Lend(s.T.Context(), broker.Service(s.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk", Environment: authmethods.Production, Purpose: "call pop-up"})
		must(s.T, err)
	}
	must(s.T, s.Lender.Flush(s.T.Context()))
}

func TestTheFirstPageSaysWhatNeedsSomebody(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	if a := s.Visitor(t).Get("/").Shows(http.StatusSeeOther); !strings.HasPrefix(a.To(), "/login") {
		t.Errorf("nobody was led to %s", a.To())
	}
	v := s.SignedIn(t, "marie", admin)
	v.Get("/").Shows(200, "Your methods are not connected yet")
	id := connect(s)
	lend(s, 3)
	calm := v.Get("/").Shows(200, "Your connection needs nobody", "One connection works", "1 → 3")
	calm.Lacks("Reconnect…")
	breakGrant(s, id)
	v.Get("/").Shows(200, "One of 1 connections needs you", "Reconnect…", "If nothing changes, services lose access").Holds("/methods/")
	v.In("fr").Get("/").Shows(200, "1 connexion sur 1 vous attend")
	s.SignedIn(t, "jean").Get("/").Shows(200, "Welcome,", "Your roles open no part").Lacks("/connections")
}

// breakGrant has the provider withdraw the approval, and a refresh find it out.
func breakGrant(s *pages.Site, id authmethods.ID) {
	s.T.Helper()
	must(s.T, s.Zoho.Revoke(s.RefreshToken(s.T, "zoho-desk").Reveal()))
	x, err := s.Consents.Connection(s.T.Context(), s.Admin, id)
	must(s.T, err)
	if _, err := s.Consents.Refresh(s.T.Context(), s.Admin, id, x.TokenID); authmethods.KindOf(err) != authmethods.HumanNeeded {
		s.T.Fatalf("a refresh of what was withdrawn: %v", err)
	}
}

func TestConnectionsAreListedAndNarrowed(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	v.Get("/connections").Shows(200, "No connections yet").Holds(`href="/methods"`)
	id := connect(s)
	lend(s, 5)
	v.Get("/connections").Shows(200, "One connection", "Zoho Desk", "Active", "in ").Holds("/connections/" + string(id))
	for path, there := range map[string]bool{
		"/connections?state=active": true, "/connections?state=degraded": false, "/connections?method=zoho-desk": true, "/connections?method=other": false,
		"/connections?env=production": true, "/connections?env=sandbox": false, "/connections?state=active&method=zoho-desk&env=production": true,
	} {
		if a := v.Get(path).Shows(200); strings.Contains(a.Body, string(id)) != there {
			t.Errorf("%s shows the connection: %t, want %t", path, !there, there)
		}
	}
	v.Get("/connections?state=odd").Shows(400)
	s.WithRights(t, "jean", authmethods.ViewUsers).Get("/connections").Shows(403)
}

func TestAConnectionIsToldInWordsPictureAndTable(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	id := connect(s)
	lend(s, 7)
	page := v.Get("/connections/"+string(id)).Shows(200, "Working. Next refresh", "7 loans in 24 hours", "The same as a table",
		"Approved", "Desk.tickets.READ", "Refreshes in 10 minutes", "1 of 8", "call pop-up", "Zoho Desk", "Organisation").Holds(`<svg class="timeline"`, "/methods/")
	page.Lacks("1000."+"x", s.RefreshToken(t, "zoho-desk").Reveal(), pages.ClientSecret, "⟦")
	v.Get("/connections/"+string(id)+"?span=7d").Shows(200, "7 days")
	french := v.In("fr").Get("/connections/"+string(id)).Shows(200, "Tout va bien.", "7 prêts en 24 heures")
	french.Lacks("⟦")
	breakGrant(s, id)
	v.Get("/connections/"+string(id)).Shows(200, "The approval is lost for good", "services lose access", "Reconnect…", "no access from").Holds(`class="lost"`)
	for _, path := range []string{"/connections/conn_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH", "/connections/nonsense"} {
		v.Get(path).Shows(404)
	}
	s.NewTenant(t, "other")
	at := strings.Replace(s.Origin, "acme", "other", 1) + "/connections/" + string(id)
	v.Get(at).Shows(http.StatusSeeOther).Lacks("Zoho Desk")
}

func TestAConnectionIsTestedRefreshedAndRevokedByForms(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	id := connect(s)
	lend(s, 2)
	own := "/connections/" + string(id)
	if a := v.Submit(v.Get(own), own+"/test"); a.StatusCode != 303 || a.To() != own {
		t.Fatalf("the test answered %d to %s: %s", a.StatusCode, a.To(), a.Text())
	}
	v.Get(own).Shows(200, "The provider answered the test call in")
	ask := v.Get(own+"/refresh").Shows(200, "Refresh Zoho Desk now?", "1 of 8", "The present token is good")
	v.Submit(ask, own+"/refresh").Shows(303)
	v.Get(own).Shows(200, "The token is refreshed.", "2 of 8")
	v.Submit(ask, own+"/refresh").Shows(303) // the page of before: that token is replaced already
	v.Get(own).Shows(200, "2 of 8")
	s.Spend(t, id, 8, 0)
	v.Get(own+"/refresh").Shows(200, "8 of 8").Lacks(`action="` + own + `/refresh"`)
	gone := v.Get(own+"/revoke").Shows(200, "Revoke Zoho Desk?", "One service", "People sign in through its method", "Zoho")
	v.Post(own+"/revoke", url.Values{"csrf": {"forged"}}).Shows(403)
	if x, err := s.Consents.Connection(t.Context(), s.Admin, id); err != nil || x.State == tokens.Revoked {
		t.Fatalf("a forged form: %s %v", x.State, err)
	}
	v.Submit(gone, own+"/revoke").Shows(303)
	v.Get(own).Shows(200, "The connection is revoked.", "Revoked here", "Reconnect…", "Connection revoked").Lacks(own+"/revoke", own+"/test")
}

func TestWhoMayOnlyLookIsOfferedNothingElse(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	id := connect(s)
	own := "/connections/" + string(id)
	v := s.WithRights(t, "jean", authmethods.ViewMethods)
	v.Get(own).Shows(200, "Working.").Lacks(own+"/test", own+"/revoke", "Who holds a token", "/audit")
	for _, path := range []string{own + "/revoke", own + "/refresh", "/loans", "/audit", "/audit/export.csv"} {
		v.Get(path).Shows(403)
	}
	v.Post(own+"/test", url.Values{}).Shows(403)
}

func TestTheLedgerTellsWhoHoldsWhichToken(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	v.Get("/loans").Shows(200, "Nobody holds a token")
	id := connect(s)
	lend(s, 4)
	v.Get("/loans").Shows(200, "One loan", "call pop-up", "Zoho Desk").Holds("/connections/" + string(id))
	v.Get("/loans?connection="+string(id)).Shows(200, "call pop-up", "Show all")
	v.Get("/loans?service=sa_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH").Shows(200, "No loan fits")
	s.Expire(t, id)
	v.Get("/loans?service=odd").Shows(400)
	v.Get("/loans?tokens=all").Shows(200, "call pop-up")
}

func TestTheAuditLogIsNarrowedVerifiedAndGivenOut(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	in, err := s.Methods.For(s.Admin)
	must(t, err)
	m, err := in.Method(t.Context(), "zoho-desk")
	must(t, err)
	log := v.Get("/audit").Shows(200, "Method created", "Zoho", "changed; the value is not kept", "Verify now")
	log.Lacks(pages.ClientSecret, "⟦")
	v.Get("/audit?action=method.created").Shows(200, "Method created").Lacks("audited.")
	if a := v.Get("/audit?action=method.created&object=" + string(m.ID)).Shows(200); strings.Count(a.Body, `role="rowheader"`) != 1 {
		t.Errorf("one method was created once: %s", a.Text())
	}
	v.Get("/audit?actor=nobody").Shows(200, "No entry fits")
	v.Get("/audit?actor=test&action=user.created").Shows(200, "User created")
	v.Submit(log, "/audit/verify").Shows(303)
	v.Get("/audit").Shows(200, "The audit log is whole")
	_, err = s.People().CreateUser(t.Context(), directory.NewUser{UserName: "=HYPERLINK(1)"})
	must(t, err)
	file := v.Get("/audit/export.csv").Shows(200)
	rows, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
	if err != nil || len(rows) < 5 || rows[0][0] != "number" || !strings.Contains(file.Header.Get("Content-Disposition"), "audit.csv") {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	if got := rows[1][7]; got != "'=HYPERLINK(1)" {
		t.Errorf("a formula is given out as %q", got)
	}
	lines := strings.Split(strings.TrimSpace(v.Get("/audit/export.jsonl?action=method.created").Shows(200).Body), "\n")
	var e struct{ Action string }
	if err := json.Unmarshal([]byte(lines[0]), &e); err != nil || len(lines) != 1 || e.Action != "method.created" {
		t.Errorf("%d lines, the first of %q: %v", len(lines), e.Action, err)
	}
}

func TestALongLogIsReadPageByPage(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	for range 60 {
		s.Settings(func(now *sso.Settings) { now.SessionIdle += time.Second })
	}
	first := v.Get("/audit").Shows(200)
	_, rest, ok := strings.Cut(first.Body, `rel="next" href="`)
	if !ok {
		t.Fatal("there is no next page")
	}
	next, _, _ := strings.Cut(rest, `"`)
	second := v.Get(strings.ReplaceAll(next, "&amp;", "&")).Shows(200, "Method created").Holds(`rel="prev"`)
	if n := strings.Count(first.Body, `role="rowheader"`); n != 50 {
		t.Errorf("%d on the first page", n)
	}
	second.Lacks(`rel="next"`)
}

func TestASearchLeadsToWhatIsMeant(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	id := connect(s)
	u := s.User("jean.martin")
	in, err := s.Methods.For(s.Admin)
	must(t, err)
	m, err := in.Method(t.Context(), "zoho-desk")
	must(t, err)
	for query, to := range map[string]string{
		string(id): "/connections/" + string(id), string(m.ID): "/methods/" + string(m.ID), string(u.ID): "/users/" + string(u.ID),
		string(s.Connector.ID): "/sso/" + string(s.Connector.ID),
	} {
		if a := v.Get("/search?q=" + url.QueryEscape(" "+query+" ")); a.StatusCode != 303 || a.To() != to {
			t.Errorf("%s leads to %d %s, want %s", query, a.StatusCode, a.To(), to)
		}
	}
	refused := s.Visitor(t).SignIn("sam@example.com")
	code := strings.TrimPrefix(refused.To(), "/error/")
	code, _, _ = strings.Cut(code, "?")
	if a := v.Get("/search?q=" + strings.ToLower(code)); a.To() != "/sso/sign-ins/"+code || code == "" {
		t.Errorf("the reference code %q leads to %d %q", code, a.StatusCode, a.To())
	}
	v.Get("/search?q=zoho").Shows(200).Holds("/methods/"+string(m.ID), "/sso/"+string(s.Connector.ID), "/connections/"+string(id))
	v.Get("/search?q=martin").Shows(200).Holds("/users/" + string(u.ID))
	v.Get("/search").Shows(200, "A name, an id or a reference code")
	v.Get("/search?q=nothing+of+that+name").Shows(200, "Nothing found")
	looker := s.WithRights(t, "luc", authmethods.ViewMethods)
	looker.Get("/search?q="+string(u.ID)).Shows(200, "Nothing found")
	looker.Get("/search?q=martin").Shows(200, "Nothing found")
}

func TestSomebodyChoosesThemeAndLanguage(t *testing.T) {
	s := pages.New(t, pages.OneMethod)
	v := s.SignedIn(t, "marie", admin)
	home := v.Get("/connections")
	if a := v.Submit(home, "/account/preferences", "theme", "dark"); a.StatusCode != 303 || a.To() != "/connections" {
		t.Fatalf("%d to %s", a.StatusCode, a.To())
	}
	dark := v.Get("/connections").Shows(200).Holds(`data-theme="dark"`)
	v.Submit(dark, "/account/preferences", "language", "fr", "return_to", "https://elsewhere.example/").Shows(303)
	v.Get("/connections").Shows(200, "Connexions").Holds(`lang="fr"`, `data-theme="dark"`)
	v.Submit(dark, "/account/preferences", "theme", "purple").Shows(400)
	v.Post("/account/preferences", url.Values{"theme": {"light"}}).Shows(403)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
