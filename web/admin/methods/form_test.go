package methods_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/zohosim"
)

const newDesk = "/methods/new?type=zoho_desk"

func TestAMethodIsMadeInTwoPages(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	if a := v.page("/methods/new"); !strings.Contains(a.body, `href="`+newDesk+`"`) {
		t.Fatalf("there is no Zoho Desk to choose: %s", a.text())
	}
	form := v.page(newDesk)
	for _, want := range []string{s.pattern.RedirectURI(s.Tenant), s.pattern.SignInRedirectURI(s.Tenant), "Add a client of the kind"} {
		if !strings.Contains(form.body, want) {
			t.Errorf("the guide lacks %s", want)
		}
	}
	made := v.submit(form, "/methods/new", "name", "Zoho Desk – Support", "client_id", simClient, "client_secret", simSecret,
		"mode", "oauth", "data_centre", "auto", "scope", "Desk.tickets.READ", "other_scopes", "Desk.basic.READ\nDesk.news.READ", "do", "save")
	if made.StatusCode != http.StatusSeeOther || !strings.HasPrefix(made.to(s), "/methods/am_") {
		t.Fatalf("making a method answers %d: %s", made.StatusCode, made.text())
	}
	m, err := s.reader().Method(t.Context(), "zoho-desk-support")
	must(t, err)
	if got := strings.Join(m.Scopes, " "); got != "Desk.tickets.READ Desk.basic.READ Desk.news.READ" || !m.Secret.Set {
		t.Errorf("the method has the scopes %q, its secret is set: %v", got, m.Secret.Set)
	}
	shown := v.page(made.to(s), "Cookie", v.cookie+"; "+strings.SplitN(made.Header.Get("Set-Cookie"), ";", 2)[0])
	if !strings.Contains(shown.text(), "saved. Not in use yet.") || !strings.Contains(shown.body, `class="button primary" href="/methods/`+string(m.ID)+`/enable"`) {
		t.Errorf("the page does not lead on to enabling: %s", shown.text())
	}
}

func TestWhatIsWrongIsSaidBesideWhatWasTyped(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	for language, want := range map[string]string{"en": "A name is needed.", "fr": "Un nom de 1 à 100 caractères imprimables."} {
		form := v.page(newDesk, "Accept-Language", language)
		body := url.Values{"name": {""}, "client_id": {"1000.TYPED"}, "client_secret": {"k9-typed-secret"}, "mode": {"oauth"}, "type": {"zoho_desk"}, "do": {"save"}}
		for _, m := range hidden.FindAllStringSubmatch(form.body, -1) {
			if m[1] == "csrf" && body.Get("csrf") == "" || m[1] == "rev" {
				body.Set(m[1], m[2])
			}
		}
		body.Set("csrf", hidden.FindStringSubmatch(form.body[strings.Index(form.body, `action="/methods/new"`):])[2])
		a := v.send(http.MethodPost, "/methods/new", body, "Origin", s.origin, "Sec-Fetch-Site", "same-origin", "Accept-Language", language)
		if a.StatusCode != http.StatusUnprocessableEntity {
			t.Fatalf("a method without a name answers %d: %s", a.StatusCode, a.text())
		}
		for _, each := range []string{want, `value="1000.TYPED"`, `href="#f-name"`, `href="#f-scopes"`, `id="f-scopes"`} {
			if !strings.Contains(a.body, each) {
				t.Errorf("%s: the form lacks %s", language, each)
			}
		}
		if strings.Contains(a.body, "k9-typed-secret") {
			t.Errorf("%s: the form shows the secret", language)
		}
	}
}

func TestTheGuideLooksAtWhatWasPastedAndChoosesTheConsole(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	form := v.page(newDesk)
	a := v.submit(form, "/methods/new", "name", "Desk", "environment_url", "https://desk.zoho.eu/support/acme", "data_centre", "auto", "mode", "oauth",
		"pasted", s.pattern.RedirectURI(s.Tenant)+"/", "do", "look")
	if a.StatusCode != http.StatusOK {
		t.Fatalf("looking answers %d: %s", a.StatusCode, a.text())
	}
	for _, want := range []string{"<mark>/</mark>", "one slash too many", s.pattern.SignInRedirectURI(s.Tenant) + "</code> Add it", `value="Desk"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the guide lacks %s: %s", want, a.text())
		}
	}
	preset := v.submit(form, "/methods/new", "do", "preset:tickets_read_only", "mode", "oauth")
	for _, scope := range []string{"Desk.tickets.READ", "Desk.search.READ"} {
		if !strings.Contains(preset.body, `value="`+scope+`" checked`) {
			t.Errorf("the preset does not tick %s", scope)
		}
	}
	list, err := s.reader().Methods(t.Context(), "", 0)
	must(t, err)
	if len(list) != 0 {
		t.Error("looking made a method")
	}
}

func TestEditingKeepsTheSecretAndTellsOfAnotherHand(t *testing.T) {
	s := newSite(t)
	m := s.method()
	v := s.admin()
	edit := "/methods/" + string(m.ID) + "/edit"
	form := v.page(edit)
	if strings.Contains(form.body, simSecret) {
		t.Fatal("the form shows the secret")
	}
	fill := []string{"name", "Renamed", "client_id", simClient, "mode", "oauth", "data_centre", "auto", "do", "save"}
	saved := v.submit(form, edit, fill...)
	if saved.StatusCode != http.StatusSeeOther {
		t.Fatalf("saving answers %d: %s", saved.StatusCode, saved.text())
	}
	now, err := s.reader().Method(t.Context(), string(m.ID))
	must(t, err)
	if now.Name != "Renamed" || now.Secret != m.Secret || len(now.Scopes) != len(m.Scopes) || now.DataCentre != m.DataCentre {
		t.Errorf("saving made %+v of %+v", now, m)
	}
	again := v.submit(form, edit, "name", "Too late", "client_id", simClient, "mode", "oauth", "data_centre", "auto", "do", "save")
	if again.StatusCode != http.StatusPreconditionFailed || !strings.Contains(again.text(), "Somebody else changed this") || !strings.Contains(again.body, "Name: Renamed") {
		t.Fatalf("an old form answers %d: %s", again.StatusCode, again.text())
	}
	if last := v.submit(again, edit, "name", "Too late", "client_id", simClient, "mode", "oauth", "data_centre", "auto", "do", "save"); last.StatusCode != http.StatusSeeOther {
		t.Errorf("who has seen both cannot save: %d: %s", last.StatusCode, last.text())
	}
}

func TestAMethodCanBeCopiedAndDeletedWhenNothingRestsOnIt(t *testing.T) {
	s := newSite(t)
	m := s.method()
	a := s.Approve(t, m.Reference, authmethods.Production, zohosim.Approval{User: "sam@example.com"})
	v := s.admin()
	one := "/methods/" + string(m.ID)
	copied := v.submit(v.page(one+"/duplicate"), one+"/duplicate", "name", "Second")
	if copied.StatusCode != http.StatusSeeOther {
		t.Fatalf("copying answers %d: %s", copied.StatusCode, copied.text())
	}
	second, err := s.reader().Method(t.Context(), "second")
	must(t, err)
	if second.Secret.Set || second.ClientID != m.ClientID {
		t.Errorf("the copy is %+v", second)
	}
	if taken := v.submit(v.page(one+"/duplicate"), one+"/duplicate", "name", "Third", "reference", "second"); taken.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a reference is given twice: %d", taken.StatusCode)
	}
	stays := v.page(one + "/delete")
	if strings.Contains(stays.body, `action="`+one+`/delete"`) || !strings.Contains(stays.body, "/connections/"+string(a.Connection)) {
		t.Errorf("a method that holds access can be deleted, or does not say what holds it: %s", stays.text())
	}
	two := "/methods/" + string(second.ID)
	if gone := v.submit(v.page(two+"/delete"), two+"/delete"); gone.StatusCode != http.StatusSeeOther || v.get(two).StatusCode != http.StatusNotFound {
		t.Errorf("deleting answers %d", gone.StatusCode)
	}
}

func TestAGenericTypeTakesItsAddresses(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	form := v.page("/methods/new?type=generic_oauth2")
	made := v.submit(form, "/methods/new", "name", "Own", "client_id", "own", "mode", "oauth", "authorize_url", "https://id.example.com/authorize",
		"token_url", "https://id.example.com/token", "authorize_params", "audience=api\nprompt=consent", "other_scopes", "read", "do", "save")
	if made.StatusCode != http.StatusSeeOther {
		t.Fatalf("making it answers %d: %s", made.StatusCode, made.text())
	}
	m, err := s.reader().Method(t.Context(), "own")
	must(t, err)
	if m.Settings.TokenURL != "https://id.example.com/token" || m.Settings.AuthorizeParams["audience"] != "api" {
		t.Errorf("its settings are %+v", m.Settings)
	}
}

func TestEveryTypeHasItsForm(t *testing.T) {
	s := newSite(t)
	v := s.admin()
	for _, kind := range s.Catalog.Types() {
		for _, language := range []string{"en", "fr", "en-x-pseudo"} {
			if a := v.page("/methods/new?type="+kind.ID, "Accept-Language", language); strings.Contains(a.body, "⟦") && language != "en-x-pseudo" {
				t.Errorf("%s in %s says something without words: %s", kind.ID, language, a.text())
			}
		}
	}
}
