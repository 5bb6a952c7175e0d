package methods_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/zohosim"
)

func TestFromTheListToTheConsentInThreeClicks(t *testing.T) {
	s := newSite(t)
	m := s.method()
	v := s.admin()
	window := "/methods/" + string(m.ID) + "/enable"
	if list := v.page("/methods"); strings.Count(list.body, `class="chip off" href="`+window+`"`) != 2 {
		t.Fatalf("the list does not lead to the window: %s", list.text())
	}
	a := v.page(window)
	if strings.Contains(a.body, " checked") {
		t.Error("an environment is chosen beforehand")
	}
	if none := v.submit(a, window, "do", "continue"); none.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(none.text(), "Choose an environment.") {
		t.Errorf("without an environment the window answers %d: %s", none.StatusCode, none.text())
	}
	on := v.submit(a, window, "environment", "sandbox", "do", "continue")
	_, authorize, led := strings.Cut(on.Header.Get("Refresh"), "url=")
	if on.StatusCode != http.StatusOK || !led {
		t.Fatalf("the window answers %d: %s", on.StatusCode, on.text())
	}
	callback, err := zohosim.Approve(nil, authorize, zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Sandbox})
	must(t, err)
	back, err := url.Parse(callback)
	must(t, err)
	for _, kept := range on.Cookies() { // the one that binds the approval to this browser
		v.cookie += "; " + kept.Name + "=" + kept.Value
	}
	done := v.page(v.get(back.RequestURI()).Header.Get("Location"))
	if !strings.Contains(done.text(), "Zoho Desk is connected") || !strings.Contains(done.body, `href="/methods/`+string(m.ID)+`"`) {
		t.Errorf("it ends with %s", done.text())
	}
}

func TestTheWindowSaysWhatIsNotRightYet(t *testing.T) {
	s := newSite(t)
	s.method()
	m := s.method(func(n *store.NewMethod) {
		n.Name, n.Reference, n.ClientSecret, n.Scopes = "Second", "second", secret.Text{}, []string{"Desk.tickets.ALL", "Desk.tickets.READ"}
	})
	window := "/methods/" + string(m.ID) + "/enable"
	v := s.admin()
	a := v.page(window)
	for _, want := range []string{"The client secret is missing", "Desk.tickets.ALL already includes Desk.tickets.READ", "The same client ID is used by Zoho Desk", "You are at " + s.origin} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the window lacks %q: %s", want, a.text())
		}
	}
	if fr := v.page(window, "Accept-Language", "fr"); !strings.Contains(fr.text(), "Le secret du client manque") {
		t.Errorf("in French: %s", fr.text())
	}
}

func TestAnApprovalLinkIsShownOnce(t *testing.T) {
	s := newSite(t)
	m := s.method()
	v := s.admin()
	window := "/methods/" + string(m.ID) + "/enable"
	a := v.submit(v.page(window), window, "environment", "production", "do", "link")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "/start?ticket=") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the link is not shown: %d: %s", a.StatusCode, a.text())
	}
}

func TestAConnectedMethodIsTestedDisabledAndRevoked(t *testing.T) {
	s := newSite(t)
	m := s.method()
	s.Approve(t, m.Reference, authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	v := s.admin()
	one := "/methods/" + string(m.ID)
	status := v.page(one)
	if !strings.Contains(status.text(), "Working. The present token is good until") {
		t.Errorf("the page says %s", status.text())
	}
	tested := v.submit(status, one+"/test", "environment", "production")
	if !strings.Contains(tested.text(), "It works") || strings.Contains(tested.body, "Zoho-oauthtoken") {
		t.Errorf("the test says %s", tested.text())
	}
	impact := v.page(one + "/disable?environment=production")
	done := v.submit(impact, one+"/disable", "do", "keep")
	if done.StatusCode != http.StatusSeeOther {
		t.Fatalf("disabling answers %d: %s", done.StatusCode, done.text())
	}
	now, err := s.reader().Method(t.Context(), m.Reference)
	must(t, err)
	if now.In(authmethods.Production).Enabled {
		t.Error("it is still enabled")
	}
	s.Approve(t, m.Reference, authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	v.submit(v.page(one+"/disable?environment=production"), one+"/disable", "do", "revoke")
	if a := v.page(one); !strings.Contains(a.text(), "Somebody here revoked the approval") {
		t.Errorf("after revoking the page says %s", a.text())
	}
	if a := v.page(one + "?tab=activity"); !strings.Contains(a.text(), "Approval completed") || !strings.Contains(a.text(), "Disabled") {
		t.Errorf("the activity is %s", a.text())
	}
}

func TestAnUnapprovedMethodHasNothingToTest(t *testing.T) {
	s := newSite(t)
	m := s.method()
	v := s.admin()
	if a := v.page("/methods/" + string(m.ID) + "/test"); !strings.Contains(a.text(), "nothing to test yet") {
		t.Errorf("the page says %s", a.text())
	}
}

func TestACodeFromTheConsoleEnables(t *testing.T) {
	s := newSite(t)
	m := s.method()
	v := s.admin()
	code := "/methods/" + string(m.ID) + "/code"
	a := v.page(code)
	if empty := v.submit(a, code, "environment", "production"); empty.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no code answers %d", empty.StatusCode)
	}
	wrong := v.submit(a, code, "environment", "production", "code", "1000.not.a.code")
	if wrong.StatusCode != http.StatusUnprocessableEntity || strings.Contains(wrong.body, "1000.not.a.code") || !strings.Contains(wrong.text(), "took too long or was used twice") {
		t.Errorf("a wrong code answers %d: %s", wrong.StatusCode, wrong.text())
	}
}

func TestEveryViewOfAMethodSpeaksBothLanguages(t *testing.T) {
	s := newSite(t)
	m := s.method()
	s.Approve(t, m.Reference, authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	v := s.admin()
	one := "/methods/" + string(m.ID)
	for _, path := range []string{
		"", "?tab=settings", "?tab=scopes", "?tab=used", "?tab=activity", "/edit", "/enable", "/help", "/test", "/code",
		"/disable?environment=production", "/duplicate", "/delete",
	} {
		for _, language := range []string{"en", "fr"} {
			if a := v.page(one+path, "Accept-Language", language); strings.Contains(a.body, "⟦") || strings.Contains(a.body, "ZgotmplZ") || strings.Contains(a.body, simSecret) {
				t.Errorf("%s in %s says something without words, or a secret: %s", path, language, a.text())
			}
		}
	}
}

func TestAClientThatTheProviderRefusesIsAnIncidentOfTheMethod(t *testing.T) {
	s := newSite(t)
	m := s.method()
	s.Approve(t, m.Reference, authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	lender := authmethods.NewCaller(s.Tenant.ID, authmethods.Actor{Kind: authmethods.ActorJob, Name: "test"}, authmethods.Rights{authmethods.ViewMethods, authmethods.Borrow}, "req_test")
	in, err := s.Methods.For(lender)
	must(t, err)
	client, err := in.Client(t.Context(), m.ID, authmethods.Production)
	must(t, err)
	must(t, in.RejectClient(t.Context(), m.ID, authmethods.Production, client.Version, authmethods.CodeClientRejected, time.Now().Add(time.Hour)))
	s.Changed(s.Tenant.ID)
	a := s.admin().page("/methods/" + string(m.ID))
	for _, want := range []string{"Zoho Desk refuses the client in Production", "Compare client ID and secret"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the page lacks %q: %s", want, a.text())
		}
	}
}
