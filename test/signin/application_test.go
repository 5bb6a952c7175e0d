package signin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// application is a small platform behind the proxy. It shows who it was told is there
// and believes the token alone, which it verifies as any platform would.
type application struct {
	*httptest.Server
	origin string // of the tenant
	client *http.Client

	mu   sync.Mutex
	seen []http.Header // of the requests, in order
}

func startApplication(t testing.TB, origin string) *application {
	t.Helper()
	a := &application{origin: origin, client: &http.Client{Transport: towards(t, "")}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.seen = append(a.seen, r.Header.Clone())
	a.mu.Unlock()
	name, err := a.verify(r.Header.Get("X-Latchkey-Token"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	fmt.Fprintf(w, "<!doctype html><html lang=en><title>Application</title><link rel=icon href=data:,><p id=user>%s</p><p id=token>%s</p><p id=path>%s</p>",
		r.Header.Get("X-Latchkey-User"), name, r.URL.RequestURI())
}

// asked are the headers of all requests that reached the application.
func (a *application) asked() []http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.seen)
}

// verify returns the user name in a token that the tenant signed for now.
func (a *application) verify(token string) (string, error) {
	signed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return "", fmt.Errorf("reading the token: %w", err)
	}
	answer, err := a.client.Get(a.origin + "/.well-known/jwks.json")
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return "", fmt.Errorf("reading the keys %.200s: %w", text, err)
	}
	payload, err := signed.Verify(set)
	if err != nil {
		return "", fmt.Errorf("verifying the token: %w", err)
	}
	var claims struct {
		Issuer   string `json:"iss"`
		Audience string `json:"aud"`
		Name     string `json:"preferred_username"`
		Expires  int64  `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", err
	}
	if claims.Issuer != a.origin || claims.Audience != a.origin {
		return "", fmt.Errorf("a token of %s for %s", claims.Issuer, claims.Audience)
	}
	if time.Now().Unix() >= claims.Expires {
		return "", fmt.Errorf("a token that ended at %d", claims.Expires)
	}
	return claims.Name, nil
}
