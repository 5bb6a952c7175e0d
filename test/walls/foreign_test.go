package walls_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso/credentials"
	"latchkey/sso/directory"
	"latchkey/test/pages"
	"latchkey/test/postgres"
	"latchkey/test/storage"
	"latchkey/web"
	"latchkey/web/route"
)

// shared are the parameters that name nothing of a tenant.
var shared = map[string]string{
	"static/:file":          "a part of the program",
	"integration-types/:id": "types belong to the installation",
	"tenants/:slug":         "for operators, who may see every tenant",
	"first-run/:secret":     "for who sets up the installation, while there is no tenant",
}

// bodies are what routes want before they look for what the path names.
var bodies = map[string]string{
	"changeAuthMethod": `{"name":"x"}`, "enableAuthMethod": `{"environment":"production"}`, "disableAuthMethod": `{"environment":"production"}`,
	"testAuthMethod": `{"environment":"production"}`, "pasteAuthMethodCode": `{"environment":"production","code":"x"}`, "duplicateAuthMethod": `{"name":"x","reference":"x"}`,
	"chooseOrganizationOfConsent": `{"organization_id":"1"}`, "chooseConnectionOrganization": `{"organization_id":"1"}`,
	"changeServiceAccount": `{"name":"x"}`, "addPermit": `{"method":"*","environment":"*"}`, "reportRejection": `{"status":401}`,
	"setUserRoles": `{"roles":[]}`, "addUserConnector": `{"connector":"zoho"}`, "pinIdentity": `{"connector":"zoho","issuer":"https://a.example","subject":"1"}`,
	"associateUsers": `{"users":["eve"]}`, "testMapping": `{"claims":{}}`, "linkSignIn": `{"user":"eve"}`, "dryRunMapping": `{}`,
	"changeUser": `{"theme":"dark"}`, "changeSSOConnector": `{"name":"x"}`, "changeRole": `{"name":"x"}`,
}

// purposes are those of the forms that pages show.
var purposes = []string{"people", "services", "settings", "methods", "connections", "audit", "account", "logout", "system", "freezes"}

// asker is somebody of globex with all rights of an administrator, by key and by
// session.
type asker struct {
	*installation
	cookie string
	tokens url.Values // of forms, by purpose
	own    map[string]string
}

func (i *installation) asker() *asker {
	i.t.Helper()
	ctx := i.t.Context()
	boss := i.with(i.globex, "boss", authmethods.AdminRights...)
	a := &asker{installation: i, cookie: i.session(i.globex, boss), tokens: url.Values{}}
	p, err := i.Sessions.Find(ctx, i.globex.tenant.ID, a.cookie)
	must(i.t, err)
	for _, purpose := range purposes {
		a.tokens.Set(purpose, p.FormToken(purpose))
	}
	eve, err := i.people(i.globex).CreateUser(ctx, directory.NewUser{UserName: "eve"})
	must(i.t, err)
	in, err := i.Methods.For(i.globex.operator)
	must(i.t, err)
	service, err := in.CreateService(ctx, store.NewService{Name: "Own"})
	must(i.t, err)
	a.own = map[string]string{"users/:id": string(eve.ID), "service-accounts/:id": string(service.ID)}
	return a
}

// more adds to acme's objects those that have no page.
func (i *installation) more(address string) {
	i.t.Helper()
	ctx := i.t.Context()
	o := i.objects
	in, err := i.Methods.For(i.acme.operator)
	must(i.t, err)
	service, err := in.Service(ctx, o["service-accounts/:id"])
	must(i.t, err)
	borrowed := i.send(route.Route{Listeners: route.Internal}, i.request(route.Route{Method: "POST", Listeners: route.Internal}, "", "/internal/v1/tokens",
		`{"method":"zoho-desk","environment":"production"}`, caller{key: i.acme.borrower}))
	_, token, _ := strings.Cut(borrowed.Body.String(), `"token_id":"`)
	token, _, ok := strings.Cut(token, `"`)
	if !ok {
		i.t.Fatalf("no loan: %d %s", borrowed.Code, borrowed.Body)
	}
	user, err := i.people(i.acme).User(ctx, o["users/:id"])
	must(i.t, err)
	link, err := i.Credentials.Invite(ctx, i.acme.operator, "acme", credentials.Target{User: &user, Rights: authmethods.OperatorRights}, credentials.Reset)
	must(i.t, err)
	passkey := "pk_" + strings.Replace(anID, "5", "6", 1)
	storage.Insert(i.t, address, "passkeys", map[string]any{"tenant_id": string(i.acme.tenant.ID), "id": passkey, "user_id": o["users/:id"]})
	storage.Insert(i.t, address, "freezes", map[string]any{
		"tenant_id": string(i.acme.tenant.ID), "id": o["service-accounts/:id"], "scope": "service", "method_id": nil, "service_id": o["service-accounts/:id"],
		"actor_kind": "command", "lifted_by": "administrator",
	})
	for name, value := range map[string]string{
		"freezes/:id": o["service-accounts/:id"], "auth-methods/:id": o["methods/:id"], "permits/:permit_id": string(service.Permits[0].ID), "api-keys/:id": o["keys/:key_id"],
		"consents/:id": o["approvals/:id"], "sso-connectors/:id": o["sso/:id"], "identities/:identity_id": o["accounts/:item"],
		"sessions/:session_id": o["sessions/:item"], "sessions/:id": o["sessions/:item"], "passkeys/:item": passkey, "passkeys/:passkey_id": passkey, "passkeys/:id": passkey,
		"users/:user_id": o["users/:id"], "tokens/:token_id": token, "login/:reference": "zoho", "logout/:reference": "zoho", "error/:ref": o["sign-ins/:ref"],
		"authclients/:a": i.acme.tenant.CallbackA, ":a/:b": i.acme.tenant.CallbackB,
		"invitations/:secret": link.URL.Reveal()[strings.LastIndexByte(link.URL.Reveal(), '/')+1:],
	} {
		o[name] = value
	}
}

// ask asks for a path in globex's name. Where a page wants a form, it is one that a
// page of globex has shown.
func (a *asker) ask(r route.Route, path string) *httptest.ResponseRecorder {
	c := caller{key: a.globex.admin}
	switch {
	case r.Listeners&route.Public == 0:
		c.key = a.globex.borrower
	case r.Page || r.Right == route.Person:
		c = caller{cookie: a.cookie}
	}
	body := bodies[r.Operation]
	if body == "" && r.Method != http.MethodGet {
		body = "{}"
	}
	if !r.Page {
		return a.send(r, a.request(r, "globex", path, body, c))
	}
	var w *httptest.ResponseRecorder
	for _, purpose := range purposes {
		q := a.request(r, "globex", path, url.Values{"csrf": {a.tokens.Get(purpose)}}.Encode(), c)
		q.Header.Set("Accept", "text/html")
		q.Header.Set("Sec-Fetch-Site", "same-origin")
		if w = a.send(r, q); r.Method == http.MethodGet || !strings.Contains(w.Body.String(), "had been open for too long") {
			break
		}
	}
	return w
}

// varying are the parts of an answer that no two answers share.
var varying = regexp.MustCompile(`req_[0-9A-Za-z]+|name="csrf" value="[^"]*"|value="[^"]*" name="csrf"`)

// seen is all that an answer shows, with the values that were asked for made the same.
func seen(w *httptest.ResponseRecorder, asked []string) string {
	header := w.Header().Clone()
	header.Del("X-Request-Id")
	header.Del("Date")
	var b strings.Builder
	fmt.Fprintln(&b, w.Code)
	_ = header.Write(&b) // a strings.Builder takes everything
	text := b.String() + "\n" + varying.ReplaceAllString(w.Body.String(), "…")
	for n, value := range asked {
		text = strings.ReplaceAll(text, url.PathEscape(value), fmt.Sprintf("‹%d›", n))
		text = strings.ReplaceAll(text, url.QueryEscape(value), fmt.Sprintf("‹%d›", n))
	}
	return text
}

// on every route that names something, what belongs to another tenant
// answers byte for byte like what does not exist, after the same statements.
func TestWhatIsForeignAnswersLikeWhatIsMissingOnEveryRoute(t *testing.T) {
	address := postgres.URL(t)
	recorded, rec := record(t, storage.Served(t, address))
	i := newInstallation(t, pages.On(recorded))
	i.more(address)
	a := i.asker()
	asked := 0
	for _, r := range web.Table(i.Deps) {
		names := parameters(r.Path)
		names = slices.DeleteFunc(names, func(name string) bool { return shared[name] != "" })
		if len(names) == 0 {
			continue
		}
		for _, name := range names {
			if i.objects[name] == "" {
				t.Fatalf("%s: nobody says what %s stands for", r.Path, name)
			}
		}
		asked++
		a.compare(t, rec, r, names, nil)
		if len(names) == 2 && a.own[names[0]] != "" { // in something of one's own
			a.compare(t, rec, r, names, a.own)
		}
	}
	if asked < 100 {
		t.Errorf("only %d routes name something", asked)
	}
}

// compare asks a route for what is missing and for what is acme's.
func (a *asker) compare(t *testing.T, rec *recorder, r route.Route, names []string, own map[string]string) {
	value := func(of func(string) string) func(string) string {
		return func(name string) string {
			if v := own[name]; v != "" {
				return v
			}
			return of(a.objects[name])
		}
	}
	missing, foreign := value(nothing), value(func(v string) string { return v })
	look := func(of func(string) string) (string, int, []string) {
		rec.taken()
		w := a.ask(r, fill(r.Path, of))
		ran := rec.taken()
		var asked []string
		for _, name := range names {
			asked = append(asked, of(name))
		}
		return seen(w, asked), w.Code, ran
	}
	look(missing) // so that nothing is remembered by either alone
	look(foreign)
	want, _, statements := look(missing)
	got, status, ran := look(foreign)
	if got != want {
		t.Errorf("%s %s: what is foreign answers\n%.1500s\nwhat is missing\n%.1500s", r.Method, r.Path, got, want)
	}
	if !slices.Equal(ran, statements) {
		t.Errorf("%s %s: what is foreign takes the statements\n%q\nwhat is missing\n%q", r.Method, r.Path, ran, statements)
	}
	if status < 300 && r.Method != http.MethodGet {
		t.Errorf("%s %s: something was done, %d", r.Method, r.Path, status)
	}
	t.Logf("%d %s %s, %d statements", status, r.Method, r.Path, len(ran))
}
