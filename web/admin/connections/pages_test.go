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
	"latchkey/sso/session"
	"latchkey/test/broker"
	"latchkey/tokens"
	"latchkey/zohosim"
)

// signedIn is a visitor who is signed in with these roles.
func (s *site) signedIn(name string, roles ...string) *visitor {
	s.t.Helper()
	u := s.user(name, roles...)
	settings, err := s.people().Settings(s.t.Context())
	must(s.t, err)
	value, _, err := s.Sessions.Begin(s.t.Context(), s.Browser, session.Start{
		User: u.ID, UserVersion: u.Version, Means: session.Password, Settings: settings, Address: "127.0.0.1",
	})
	must(s.t, err)
	v := s.visitor()
	at, err := url.Parse(s.origin)
	must(s.t, err)
	v.client.Jar.SetCookies(at, []*http.Cookie{{Name: s.Sessions.CookieName(session.SessionCookie), Value: value.Reveal(), Path: "/"}})
	return v
}

// role makes a role with these rights.
func (s *site) role(reference string, rights ...authmethods.Right) string {
	s.t.Helper()
	_, err := s.people().CreateRole(s.t.Context(), directory.NewRole{Reference: reference, Name: reference, Rights: rights})
	must(s.t, err)
	return reference
}

// connect approves Zoho Desk in production and returns the connection.
func (s *site) connect() authmethods.ID {
	s.t.Helper()
	return s.Approve(s.t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu", Environment: "production"}).Connection
}

// lend has a service borrow so many times.
func (s *site) lend(n int) {
	s.t.Helper()
	for range n {
		_, err := s.Lender.Lend(s.t.Context(), broker.Service(s.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk", Environment: authmethods.Production, Purpose: "call pop-up"})
		must(s.t, err)
	}
	must(s.t, s.Lender.Flush(s.t.Context()))
}

func (a answer) want(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s answered %d, want %d: %s", a.Request.URL.Path, a.StatusCode, status, a.text())
	}
	for _, text := range texts {
		if !strings.Contains(a.text(), text) && !strings.Contains(a.body, text) {
			t.Errorf("%s does not say %q: %s", a.Request.URL.Path, text, a.text())
		}
	}
	return a
}

func (a answer) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("%s holds %q", a.Request.URL.Path, text)
		}
	}
}

func TestTheFirstPageSaysWhatNeedsSomebody(t *testing.T) {
	s := newSite(t)
	if a := s.visitor().get("/").want(t, http.StatusSeeOther); !strings.HasPrefix(a.to(s), "/login") {
		t.Errorf("nobody was led to %s", a.to(s))
	}
	v := s.signedIn("marie", "workspace-admin")
	v.get("/").want(t, 200, "Your methods are not connected yet")
	id := s.connect()
	s.lend(3)
	calm := v.get("/").want(t, 200, "Your connection needs nobody", "One connection works", "1 → 3")
	calm.lacks(t, "Reconnect…")
	s.breakGrant(id)
	v.get("/").want(t, 200, "One of 1 connections needs you", "Reconnect…", "/methods/", "If nothing changes, services lose access")
	v.send(http.MethodGet, "/", nil, "Accept", "text/html", "Accept-Language", "fr").want(t, 200, "1 connexion sur 1 vous attend")
	s.signedIn("jean").get("/").want(t, 200, "Welcome,", "Your roles open no part").lacks(t, "/connections")
}

// breakGrant has the provider withdraw the approval, and a refresh find it out.
func (s *site) breakGrant(id authmethods.ID) {
	s.t.Helper()
	must(s.t, s.Zoho.Revoke(s.RefreshToken(s.t, "zoho-desk").Reveal()))
	x, err := s.Consents.Connection(s.t.Context(), s.Admin, id)
	must(s.t, err)
	if _, err := s.Consents.Refresh(s.t.Context(), s.Admin, id, x.TokenID); authmethods.KindOf(err) != authmethods.HumanNeeded {
		s.t.Fatalf("a refresh of what was withdrawn: %v", err)
	}
}

func TestConnectionsAreListedAndNarrowed(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	v.get("/connections").want(t, 200, "No connections yet", `href="/methods"`)
	id := s.connect()
	s.lend(5)
	v.get("/connections").want(t, 200, "One connection", "Zoho Desk", "Active", "/connections/"+string(id), "in ")
	for path, there := range map[string]bool{
		"/connections?state=active": true, "/connections?state=degraded": false, "/connections?method=zoho-desk": true, "/connections?method=other": false,
		"/connections?env=production": true, "/connections?env=sandbox": false, "/connections?state=active&method=zoho-desk&env=production": true,
	} {
		if a := v.get(path).want(t, 200); strings.Contains(a.body, string(id)) != there {
			t.Errorf("%s shows the connection: %t, want %t", path, !there, there)
		}
	}
	v.get("/connections?state=odd").want(t, 400)
	s.signedIn("jean", s.role("people", authmethods.ViewUsers)).get("/connections").want(t, 403)
}

func TestAConnectionIsToldInWordsPictureAndTable(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	id := s.connect()
	s.lend(7)
	page := v.get("/connections/"+string(id)).want(t, 200, "Working. Next refresh", "7 loans in 24 hours", `<svg class="timeline"`, "The same as a table",
		"Approved", "Desk.tickets.READ", "Refreshes in 10 minutes", "1 of 8", "call pop-up", "Zoho Desk", "/methods/", "Organisation")
	page.lacks(t, "1000."+"x", s.RefreshToken(t, "zoho-desk").Reveal(), simSecret, "⟦")
	v.get("/connections/"+string(id)+"?span=7d").want(t, 200, "7 days")
	french := v.send(http.MethodGet, "/connections/"+string(id), nil, "Accept", "text/html", "Accept-Language", "fr").want(t, 200, "Tout va bien.", "7 prêts en 24 heures")
	french.lacks(t, "⟦")
	s.breakGrant(id)
	v.get("/connections/"+string(id)).want(t, 200, "The approval is lost for good", "services lose access", "Reconnect…", `class="lost"`, "no access from")
	for _, path := range []string{"/connections/conn_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH", "/connections/nonsense"} {
		v.get(path).want(t, 404)
	}
	s.NewTenant(t, "other")
	at := strings.Replace(s.origin, "acme", "other", 1) + "/connections/" + string(id)
	v.get(at).want(t, http.StatusSeeOther).lacks(t, "Zoho Desk")
}

func TestAConnectionIsTestedRefreshedAndRevokedByForms(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	id := s.connect()
	s.lend(2)
	own := "/connections/" + string(id)
	if a := v.submit(v.get(own), own+"/test"); a.StatusCode != 303 || a.to(s) != own {
		t.Fatalf("the test answered %d to %s: %s", a.StatusCode, a.to(s), a.text())
	}
	v.get(own).want(t, 200, "The provider answered the test call in")
	ask := v.get(own+"/refresh").want(t, 200, "Refresh Zoho Desk now?", "1 of 8", "The present token is good")
	v.submit(ask, own+"/refresh").want(t, 303)
	v.get(own).want(t, 200, "The token is refreshed.", "2 of 8")
	v.submit(ask, own+"/refresh").want(t, 303) // the page of before: that token is replaced already
	v.get(own).want(t, 200, "2 of 8")
	s.Spend(t, id, 8, 0)
	v.get(own+"/refresh").want(t, 200, "8 of 8").lacks(t, `action="`+own+`/refresh"`)
	gone := v.get(own+"/revoke").want(t, 200, "Revoke Zoho Desk?", "One service", "People sign in through its method", "Zoho")
	v.send(http.MethodPost, own+"/revoke", url.Values{"csrf": {"forged"}}, "Origin", s.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html").want(t, 403)
	if x, err := s.Consents.Connection(t.Context(), s.Admin, id); err != nil || x.State == tokens.Revoked {
		t.Fatalf("a forged form: %s %v", x.State, err)
	}
	v.submit(gone, own+"/revoke").want(t, 303)
	v.get(own).want(t, 200, "The connection is revoked.", "Revoked here", "Reconnect…", "Connection revoked").lacks(t, own+"/revoke", own+"/test")
}

func TestWhoMayOnlyLookIsOfferedNothingElse(t *testing.T) {
	s := newSite(t)
	id := s.connect()
	own := "/connections/" + string(id)
	v := s.signedIn("jean", s.role("looker", authmethods.ViewMethods))
	v.get(own).want(t, 200, "Working.").lacks(t, own+"/test", own+"/revoke", "Who holds a token", "/audit")
	for _, path := range []string{own + "/revoke", own + "/refresh", "/loans", "/audit", "/audit/export.csv"} {
		v.get(path).want(t, 403)
	}
	v.send(http.MethodPost, own+"/test", url.Values{}, "Origin", s.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html").want(t, 403)
}

func TestTheLedgerTellsWhoHoldsWhichToken(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	v.get("/loans").want(t, 200, "Nobody holds a token")
	id := s.connect()
	s.lend(4)
	v.get("/loans").want(t, 200, "One loan", "call pop-up", "Zoho Desk", "/connections/"+string(id))
	v.get("/loans?connection="+string(id)).want(t, 200, "call pop-up", "Show all")
	v.get("/loans?service=sa_01KAJ3M8Q5W2X7Y9Z0ABCDEFGH").want(t, 200, "No loan fits")
	s.Expire(t, id)
	v.get("/loans?service=odd").want(t, 400)
	v.get("/loans?tokens=all").want(t, 200, "call pop-up")
}

func TestTheAuditLogIsNarrowedVerifiedAndGivenOut(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	in, err := s.Methods.For(s.Admin)
	must(t, err)
	m, err := in.Method(t.Context(), "zoho-desk")
	must(t, err)
	log := v.get("/audit").want(t, 200, "Method created", "Zoho", "changed; the value is not kept", "Verify now")
	log.lacks(t, simSecret, "⟦")
	v.get("/audit?action=method.created").want(t, 200, "Method created").lacks(t, "audited.")
	if a := v.get("/audit?action=method.created&object="+string(m.ID)).want(t, 200); strings.Count(a.body, `role="rowheader"`) != 1 {
		t.Errorf("one method was created once: %s", a.text())
	}
	v.get("/audit?actor=nobody").want(t, 200, "No entry fits")
	v.get("/audit?actor=test&action=user.created").want(t, 200, "User created")
	v.submit(log, "/audit/verify").want(t, 303)
	v.get("/audit").want(t, 200, "The audit log is whole")
	_, err = s.people().CreateUser(t.Context(), directory.NewUser{UserName: "=HYPERLINK(1)"})
	must(t, err)
	file := v.get("/audit/export.csv").want(t, 200)
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || len(rows) < 5 || rows[0][0] != "number" || !strings.Contains(file.Header.Get("Content-Disposition"), "audit.csv") {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	if got := rows[1][7]; got != "'=HYPERLINK(1)" {
		t.Errorf("a formula is given out as %q", got)
	}
	lines := strings.Split(strings.TrimSpace(v.get("/audit/export.jsonl?action=method.created").want(t, 200).body), "\n")
	var e struct{ Action string }
	if err := json.Unmarshal([]byte(lines[0]), &e); err != nil || len(lines) != 1 || e.Action != "method.created" {
		t.Errorf("%d lines, the first of %q: %v", len(lines), e.Action, err)
	}
}

func TestALongLogIsReadPageByPage(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	for range 60 {
		s.settings(func(now *sso.Settings) { now.SessionIdle += time.Second })
	}
	first := v.get("/audit").want(t, 200)
	_, rest, ok := strings.Cut(first.body, `rel="next" href="`)
	if !ok {
		t.Fatal("there is no next page")
	}
	next, _, _ := strings.Cut(rest, `"`)
	second := v.get(strings.ReplaceAll(next, "&amp;", "&")).want(t, 200, "Method created", `rel="prev"`)
	if n := strings.Count(first.body, `role="rowheader"`); n != 50 {
		t.Errorf("%d on the first page", n)
	}
	second.lacks(t, `rel="next"`)
}

func TestASearchLeadsToWhatIsMeant(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	id := s.connect()
	u := s.user("jean.martin")
	in, err := s.Methods.For(s.Admin)
	must(t, err)
	m, err := in.Method(t.Context(), "zoho-desk")
	must(t, err)
	for query, to := range map[string]string{
		string(id): "/connections/" + string(id), string(m.ID): "/methods/" + string(m.ID), string(u.ID): "/users/" + string(u.ID),
		string(s.connector.ID): "/sso/" + string(s.connector.ID),
	} {
		if a := v.get("/search?q=" + url.QueryEscape(" "+query+" ")); a.StatusCode != 303 || a.to(s) != to {
			t.Errorf("%s leads to %d %s, want %s", query, a.StatusCode, a.to(s), to)
		}
	}
	refused := s.visitor().signIn("/api/sso/login/zoho", "sam@example.com")
	code := strings.TrimPrefix(refused.to(s), "/error/")
	code, _, _ = strings.Cut(code, "?")
	if a := v.get("/search?q=" + strings.ToLower(code)); a.to(s) != "/sso/sign-ins/"+code || code == "" {
		t.Errorf("the reference code %q leads to %d %q", code, a.StatusCode, a.to(s))
	}
	v.get("/search?q=zoho").want(t, 200, "/methods/"+string(m.ID), "/sso/"+string(s.connector.ID), "/connections/"+string(id))
	v.get("/search?q=martin").want(t, 200, "/users/"+string(u.ID))
	v.get("/search").want(t, 200, "A name, an id or a reference code")
	v.get("/search?q=nothing+of+that+name").want(t, 200, "Nothing found")
	looker := s.signedIn("luc", s.role("looker", authmethods.ViewMethods))
	looker.get("/search?q="+string(u.ID)).want(t, 200, "Nothing found")
	looker.get("/search?q=martin").want(t, 200, "Nothing found")
}

func TestSomebodyChoosesThemeAndLanguage(t *testing.T) {
	s := newSite(t)
	v := s.signedIn("marie", "workspace-admin")
	home := v.get("/connections")
	if a := v.submit(home, "/account/preferences", "theme", "dark"); a.StatusCode != 303 || a.to(s) != "/connections" {
		t.Fatalf("%d to %s", a.StatusCode, a.to(s))
	}
	dark := v.get("/connections").want(t, 200, `data-theme="dark"`)
	v.submit(dark, "/account/preferences", "language", "fr", "return_to", "https://elsewhere.example/").want(t, 303)
	v.get("/connections").want(t, 200, `lang="fr"`, "Connexions", `data-theme="dark"`)
	v.submit(dark, "/account/preferences", "theme", "purple").want(t, 400)
	v.send(http.MethodPost, "/account/preferences", url.Values{"theme": {"light"}}, "Origin", s.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html").want(t, 403)
}
