package consent_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/consent"
)

// foreign is a certified OpenID provider that runs as a process of its own: short
// tokens, refresh tokens that rotate, PKCE required.
type foreign struct {
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	Control  string `json:"control"`
}

// tokenRequest is what the foreign provider says of one token request.
type tokenRequest struct {
	GrantType     string `json:"grant_type"`
	RefreshToken  string `json:"refresh_token"`
	Outcome       string `json:"outcome"`
	GrantInFlight int    `json:"grant_in_flight"`
}

const foreignSecret = "the secret of a foreign client"

var buildForeign = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "latchkey-oidc-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "provider")
	build := exec.Command("go", "build", "-o", program, "./cmd/provider")
	build.Dir, build.Stderr = filepath.Join("..", "..", "test", "interop"), os.Stderr
	return program, build.Run()
})

func startForeign(t *testing.T, redirectURI string) foreign {
	t.Helper()
	program, err := buildForeign()
	if err != nil {
		t.Fatalf("building the foreign provider: %v", err)
	}
	run := exec.Command(program, "-redirect-uri", redirectURI, "-access-token-life", "5s")
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
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var p foreign
	if err == nil {
		err = json.Unmarshal(line, &p)
	}
	if err != nil {
		t.Fatalf("the foreign provider did not start: %v", err)
	}
	return p
}

func (p foreign) requests(t *testing.T) (list []tokenRequest) {
	t.Helper()
	resp, err := http.Get(p.Control + "/log")
	if err == nil {
		defer resp.Body.Close()
		err = json.NewDecoder(resp.Body).Decode(&list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (p foreign) revokeAll(t *testing.T) {
	t.Helper()
	resp, err := http.Post(p.Control+"/revoke-all", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// accepts asks the provider itself whether it takes a token.
func (p foreign) accepts(t *testing.T, token secret.Text) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Issuer+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// through follows the foreign provider's redirects until it sends the browser
// back to us.
func through(t *testing.T, address, redirectURI string) string {
	t.Helper()
	for range 10 {
		if strings.HasPrefix(address, redirectURI) {
			return address
		}
		base, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		next, err := base.Parse(redirectedTo(t, address))
		if err != nil {
			t.Fatal(err)
		}
		address = next.String()
	}
	t.Fatal("the provider redirects in a circle")
	return ""
}

//
func TestAForeignOpenIDProviderWithRotatingRefreshTokens(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		b := broker.New(t, d, nil)
		redirectURI := broker.PublicURL.RedirectURI(b.Tenant)
		p := startForeign(t, redirectURI)
		b.ZohoDesk(t, func(n *methods.NewMethod) {
			n.Reference, n.IntegrationType, n.DataCentre = "foreign", "generic_oidc", ""
			n.ClientID, n.ClientSecret = p.ClientID, secret.New(foreignSecret)
			n.Scopes, n.Settings.Issuer = []string{"openid", "offline_access", "email"}, p.Issuer
		})
		_, address := b.Begin(t, "foreign", authmethods.Production, consent.EnableOptions{})
		attempt, err := b.Return(t, through(t, address, redirectURI))
		if err != nil || attempt.Status != consent.Completed {
			t.Fatalf("%s %s %s %v", attempt.Status, attempt.Code, attempt.Detail, err)
		}
		loan := lend(t, b, tokens.LoanRequest{Method: "foreign"})
		if !p.accepts(t, loan.AccessToken) {
			t.Fatal("the provider does not take the first token")
		}
		for i := range 30 {
			b.Expire(t, loan.Connection)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() { b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "foreign"}) })
			}
			wg.Wait()
			next := lend(t, b, tokens.LoanRequest{Method: "foreign"})
			if next.TokenID == loan.TokenID || !p.accepts(t, next.AccessToken) {
				t.Fatalf("rotation %d: the lent token is old or not taken", i)
			}
			loan = next
		}
		seen := map[string]bool{}
		for _, r := range p.requests(t) {
			if r.GrantType != "refresh_token" {
				continue
			}
			if seen[r.RefreshToken] || r.Outcome != "ok" || r.GrantInFlight != 1 {
				t.Errorf("a refresh token came twice, failed or overlapped: %+v", r)
			}
			seen[r.RefreshToken] = true
		}
		if len(seen) != 30 {
			t.Errorf("%d rotations reached the provider, want 30", len(seen))
		}
		if _, err := b.Consents.Revoke(t.Context(), b.Admin, loan.Connection); err != nil || p.accepts(t, loan.AccessToken) {
			t.Errorf("after revoking, the provider still takes the token (%v)", err)
		}
	})
}

func TestAGrantThatTheForeignProviderEndedAsksForReconnection(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		b := broker.New(t, d, nil)
		redirectURI := broker.PublicURL.RedirectURI(b.Tenant)
		p := startForeign(t, redirectURI)
		b.ZohoDesk(t, func(n *methods.NewMethod) {
			n.Reference, n.IntegrationType, n.DataCentre = "foreign", "generic_oidc", ""
			n.ClientID, n.ClientSecret = p.ClientID, secret.New(foreignSecret)
			n.Scopes, n.Settings.Issuer = []string{"openid", "offline_access"}, p.Issuer
		})
		_, address := b.Begin(t, "foreign", authmethods.Production, consent.EnableOptions{})
		attempt, err := b.Return(t, through(t, address, redirectURI))
		if err != nil || attempt.Status != consent.Completed {
			t.Fatalf("%s %s %s %v", attempt.Status, attempt.Code, attempt.Detail, err)
		}
		p.revokeAll(t)
		b.Expire(t, attempt.Connection)
		begun := time.Now()
		_, err = b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "foreign"})
		if got, ok := problem(err); !ok || got.Code != authmethods.CodeReconnectRequired || got.Reason != authmethods.CodeGrantLost {
			t.Errorf("lending after the provider ended the grant: %v (after %s)", err, time.Since(begun))
		}
	})
}
