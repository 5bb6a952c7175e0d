package identity

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/tokens/upstream"
)

// foreign is an OpenID provider that runs as a process of its own, on a certified
// library that is not ours.
type foreign struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	Control  string `json:"control"`

	t        *testing.T
	provider catalog.Provider
	offset   time.Duration // of our clock
	v        *Verifier
}

const foreignSecret = "the secret of a foreign client"

func startForeign(t *testing.T) *foreign {
	t.Helper()
	program := filepath.Join(t.TempDir(), "provider")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/provider")
	build.Dir, build.Stderr = filepath.Join("..", "..", "test", "interop"), os.Stderr
	if err := build.Run(); err != nil {
		t.Fatalf("building the foreign provider: %v", err)
	}
	run := exec.Command(program, "-redirect-uri", ourRedirect, "-access-token-life", "1m")
	run.Env, run.Stderr = append(os.Environ(), "PROVIDER_CLIENT_SECRET="+foreignSecret), os.Stderr
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Signal(syscall.SIGTERM)
		run.Wait()
	})
	f := &foreign{t: t}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, f)
	}
	if err != nil {
		t.Fatalf("the foreign provider did not start: %v", err)
	}
	client := upstream.New(upstream.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	f.provider, err = client.Complete(t.Context(), catalog.Provider{Discover: true, Issuer: f.Issuer})
	if err != nil {
		t.Fatal(err)
	}
	f.v = New(Options{HTTP: client.HTTPClient(), Now: func() time.Time { return time.Now().Add(f.offset) }})
	return f
}

// signIn goes through the provider's pages and exchanges the code.
func (f *foreign) signIn() Answer {
	f.t.Helper()
	verifier := strings.Repeat("v", 43)
	challenge := sha256.Sum256([]byte(verifier))
	q := url.Values{"response_type": {"code"}, "client_id": {f.ClientID}, "redirect_uri": {ourRedirect}, "scope": {"openid email profile"},
		"state": {"s"}, "nonce": {ourNonce}, "code_challenge": {encode(challenge[:])}, "code_challenge_method": {"S256"}}
	browser := &http.Client{Jar: must(cookiejar.New(nil)), CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), ourRedirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := browser.Get(f.provider.AuthorizationEndpoint + "?" + q.Encode())
	if err != nil {
		f.t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		f.t.Fatalf("status %s: %v", resp.Status, err)
	}
	var tokens struct {
		IDToken     string `json:"id_token"`
		AccessToken string `json:"access_token"`
	}
	f.post(f.provider.TokenEndpoint, url.Values{"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")},
		"redirect_uri": {ourRedirect}, "code_verifier": {verifier}, "client_id": {f.ClientID}, "client_secret": {foreignSecret}}, &tokens)
	return Answer{Provider: f.provider, ClientID: f.ClientID, Type: sso.OpenIDConnect, IDToken: text(tokens.IDToken),
		AccessToken: text(tokens.AccessToken), Nonce: ourNonce}
}

func (f *foreign) post(address string, form url.Values, into any) {
	f.t.Helper()
	resp, err := http.PostForm(address, form)
	if err == nil {
		defer resp.Body.Close()
		err = json.NewDecoder(resp.Body).Decode(into)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *foreign) rotate(drop string) {
	f.t.Helper()
	var made map[string]string
	f.post(f.Control+"/rotate-keys", url.Values{"drop": {drop}}, &made)
}

func (f *foreign) identified() Proof {
	f.t.Helper()
	proof, err := f.v.Identify(f.t.Context(), f.signIn())
	if err != nil || proof.Subject != (sso.Subject{Issuer: f.Issuer, ID: "alice"}) || proof.Source != FromIDToken {
		f.t.Fatalf("%+v, %v", proof, err)
	}
	return proof
}

func TestAForeignProviderWhoseIDTokenSaysLittle(t *testing.T) {
	f := startForeign(t)
	proof := f.identified()
	if email, _ := proof.Claims.Text("email"); email != "alice@example.test" || !proof.Claims.True("email_verified") {
		t.Errorf("claims %v", proof.Claims)
	}
	if !slices.Contains(proof.Trace, "Userinfo added what the ID token does not say.") ||
		!slices.Contains(proof.Trace, "It belongs to the access token that came with it.") {
		t.Errorf("trace %q", proof.Trace)
	}
	answer := f.signIn()
	answer.Type = sso.OAuth2
	if proof, err := f.v.Identify(t.Context(), answer); err != nil || proof.Subject.ID != "alice" || proof.Source != FromUserinfo {
		t.Errorf("%+v, %v", proof, err)
	}
	answer = f.signIn()
	answer.AccessToken = f.signIn().AccessToken
	proof, err := f.v.Identify(t.Context(), answer)
	unproved(t, proof, err, "The ID token belongs to another access token (at_hash).")
}

func TestAForeignProviderRotatesItsKeysBetweenTwoSignIns(t *testing.T) {
	f := startForeign(t)
	for _, drop := range []string{"", "1", ""} {
		f.identified()
		f.rotate(drop)
		f.offset += keysPause
	}
	f.identified()
	f.rotate("1")
	proof, err := f.v.Identify(t.Context(), f.signIn())
	unproved(t, proof, err, noKeyMadeIt) // found when the pause is over
}

func TestAForeignProviderEndsSessions(t *testing.T) {
	f := startForeign(t)
	if f.provider.EndSessionEndpoint != f.Issuer+"/end_session" {
		t.Errorf("the end of sessions is at %q", f.provider.EndSessionEndpoint)
	}
	var made struct {
		Token string `json:"logout_token"`
	}
	f.post(f.Control+"/logout-token", url.Values{"sid": {"s-1"}}, &made)
	out, err := f.v.LogoutToken(t.Context(), f.provider, f.ClientID, secret.New(made.Token))
	if err != nil || out.Issuer != f.Issuer || out.Subject != "alice" || out.SessionID != "s-1" || out.IssuedAt.IsZero() {
		t.Errorf("%+v, %v", out, err)
	}
	answer := f.signIn()
	if _, err := f.v.LogoutToken(t.Context(), f.provider, f.ClientID, answer.IDToken); err == nil {
		t.Error("an ID token passes as a logout token")
	}
	answer.IDToken = secret.New(made.Token)
	proof, err := f.v.Identify(t.Context(), answer)
	unproved(t, proof, err, "The ID token is a token of another kind.")
}
