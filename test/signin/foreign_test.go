package signin_test

import (
	"bufio"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/test/fleet"
)

// foreign is a certified OpenID provider that runs as a process of its own and asks
// at each sign-in. Its one user is alice@example.test.
type foreign struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	Control  string `json:"control"`
}

const foreignSecret = "the secret of a foreign client"

var buildForeign = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "latchkey-oidc-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "provider")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./cmd/provider")
	build.Dir, build.Stderr = filepath.Join("..", "interop"), os.Stderr
	return program, build.Run()
})

func startForeign(t testing.TB, redirectURI, signedOut string) foreign {
	t.Helper()
	program, err := buildForeign()
	if err != nil {
		t.Fatalf("building the foreign provider: %v", err)
	}
	run := exec.Command(program, "-auto=false", "-redirect-uri", redirectURI, "-logout-uri", signedOut)
	run.Env, run.Stderr = append(os.Environ(), "PROVIDER_CLIENT_SECRET="+foreignSecret), os.Stderr
	out, err := run.StdoutPipe()
	must(t, err)
	must(t, run.Start())
	t.Cleanup(func() {
		_ = run.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = run.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	must(t, err)
	var p foreign
	must(t, json.Unmarshal(line, &p))
	return p
}

// control tells the provider to do something.
func (p foreign) control(t testing.TB, what string) {
	t.Helper()
	response, err := http.Post(p.Control+what, "", nil)
	must(t, err)
	must(t, response.Body.Close())
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %d", what, response.StatusCode)
	}
}

// logoutToken has the provider say that alice signed out.
func (p foreign) logoutToken(t testing.TB) string {
	t.Helper()
	response, err := http.Post(p.Control+"/logout-token", "", nil)
	must(t, err)
	defer response.Body.Close()
	var made struct {
		Token string `json:"logout_token"`
	}
	must(t, json.NewDecoder(response.Body).Decode(&made))
	return made.Token
}

// openForeign lets alice sign in at the foreign provider.
func (s *site) openForeign() foreign {
	s.t.Helper()
	p := startForeign(s.t, s.origin+"/api/sso/login/oauth/callback", s.origin+"/login?notice=signed-out")
	s.call(s.acme, "POST", "/auth-methods", map[string]any{
		"name": "House accounts", "reference": "house", "integration_type": "generic_oidc", "mode": "oauth", "issuer": p.Issuer,
		"client_id": p.ClientID, "client_secret": foreignSecret, "scopes": []string{"openid", "email", "profile"},
	}, nil)
	s.call(s.acme, "POST", "/sso-connectors", map[string]any{
		"name": "House", "reference": "house", "type": "oidc", "method": "house", "environment": "production",
	}, nil)
	s.newUser(s.acme, "alice@example.test", "house")
	return p
}

var requestID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// walk follows redirects at the provider until it asks the person, or sends the
// browser back to us.
func (v *visitor) walk(a answer) answer {
	v.s.t.Helper()
	for range 10 {
		if a.StatusCode < 300 || a.StatusCode > 399 {
			return a
		}
		next, err := a.Request.URL.Parse(a.Header.Get("Location"))
		must(v.s.t, err)
		if strings.HasPrefix(next.String(), v.s.origin) {
			return a
		}
		a = v.get(next.String())
	}
	v.s.t.Fatal("the provider redirects in a circle")
	return a
}

// byHouse signs in at the foreign provider, which must ask, and returns the answer to
// the callback.
func (v *visitor) byHouse() answer {
	v.s.t.Helper()
	asks := v.walk(v.get("/api/sso/login/house?return_to=/app/"))
	id := requestID.FindStringSubmatch(asks.body)
	if asks.StatusCode != http.StatusOK || id == nil || !strings.Contains(asks.text(), "Allow access") {
		v.s.t.Fatalf("the provider does not ask: %d %s", asks.StatusCode, asks.text())
	}
	allowed := v.send(http.MethodPost, asks.Request.URL.String(), url.Values{"id": {html.UnescapeString(id[1])}, "answer": {"allow"}})
	return v.get(v.walk(allowed).Header.Get("Location"))
}

var led = regexp.MustCompile(`^0; url=(.*)$`)

func TestAProviderThatWeDidNotWriteMayRotateItsKeys(t *testing.T) {
	for name, rotate := range map[string]string{"leaving the old": "/rotate-keys", "dropping the old": "/rotate-keys?drop=1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, fleet.Options{})
			p := s.openForeign()
			for range 2 {
				if a := s.visitor().byHouse(); a.to(s) != "/app/" {
					t.Fatalf("before: %d %s %s", a.StatusCode, a.to(s), a.text())
				}
			}
			p.control(t, rotate)
			v := s.visitor()
			await(t, "the new keys to count", time.Second, func() bool {
				a := v.byHouse()
				if to := a.to(s); to != "/app/" && !strings.HasPrefix(to, "/error/") {
					t.Fatalf("after: %d %s %s", a.StatusCode, to, a.text())
				}
				return a.to(s) == "/app/" // keys are not asked for at every token that comes
			})
			if a := v.get(report); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "<p id=user>alice@example.test") {
				t.Errorf("signed in: %d %s", a.StatusCode, a.body)
			}
		})
	}
}

func TestSigningOutEndsTheSessionAtTheProviderToo(t *testing.T) {
	s := newSite(t, fleet.Options{})
	p := s.openForeign()
	v := s.visitor()
	if a := v.byHouse(); a.to(s) != "/app/" {
		t.Fatalf("signing in: %d %s %s", a.StatusCode, a.to(s), a.text())
	}
	out := v.logout()
	to := led.FindStringSubmatch(out.Header.Get("Refresh"))
	if out.StatusCode != http.StatusOK || to == nil || !strings.HasPrefix(to[1], p.Issuer+"/end_session?") {
		t.Fatalf("signing out: %d %v %s", out.StatusCode, out.Header, out.text())
	}
	if !strings.Contains(out.body, `href="`+html.EscapeString(to[1])+`"`) {
		t.Error("the page has no link for browsers that do not refresh")
	}
	if a := v.get(report); !a.closed(s) {
		t.Errorf("while the browser is still on its way: %d", a.StatusCode)
	}
	back := v.walk(v.get(to[1]))
	if back.Header.Get("Location") != s.origin+"/login?notice=signed-out" {
		t.Fatalf("the provider leads to %d %s: %s", back.StatusCode, back.Header.Get("Location"), back.text())
	}
	if a := v.get(back.Header.Get("Location")); a.StatusCode != http.StatusOK || !strings.Contains(a.text(), "signed out") {
		t.Errorf("back here: %d %s", a.StatusCode, a.text())
	}
	if a := v.byHouse(); a.to(s) != "/app/" { // which fails unless the provider asks
		t.Errorf("the next time: %d %s", a.StatusCode, a.to(s))
	}
}

//
func TestWhoSignsOutAtTheProviderIsSignedOutHere(t *testing.T) {
	s := newSite(t, fleet.Options{})
	p := s.openForeign()
	v := s.visitor()
	in := func() {
		t.Helper()
		if a := v.byHouse(); a.to(s) != "/app/" {
			t.Fatalf("signing in: %d %s %s", a.StatusCode, a.to(s), a.text())
		}
	}
	says := func(connector, token string, want int) {
		t.Helper()
		a := s.visitor().send(http.MethodPost, "/api/sso/logout/"+connector, url.Values{"logout_token": {token}})
		if a.StatusCode != want || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("a logout token is answered by %d %v %s, want %d", a.StatusCode, a.Header, a.body, want)
		}
	}
	in()
	token := p.logoutToken(t)
	says("house", "", http.StatusBadRequest)
	says("house", "no token", http.StatusBadRequest)
	says("house", token[:strings.LastIndexByte(token, '.')+1]+strings.Repeat("A", 342), http.StatusBadRequest)
	says("nobodys", token, http.StatusNotFound)
	if a := v.get(report); a.StatusCode != http.StatusOK {
		t.Fatalf("a stranger's words ended a session: %d", a.StatusCode)
	}
	says("house", token, http.StatusOK)
	if a := v.get(report); !a.closed(s) {
		t.Errorf("signed out at the provider: %d", a.StatusCode)
	}
	said := time.Now().Unix()
	await(t, "the provider's clock to go on", time.Second, func() bool { return time.Now().Unix() > said })
	in()
	says("house", token, http.StatusOK)
	if a := v.get(report); a.StatusCode != http.StatusOK {
		t.Errorf("the same word ended a session that began after it: %d", a.StatusCode)
	}
}
