package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/tokens/upstream"
)

const (
	ourClient   = "our-client"
	ourNonce    = "n-0S6_WzA2Mj"
	accessToken = "CANARY-access-token"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// keys for all tests: making them is slow.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	otherKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	edKey    = sync.OnceValue(func() ed25519.PrivateKey { _, k, err := ed25519.GenerateKey(rand.Reader); return must(k, err) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func public(kid, alg string, key any) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: alg, Use: "sig"}
}

func set(keys ...jose.JSONWebKey) string {
	return string(must(json.Marshal(jose.JSONWebKeySet{Keys: keys})))
}

// issuer is a provider whose answers a test chooses.
type issuer struct {
	*httptest.Server
	fetches atomic.Int32 // of the keys

	mu      sync.Mutex // guards what follows
	answers map[string]http.HandlerFunc
	asked   []*http.Request
}

func newIssuer(t testing.TB, keys string) *issuer {
	i := &issuer{answers: map[string]http.HandlerFunc{}}
	i.on("/keys", says(200, "application/json", keys))
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			i.fetches.Add(1)
		}
		i.mu.Lock()
		h := i.answers[r.URL.Path]
		i.asked = append(i.asked, r)
		i.mu.Unlock()
		if h == nil {
			h = http.NotFound
		}
		h(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) on(path string, h http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answers[path] = h
}

func (i *issuer) calls(path string) (n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.asked {
		if r.URL.Path == path {
			n++
		}
	}
	return n
}

func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func (i *issuer) provider() catalog.Provider {
	return catalog.Provider{
		Issuer: i.URL, JWKSURI: i.URL + "/keys",
		IDTokens: catalog.IDTokens{Algorithms: []string{"RS256", "RS384", "ES256", "PS256", "EdDSA"}},
	}
}

// clock is a time that tests move.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(start.UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.now.Load()) }
func (c *clock) Advance(d time.Duration) { c.now.Add(int64(d)) }

func guarded(t testing.TB) *http.Client {
	client := upstream.NewHTTPClient(upstream.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// bench is an issuer, a verifier and an answer that is in order; tests break it.
type bench struct {
	t      testing.TB
	issuer *issuer
	clock  *clock
	v      *Verifier

	head   map[string]any
	claims map[string]any
	key    any
	answer Answer
}

func newBench(t testing.TB) *bench {
	i := newIssuer(t, set(public("k1", "", rsaKey().Public()), public("k2", "", ecKey().Public()), public("k3", "", edKey().Public())))
	c := newClock()
	return &bench{
		t: t, issuer: i, clock: c, v: New(Options{HTTP: guarded(t), Now: c.Now}), key: rsaKey(),
		head: map[string]any{"alg": "RS256", "typ": "JWT", "kid": "k1"},
		claims: map[string]any{
			"iss": i.URL, "aud": ourClient, "sub": "user-4711", "nonce": ourNonce, "sid": "s-1",
			"iat": start.Unix(), "exp": start.Add(time.Hour).Unix(),
			"name": "Ada Moreau", "email": "ada@example.eu", "email_verified": true,
		},
		answer: Answer{
			Provider: i.provider(), ClientID: ourClient, Type: sso.OpenIDConnect,
			AccessToken: secret.New(accessToken), Nonce: ourNonce,
		},
	}
}

func (b *bench) identify() (Proof, error) {
	b.t.Helper()
	b.answer.IDToken = secret.New(mint(b.head, b.claims, b.key))
	return b.v.Identify(b.t.Context(), b.answer)
}

// refused wants a refusal of this kind with this detail, and nothing proved.
func refused(t testing.TB, proof Proof, err error, code authmethods.Code, detail string) {
	t.Helper()
	var p *authmethods.Problem
	if !errors.As(err, &p) {
		t.Fatalf("error %v, want a problem %q", err, detail)
	}
	kind := authmethods.Forbidden
	if code == authmethods.CodeProviderDown {
		kind = authmethods.Unavailable
	}
	if p.Code != code || p.Kind != kind || p.Detail != detail {
		t.Errorf("%s (%v) %q, want %s %q", p.Code, p.Kind, p.Detail, code, detail)
	}
	if proof.Subject != (sso.Subject{}) || proof.Claims != nil || proof.Source != "" || proof.SessionID != "" {
		t.Errorf("something is proved all the same: %+v", proof)
	}
	if n := len(proof.Trace); n == 0 || proof.Trace[n-1] != detail {
		t.Errorf("the trace does not end with the refusal: %q", proof.Trace)
	}
	for _, canary := range []string{"CANARY", ourNonce, "ada@", "user-4711", "eyJ"} {
		if strings.Contains(err.Error()+strings.Join(proof.Trace, " "), canary) {
			t.Errorf("%q shows: %v %q", canary, err, proof.Trace)
		}
	}
}

func unproved(t testing.TB, proof Proof, err error, detail string) {
	t.Helper()
	refused(t, proof, err, authmethods.CodeIdentityUnproved, detail)
}

// mint signs whatever a test wants to have signed.
func mint(head, claims map[string]any, key any) string {
	signed := encode(must(json.Marshal(head))) + "." + encode(must(json.Marshal(claims)))
	alg, _ := head["alg"].(string)
	return signed + "." + encode(sign(alg, signed, key))
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func sign(alg, signed string, key any) []byte {
	hash := map[string]crypto.Hash{"RS384": crypto.SHA384, "RS512": crypto.SHA512}[alg]
	if hash == 0 {
		hash = crypto.SHA256
	}
	h := hash.New()
	h.Write([]byte(signed))
	digest := h.Sum(nil)
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if alg == "PS256" {
			return must(rsa.SignPSS(rand.Reader, k, hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		}
		return must(rsa.SignPKCS1v15(rand.Reader, k, hash, digest))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			panic(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		return ed25519.Sign(k, []byte(signed))
	case []byte:
		m := hmac.New(sha256.New, k)
		m.Write([]byte(signed))
		return m.Sum(nil)
	}
	return []byte("no signature")
}

// atHash is the hash of the access token for an algorithm.
func atHash(hash crypto.Hash) string {
	h := hash.New()
	h.Write([]byte(accessToken))
	return encode(h.Sum(nil)[:hash.Size()/2])
}

func with(m map[string]any, more map[string]any) map[string]any {
	all := maps.Clone(m)
	maps.Copy(all, more)
	return all
}
