package login_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey/sso"
	"latchkey/sso/directory"
)

func TestANewPasswordEndsAllSessionsButThisOne(t *testing.T) {
	s := newSite(t)
	u := s.local(t, "marie", marieWord)
	v, other := s.visitor(), s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	other.welcome(other.logIn("marie", marieWord))
	page, before := v.Get("/account"), v.session()
	for name, c := range map[string][]string{
		"a wrong present one": {otherWord, "a new word for the door"}, "the same": {marieWord, marieWord},
		"too short": {marieWord, "short"}, "a common one": {marieWord, "password1234"},
	} {
		a := v.Submit(page, "/account/password", "current", c[0], "password", c[1])
		if a.StatusCode != http.StatusUnprocessableEntity || strings.Contains(a.Body, c[0]) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.Text())
		}
	}
	other.is(u)
	if a := v.Submit(page, "/account/password", "current", marieWord, "password", otherWord); a.To() != "/account" {
		t.Fatalf("%d %s", a.StatusCode, a.Text())
	}
	v.is(u)
	other.nobody()
	if v.session() == before {
		t.Error("the session has the secret that it had")
	}
	s.holding(before).nobody()
	if a := other.logIn("marie", marieWord); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old password: %d", a.StatusCode)
	}
	other.welcome(other.logIn("marie", otherWord))
}

func TestCodesAreTurnedOffByACode(t *testing.T) {
	s := newSite(t)
	u := s.local(t, "marie", marieWord)
	v := s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	key := v.codesOn()
	page := v.Get("/account")
	if strings.Contains(page.Body, key) {
		t.Error("the secret is shown again")
	}
	if a := v.Submit(page, "/account/codes/remove", "code", "000000"); a.StatusCode == http.StatusSeeOther {
		t.Errorf("a wrong code: %d", a.StatusCode)
	}
	if a := v.Submit(page, "/account/codes/remove", "code", code(t, key, 0)); a.To() != "/account" {
		t.Fatalf("%d %s", a.StatusCode, a.Text())
	}
	v.is(u)
	other := s.visitor()
	other.welcome(other.logIn("marie", marieWord))
}

func TestPeopleEndTheirOwnSessionsAndNobodyElses(t *testing.T) {
	s := newSite(t)
	u := s.local(t, "marie", marieWord)
	paul := s.local(t, "paul", otherWord)
	v, second, third, his := s.visitor(), s.visitor(), s.visitor(), s.visitor()
	for _, each := range []*visitor{v, second, third} {
		each.welcome(each.logIn("marie", marieWord))
	}
	his.welcome(his.logIn("paul", otherWord))
	page := v.Get("/account")
	id := func(of *visitor) string {
		_, body := of.who()
		return body["session"].(map[string]any)["id"].(string)
	}
	if n := strings.Count(page.Body, `/end"`); n != 3 { // two sessions, and all others at once
		t.Errorf("%d sessions can be ended: %s", n, page.Text())
	}
	if a := v.Submit(page, "/account/sessions/"+id(second)+"/end"); a.To() != "/account" {
		t.Fatalf("%d %s", a.StatusCode, a.Text())
	}
	second.nobody()
	third.is(u)
	form := url.Values{"csrf": {page.Token("/account/sessions/end")}}
	for _, foreign := range []string{id(his), "ses_none", "%2e%2e"} {
		if a := v.Send(http.MethodPost, "/account/sessions/"+foreign+"/end", form); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", foreign, a.StatusCode)
		}
	}
	// Nor who may do so elsewhere: this page is for one's own.
	s.local(t, "admin", marieWord, sso.RoleWorkspaceAdmin)
	admin := s.visitor()
	admin.welcome(admin.logIn("admin", marieWord))
	own := url.Values{"csrf": {admin.Get("/account").Token("/account/codes")}}
	if a := admin.Send(http.MethodPost, "/account/sessions/"+id(his)+"/end", own); a.StatusCode != http.StatusNotFound {
		t.Errorf("an administrator, of somebody else: %d", a.StatusCode)
	}
	his.is(paul)
	if a := v.Submit(page, "/account/sessions/end"); a.To() != "/account" {
		t.Fatalf("%d %s", a.StatusCode, a.Text())
	}
	v.is(u)
	third.nobody()
	his.is(paul)
}

// Every change of one's own account takes the token of a form that this session was
// shown.
func TestNothingOfAnAccountChangesByAForeignForm(t *testing.T) {
	s := newSite(t)
	u := s.local(t, "marie", marieWord)
	v, other := s.visitor(), s.visitor()
	v.welcome(v.logIn("marie", marieWord))
	other.welcome(other.logIn("marie", marieWord))
	foreign := other.Get("/account").Token("/account/sessions/end")
	logout := v.Get("/account").Token("/logout")
	_, body := other.who()
	for path, filled := range map[string]url.Values{
		"/account/password": {"current": {marieWord}, "password": {otherWord}}, "/account/codes": {}, "/account/codes/confirm": {"code": {"000000"}},
		"/account/codes/remove": {"code": {"000000"}}, "/account/sessions/end": {}, "/account/passkeys/pk_1/remove": {},
		"/account/sessions/" + body["session"].(map[string]any)["id"].(string) + "/end": {},
	} {
		for name, token := range map[string]string{"none": "", "another session's": foreign, "another form's": logout} {
			filled.Set("csrf", token)
			if a := v.Send(http.MethodPost, path, filled); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s with a token of %s: %d", path, name, a.StatusCode)
			}
		}
		if a := s.visitor().Send(http.MethodPost, path, filled, "Accept", "text/html"); a.StatusCode == http.StatusOK || a.To() == "/account" {
			t.Errorf("%s by nobody: %d to %q", path, a.StatusCode, a.To())
		}
	}
	for _, path := range []string{"/account/passkeys", "/account/passkeys/finish", "/login/passkey", "/login/passkey/finish"} {
		for _, headers := range [][]string{nil, {"Latchkey-Request", "script"}, {"Content-Type", "application/json"}} {
			if a := v.Send(http.MethodPost, path, url.Values{}, headers...); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %v: %d", path, headers, a.StatusCode)
			}
		}
	}
	v.is(u)
	other.is(u)
	again := s.visitor()
	again.welcome(again.logIn("marie", marieWord))
}

func TestAPageForWhoIsSignedInLeadsToTheLoginAndBack(t *testing.T) {
	s := newSite(t)
	s.local(t, "marie", marieWord)
	v := s.visitor()
	a := v.Get("/account")
	to := mustURL(t, a.To())
	if a.StatusCode != http.StatusSeeOther || to.Path != "/login" || to.Query().Get("return_to") != "/account" {
		t.Fatalf("%d to %q", a.StatusCode, a.To())
	}
	page := v.Get(a.To())
	if a := v.Submit(page, "/login", "name", "marie", "password", marieWord); a.To() != "/account" {
		t.Errorf("%d to %q", a.StatusCode, a.To())
	}
	if a := v.Get("/account"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text(), "marie") {
		t.Errorf("%d %s", a.StatusCode, a.Text())
	}
	if a := v.Get("/login?return_to=%2Faccount"); a.To() != "/account" {
		t.Errorf("the login page for who is signed in: %d to %q", a.StatusCode, a.To())
	}
}

// api calls the administration API as a page of ours does.
func (v *visitor) api(method, path, body string, headers ...string) answer {
	v.s.T.Helper()
	r, err := http.NewRequestWithContext(v.s.T.Context(), method, v.s.Origin+"/api/v1"+path, strings.NewReader(body))
	must(v.s.T, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := v.Client.Do(r)
	must(v.s.T, err)
	must(v.s.T, response.Body.Close())
	return answer{Response: response}
}

const byUs = "Latchkey-Request"

func TestASessionHasTheRightsOfItsRoles(t *testing.T) {
	s := newSite(t)
	who := map[string]*visitor{}
	for name, role := range map[string]string{
		"admin": sso.RoleWorkspaceAdmin, "help": sso.RoleHelpDesk, "auditor": sso.RoleAuditor, "developer": sso.RoleDeveloper, "user": sso.RoleUser,
	} {
		s.local(t, name, marieWord+name, role)
		who[name] = s.visitor()
		who[name].welcome(who[name].logIn(name, marieWord+name))
	}
	who["nobody"] = s.visitor()
	for _, c := range []struct {
		method, path, body string
		allowed            string
	}{
		{http.MethodGet, "/users", "", "admin help auditor"},
		{http.MethodGet, "/sso-connectors", "", "admin help auditor"},
		{http.MethodGet, "/settings", "", "admin auditor"},
		{http.MethodGet, "/auth-methods", "", "admin auditor developer"},
		{http.MethodPost, "/users", `{"user_name": "new.%s"}`, "admin help"},
		{http.MethodPost, "/roles", `{"reference": "r-%s", "name": "R %s", "rights": []}`, "admin"},
		{http.MethodDelete, "/sso-connectors/none", "", "admin"},
	} {
		for name, v := range who {
			body := strings.ReplaceAll(c.body, "%s", name)
			a := v.api(c.method, c.path, body, byUs, "1")
			want := strings.Contains(" "+c.allowed+" ", " "+name+" ")
			switch refused := a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusUnauthorized; {
			case refused == want:
				t.Errorf("%s %s as %s: %d", c.method, c.path, name, a.StatusCode)
			case name == "nobody" && a.StatusCode != http.StatusUnauthorized:
				t.Errorf("%s %s as nobody: %d", c.method, c.path, a.StatusCode)
			}
		}
	}
}

// a change by a session takes a header that no form and no other site can set.
func TestAChangeByASessionIsMeant(t *testing.T) {
	s := newSite(t)
	s.local(t, "admin", marieWord, sso.RoleWorkspaceAdmin)
	v := s.visitor()
	v.welcome(v.logIn("admin", marieWord))
	for name, headers := range map[string][]string{
		"no header":                {},
		"an empty header":          {byUs, ""},
		"another site":             {byUs, "1", "Origin", "https://evil.example"},
		"a cross site":             {byUs, "1", "Sec-Fetch-Site", "cross-site"},
		"a form of another site":   {"Sec-Fetch-Site", "cross-site", "Content-Type", "text/plain"},
		"our page, without header": {"Origin", s.Origin, "Sec-Fetch-Site", "same-origin"},
	} {
		if a := v.api(http.MethodPost, "/users", `{"user_name": "led"}`, headers...); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	if a := v.api(http.MethodPost, "/users", `{"user_name": "meant"}`, byUs, "1", "Origin", s.Origin, "Sec-Fetch-Site", "same-origin"); a.StatusCode != http.StatusCreated {
		t.Errorf("with it: %d", a.StatusCode)
	}
	// Reading changes nothing and needs none.
	if a := v.api(http.MethodGet, "/users", ""); a.StatusCode != http.StatusOK {
		t.Errorf("reading: %d", a.StatusCode)
	}
	// A key that is wrong is not made good by the session beside it.
	if a := v.api(http.MethodGet, "/users", "", "Authorization", "Bearer wrong"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong key beside a session: %d", a.StatusCode)
	}
}

// The help desk makes nobody mightier than itself, itself included.
func TestTheHelpDeskGivesAndTakesNoRightsThatItHasNot(t *testing.T) {
	s := newSite(t)
	admin := s.local(t, "admin", marieWord, sso.RoleWorkspaceAdmin)
	help := s.local(t, "help", otherWord, sso.RoleHelpDesk)
	user, err := s.People().CreateUser(t.Context(), directory.NewUser{UserName: "somebody"})
	must(t, err)
	v := s.visitor()
	v.welcome(v.logIn("help", otherWord))
	const merge = "application/merge-patch+json"
	for name, c := range map[string]struct {
		method, path, body string
		refused            bool
	}{
		"making an administrator":           {http.MethodPost, "/users", `{"user_name": "x", "roles": ["workspace-admin"]}`, true},
		"making an operator":                {http.MethodPost, "/users", `{"user_name": "x", "roles": ["operator"]}`, true},
		"promoting somebody":                {http.MethodPost, "/users/" + string(user.ID) + "/roles", `{"roles": ["workspace-admin"]}`, true},
		"promoting itself":                  {http.MethodPost, "/users/" + string(help.ID) + "/roles", `{"roles": ["help-desk", "workspace-admin"]}`, true},
		"disabling an administrator":        {http.MethodPatch, "/users/" + string(admin.ID), `{"disabled": true}`, true},
		"an administrator's address":        {http.MethodPatch, "/users/" + string(admin.ID), `{"email": "mine@evil.example"}`, true},
		"an administrator's password":       {http.MethodPost, "/users/" + string(admin.ID) + "/password-reset", `{}`, true},
		"an administrator's other account":  {http.MethodPost, "/users/" + string(admin.ID) + "/identities", `{"connector": "zoho", "issuer": "https://accounts.zoho.eu", "subject": "1"}`, true},
		"somebody's name, which it may see": {http.MethodPatch, "/users/" + string(user.ID), `{"display_name": "Some Body"}`, false},
	} {
		headers := []string{byUs, "1", "If-Match", "*"}
		if c.method == http.MethodPatch {
			headers = append(headers, "Content-Type", merge)
		}
		a := v.api(c.method, c.path, c.body, headers...)
		if refused := a.StatusCode == http.StatusForbidden; refused != c.refused || !c.refused && a.StatusCode >= 400 {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
	now, err := s.People().User(t.Context(), string(admin.ID))
	if must(t, err); now.Disabled || now.Email != "" || len(now.Identities) != 0 {
		t.Errorf("%+v", now)
	}
}
