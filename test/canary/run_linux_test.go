package canary_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/crypto/token"
	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// run is an installation in which secrets are planted.
type run struct {
	*testing.T
	w        *fleet.World
	slug     string // which is no secret, and must be seen
	canaries []*canary
	outputs  []judge.Place // of commands
	temp     string        // the processes' folder for temporary files
	kept     string        // where commands put their files
	tenant   *fleet.Tenant
}

const (
	mailPassword  = "canary-mail-4b1d6e7c90"
	transitToken  = "canary-transit-93f0aa1e5d"
	databaseWord  = "canary-database-58e2c07b1f"
	firstPassword = "canary horses staple 71 batteries"
	wrongPassword = "canary donkeys staple 18 batteries"
	misplaced     = "canary-ostrich-staple-62-batteries"
	laterPassword = "canary zebras staple 44 batteries"
)

func begin(t *testing.T, storage fleet.Storage) *run {
	t.Helper()
	x := &run{T: t, slug: "seen-" + token.RandomSlug(12), temp: t.TempDir(), kept: t.TempDir()}
	o := fleet.Options{Storage: storage, Empty: true, Settings: []string{
		"LATCHKEY_MAIL_URL=smtp://someone:" + mailPassword + "@127.0.0.1:1", "LATCHKEY_MAIL_FROM=a@example.com",
		"LATCHKEY_TRANSIT_TOKEN=" + transitToken, "TMPDIR=" + x.temp, "GOTRACEBACK=all",
	}}
	if storage == fleet.Postgres {
		o.DatabaseURL = func(address string) string {
			u, err := url.Parse(address)
			must(t, err)
			u.User = url.UserPassword(u.User.Username(), databaseWord)
			return u.String()
		}
		x.plant("the password of the database", databaseWord)
	}
	x.w = fleet.New(t, o)
	x.plant("the password of the mail server", mailPassword)
	x.plant("the token for the key service", transitToken)
	x.plantKeys()
	return x
}

// plant has a secret looked for. in are parts of the names of places where it may be.
func (x *run) plant(name, secret string, in ...string) {
	x.Helper()
	if len(secret) < shortest {
		x.Fatalf("%s is too short to be looked for: %q", name, secret)
	}
	x.canaries = append(x.canaries, &canary{name, secret, in})
}

// plantKeys has every key of the keyring looked for outside it.
func (x *run) plantKeys() {
	x.Helper()
	content, err := os.ReadFile(filepath.Join(x.w.Dir, "keyring"))
	must(x, err)
	n := 0
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if len(words) < 2 || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(words[1])
		must(x, err)
		x.plant("the key "+words[0], string(key), "/keyring")
		n++
	}
	if n == 0 {
		x.Fatalf("no key was found in the keyring")
	}
}

// command runs a command, keeps what it said, and returns its standard output.
func (x *run) command(args ...string) string { return x.commandWith(nil, args...) }

func (x *run) commandWith(with []string, args ...string) string {
	x.Helper()
	code, out, said := x.w.RunWith(x, with, args...)
	x.outputs = append(x.outputs, judge.Place{Name: "output of latchkey " + strings.Join(args, " "), Content: []byte(out + said)})
	if code != 0 {
		x.Errorf("latchkey %s ended with %d: %s%s", strings.Join(args, " "), code, out, said)
	}
	return out
}

var (
	firstLink  = regexp.MustCompile(`/first-run/([\w-]{43})`)
	invitation = regexp.MustCompile(`/invitations/([\w-]{43})`)
	formToken  = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	codeSecret = regexp.MustCompile(`<code>([A-Z2-7 ]{16,})</code>`)
)

func match(t *testing.T, what *regexp.Regexp, in string) string {
	t.Helper()
	found := what.FindStringSubmatch(in)
	if found == nil {
		t.Fatalf("%s is not in %s", what, in)
	}
	return found[1]
}

// firstRun makes the tenant and its administrator in a browser, by the link that the
// server printed.
func (x *run) firstRun() {
	x.Helper()
	p := x.w.Processes[0]
	for end := time.Now().Add(patience); !firstLink.MatchString(p.Printed()) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond) // it is printed after the server says that it is ready
	}
	link := match(x.T, firstLink, p.Printed())
	x.plant("the link of the first run", link, "the standard output of")
	v := newVisitor(x.T, p, "setup.localhost")
	_, _, page := v.asks("/first-run/"+link, url.Values{
		"name": {"Seen"}, "slug": {x.slug}, "user_name": {"ada@example.com"}, "display_name": {"Ada"},
	})
	x.accept(match(x.T, invitation, page), firstPassword)
}

// accept sets a password by a link, looks at the account, and plants what came of it.
func (x *run) accept(link, password string) {
	x.Helper()
	x.plant("a link that sets a password", link, "output of latchkey user")
	x.plant("a password", password)
	v := newVisitor(x.T, x.w.Processes[0], x.slug+".localhost")
	_, _, page := v.asks("/invitations/"+link, nil)
	form := match(x.T, formToken, page)
	if status, to, page := v.asks("/invitations/"+link, url.Values{"csrf": {form}, "password": {password}, "again": {password}}); status != http.StatusSeeOther {
		x.Fatalf("the password was not set: %d %s %s", status, to, page)
	}
	x.plantCookies("a session by a link", v)
	_, _, page = v.asks("/account", nil)
	_, _, page = v.asks("/account/codes", url.Values{"csrf": {match(x.T, formToken, page)}})
	x.plant("the secret of one-time codes", strings.ReplaceAll(match(x.T, codeSecret, page), " ", ""))
}

func (x *run) plantCookies(of string, v *visitor) {
	x.Helper()
	n := 0
	for _, c := range v.cookies() {
		if len(c.Value) >= 20 { // not the choice of a language
			x.plant("the cookie "+c.Name+" of "+of, c.Value)
			n++
		}
	}
	if n == 0 {
		x.Errorf("%s has no cookie", of)
	}
}

// signIn tries a wrong password, which may be the right one of somewhere else, and
// then the right one.
func (x *run) signIn(user, password string) {
	x.Helper()
	x.plant("a wrong password", wrongPassword)
	v := newVisitor(x.T, x.w.Processes[0], x.slug+".localhost")
	for _, try := range []string{wrongPassword, password} {
		_, _, page := v.asks("/login", nil)
		status, _, page := v.asks("/login", url.Values{"csrf": {match(x.T, formToken, page)}, "name": {user}, "password": {try}})
		if (status == http.StatusSeeOther) != (try == password) {
			x.Errorf("signing in answered %d: %s", status, page)
		}
	}
	x.plantCookies("a sign-in", v)
	// People type passwords where names belong.
	x.plant("a password in place of a name", misplaced)
	other := newVisitor(x.T, x.w.Processes[0], x.slug+".localhost")
	_, _, page := other.asks("/login", nil)
	other.asks("/login", url.Values{"csrf": {match(x.T, formToken, page)}, "name": {misplaced}, "password": {user}})
}

// method makes the tenant's keys and its method.
func (x *run) method() {
	x.Helper()
	var listed struct {
		Tenants []struct {
			ID       string `json:"id"`
			Redirect string `json:"redirect_uri"`
		}
	}
	must(x, json.Unmarshal([]byte(x.command("tenant", "list", "--json")), &listed))
	found := listed.Tenants[0]
	t := &fleet.Tenant{ID: found.ID, Slug: x.slug, Method: "zoho-desk"}
	for _, k := range []struct {
		into *string
		args []string
	}{{&t.Admin, []string{"--name", "administrator", "--admin"}}, {&t.Key, []string{"--name", "borrower", "--allow", "*:*"}}} {
		var made struct {
			Key     string `json:"key"`
			Service string `json:"service_id"`
		}
		must(x, json.Unmarshal([]byte(x.command(append([]string{"key", "create", "--tenant", x.slug, "--json"}, k.args...)...)), &made))
		*k.into, t.Service = made.Key, made.Service
		x.plant("a key", strings.SplitN(made.Key, "_", 3)[2], "output of latchkey key create")
	}
	t.Client = zohosim.Client{
		ID: "1000.CANARY" + strings.Repeat("0", 29), Secret: "canary-client-" + token.RandomSlug(24), Name: x.slug,
		Type: zohosim.ServerClient, HomeDC: "us", MultiDC: true, RedirectURIs: []string{found.Redirect},
	}
	must(x, x.w.Provider.AddClient(t.Client))
	x.plant("the client secret", t.Client.Secret)
	x.w.Tenants, x.tenant = append(x.w.Tenants, t), t
	must(x, x.w.Processes[0].Call(x.Context(), t, "POST", "/api/v1/auth-methods", map[string]any{
		"name": "Zoho Desk", "reference": t.Method, "integration_type": "zoho_desk", "mode": "oauth", "data_centre": "auto",
		"client_id": t.Client.ID, "client_secret": t.Client.Secret, "scopes": []string{"Desk.tickets.READ", "Desk.basic.READ"},
	}, nil))
}

// misuse sends secrets where they do not belong, as clients and people do.
func (x *run) misuse() {
	x.Helper()
	n := 0
	stray := func() string {
		n++
		secret := "canary-stray-" + token.RandomSlug(20)
		x.plant(fmt.Sprintf("a secret at the wrong place (%d)", n), secret)
		return secret
	}
	p := x.w.Processes[0]
	public, internal := newVisitor(x.T, p, x.slug+".localhost"), newVisitor(x.T, p, "")
	internal.client = &http.Client{}
	internal.host = p.Internal()
	as := func(key, media string) http.Header {
		return http.Header{"Authorization": {"Bearer " + key}, "Content-Type": {media}}
	}
	const js = "application/json"
	for _, v := range []*visitor{public, internal} {
		key := x.tenant.Admin
		if v == internal {
			key = x.tenant.Key
		}
		for _, path := range []string{"/" + stray(), "/api/v1/connections?access_token=" + stray(), "/internal/v1/tokens/" + stray(), "/api/v1/auth-methods/" + stray(), "/invitations/" + stray(), "/first-run/" + stray(), "/api/sso/login/" + stray(), "/error/" + stray()} {
			v.sends("GET", path, "", as(key, js))
			v.sends("DELETE", path, "", as(key, js))
		}
		for _, path := range []string{"/internal/v1/tokens", "/api/v1/auth-methods", "/api/v1/services"} {
			v.sends("POST", path, `{"access_token": "`+stray()+`"}`, as(key, js))
			v.sends("POST", path, `{"method": "`+stray()+`", "name": 7}`, as(key, js))
			v.sends("POST", path, `{"method": {"`+stray()+`": `, as(key, js))
			v.sends("POST", path, stray(), as(key, "text/plain"))
			v.sends("POST", path, "{}", as(stray(), js))
			v.sends("POST", path, "{}", http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+stray()))}})
			v.sends("POST", path, "{}", http.Header{"Cookie": {"latchkey-session=" + stray() + "; session=" + stray()}, "X-Api-Key": {stray()}})
		}
		v.sends("POST", "/oauth/token", url.Values{"grant_type": {"password"}, "password": {stray()}, "subject_token": {stray()}, "client_secret": {stray()}}.Encode(),
			as(stray(), "application/x-www-form-urlencoded"))
		v.sends("GET", "/api/authclients/x/y?code="+stray()+"&state="+stray(), "", http.Header{"Referer": {"https://example.com/?code=" + stray()}})
		v.sends("GET", "/api/sso/login/oauth/callback?code="+stray()+"&state="+stray()+"&error_description="+stray(), "", http.Header{})
	}
	// The token itself in place of its id.
	for _, secret := range x.w.Provider.Issued() {
		internal.sends("POST", "/internal/v1/tokens/"+secret+"/rejections", `{"status":401}`, as(x.tenant.Key, js))
	}
}

// die has the server write down what all of it is doing, which ends it, and later
// killed without a word.
func (x *run) die() {
	x.Helper()
	p := x.w.Processes[0]
	must(x, p.Signal(syscall.SIGQUIT))
	p.Wait()
	if !strings.Contains(p.Log(), "SIGQUIT: quit") {
		x.Error("the server wrote no stacks")
	}
	must(x, p.Start())
	must(x, p.Kill())
	must(x, p.Start())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
