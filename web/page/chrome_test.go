package page_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"latchkey/authmethods"
	"latchkey/sso/session"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// call is a request for address with headers, by somebody who is signed in if person
// is given.
func call(t *testing.T, address string, person *session.Present, headers ...string) (*route.Call, *httptest.ResponseRecorder) {
	t.Helper()
	r, w := httptest.NewRequest(http.MethodGet, address, nil), httptest.NewRecorder()
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	c := &route.Call{Context: echo.New().NewContext(r, w), Person: person, Tenant: authmethods.Tenant{Name: "Acme"}}
	c.Caller = authmethods.NewCaller("tn_1", authmethods.Actor{Kind: authmethods.ActorPerson}, authmethods.Rights{authmethods.ViewMethods}, "req_1")
	return c, w
}

func marie(language, theme string) *session.Present {
	return &session.Present{User: session.Person{UserName: "marie", DisplayName: "Marie Dupont", Language: language, Theme: theme}}
}

func TestTheChromeFollowsThePersonAndElseTheBrowser(t *testing.T) {
	c, _ := call(t, "/x", marie("fr", "dark"), "Accept-Language", "en")
	got := page.ChromeOf(c)
	if got.Language() != words.French || got.Theme != "dark" || got.Person.Name != "Marie Dupont" || got.Person.Initial() != "M" || got.Tenant != "Acme" {
		t.Errorf("%+v", got)
	}
	c, _ = call(t, "/x", nil, "Accept-Language", "fr-CA")
	if got := page.ChromeOf(c); got.Language() != words.French || got.Person != nil || got.Theme != "" {
		t.Errorf("%+v", got)
	}
	c, _ = call(t, "/x", marie("xx", `"><script>`))
	if got := page.ChromeOf(c); got.Language() != words.English || got.Theme != "" {
		t.Errorf("%+v", got)
	}
}

func TestTheFormsOfTheMenuCarryTheirTokens(t *testing.T) {
	person := &page.Person{Name: "Marie", PreferencesToken: "token-p", SignOutToken: "token-s"}
	w := httptest.NewRecorder()
	if err := page.Sample.Write(w, 200, page.Chrome{Person: person}, page.ComponentsPage{}); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{`action="/account/preferences">\s*<input type="hidden" name="csrf" value="token-p">`, `action="/logout">\s*<input type="hidden" name="csrf" value="token-s">`} {
		if !regexp.MustCompile(form).MatchString(w.Body.String()) {
			t.Errorf("the menu lacks %s", form)
		}
	}
}

func TestTheNavigationShowsWhatSomebodyMayOpen(t *testing.T) {
	c, _ := call(t, "/methods?env=sandbox", marie("", ""))
	var paths []string
	for _, s := range page.ChromeOf(c).Sections() {
		paths = append(paths, s.Path)
	}
	if got := strings.Join(paths, " "); got != "/?env=sandbox /methods?env=sandbox /connections?env=sandbox /developers?env=sandbox" {
		t.Errorf("the sections are %s", got)
	}
}

func TestTheEnvironmentFilterKeepsThePage(t *testing.T) {
	c, _ := call(t, "/methods?type=zoho_desk&env=sandbox&cursor=c", marie("", ""))
	chrome := page.ChromeOf(c)
	var hrefs []string
	for _, f := range chrome.Filters() {
		hrefs = append(hrefs, f.Href)
		if f.Current != (f.Environment == "sandbox") {
			t.Errorf("%s is current: %t", f.Environment, f.Current)
		}
	}
	if got := strings.Join(hrefs, " "); got != "/methods?type=zoho_desk /methods?env=production&type=zoho_desk /methods?env=sandbox&type=zoho_desk" || !chrome.Trial() {
		t.Errorf("the filters lead to %s", got)
	}
	c, _ = call(t, "/methods?env=nowhere", marie("", ""))
	if got := page.ChromeOf(c); got.Environment != "" || got.Trial() {
		t.Errorf("the environment is %q", got.Environment)
	}
}

// carried is the cookie that an answer sets, as the browser sends it back.
func carried(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].MaxAge <= 0 || cookies[0].MaxAge > 120 {
		t.Fatalf("the cookies are %v", cookies)
	}
	return cookies[0].Name + "=" + cookies[0].Value
}

func TestAMessageIsShownOnceInTheReadersLanguage(t *testing.T) {
	c, w := call(t, "/x", nil)
	page.SetFlash(c, page.Good, "flash.saved", "name", "<Zoho>")
	c, w = call(t, "/y", marie("fr", ""), "Cookie", carried(t, w))
	got := page.ChromeOf(c).Flash
	if got == nil || *got != (page.Flash{Kind: page.Good, Text: "<Zoho>\u202f: enregistré."}) {
		t.Fatalf("%+v", got)
	}
	if gone := w.Result().Cookies(); len(gone) != 1 || gone[0].MaxAge >= 0 {
		t.Errorf("the message stays: %v", gone)
	}
}

func TestAMessageIsNeverOfSomebodyElsesMaking(t *testing.T) {
	for _, key := range []string{"home.title", "flash.", "flash.no_such", ""} {
		c, w := call(t, "/x", nil)
		page.SetFlash(c, page.Bad, key)
		c, _ = call(t, "/y", nil, "Cookie", carried(t, w))
		if got := page.ChromeOf(c).Flash; got != nil {
			t.Errorf("%q shows %+v", key, got)
		}
	}
	for _, value := range []string{"", "x", "bm90IGpzb24", strings.Repeat("A", 5000)} {
		c, _ := call(t, "/y", nil, "Cookie", "latchkey-flash="+value)
		if got := page.ChromeOf(c).Flash; got != nil {
			t.Errorf("%.20q shows %+v", value, got)
		}
	}
}
