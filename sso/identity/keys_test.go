package identity

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

const noKeyMadeIt = "The signature of the ID token was made by no key of this provider."

func (b *bench) publish(keys ...jose.JSONWebKey) {
	b.issuer.on("/keys", says(200, "application/json", set(keys...)))
}

func (b *bench) wantFetches(want int32) {
	b.t.Helper()
	if got := b.issuer.fetches.Load(); got != want {
		b.t.Errorf("the keys were fetched %d times, want %d", got, want)
	}
}

func (b *bench) signsWith(kid string, key *rsa.PrivateKey) {
	b.head["kid"], b.key = kid, key
	b.claims["iat"], b.claims["exp"] = b.clock.Now().Unix(), b.clock.Now().Add(time.Hour).Unix()
}

func TestANewKeyIsFoundWithoutWaiting(t *testing.T) {
	b := newBench(t)
	if _, err := b.identify(); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(keysPause)
	b.publish(public("k9", "RS256", otherKey().Public()))
	b.signsWith("k9", otherKey())
	if _, err := b.identify(); err != nil {
		t.Error(err)
	}
	b.wantFetches(2)
}

func TestANewKeyUnderAnOldNameIsFoundToo(t *testing.T) {
	b := newBench(t)
	if _, err := b.identify(); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(keysPause)
	b.publish(public("k1", "RS256", otherKey().Public()))
	b.signsWith("k1", otherKey())
	if _, err := b.identify(); err != nil {
		t.Error(err)
	}
}

//
func TestFiftyTokensWithUnknownKeysFetchOnce(t *testing.T) {
	b := newBench(t)
	if _, err := b.identify(); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(keysPause)
	b.signsWith("", otherKey())
	var all sync.WaitGroup
	for i := range 50 {
		answer := b.answer
		answer.IDToken = secret.New(mint(with(b.head, map[string]any{"kid": fmt.Sprint("unknown-", i)}), b.claims, b.key))
		all.Go(func() {
			proof, err := b.v.Identify(t.Context(), answer)
			unproved(t, proof, err, noKeyMadeIt)
		})
	}
	all.Wait()
	b.wantFetches(2)
	b.clock.Advance(keysPause - time.Second)
	b.identify()
	b.wantFetches(2)
	b.clock.Advance(time.Second)
	b.identify()
	b.wantFetches(3)
}

func TestWhoComesFirstFetchesForAll(t *testing.T) {
	b := newBench(t)
	var all sync.WaitGroup
	b.answer.IDToken = secret.New(mint(b.head, b.claims, b.key))
	for range 20 {
		all.Go(func() {
			if _, err := b.v.Identify(t.Context(), b.answer); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b.wantFetches(1)
}

//
func TestARemovedKeyIsRejectedAfterAQuarterOfAnHour(t *testing.T) {
	b := newBench(t)
	if _, err := b.identify(); err != nil {
		t.Fatal(err)
	}
	b.publish(public("k9", "RS256", otherKey().Public()))
	b.clock.Advance(keysGood - time.Second)
	b.signsWith("k1", rsaKey())
	if _, err := b.identify(); err != nil {
		t.Errorf("before that it is known: %v", err)
	}
	b.wantFetches(1)
	b.clock.Advance(time.Second)
	b.signsWith("k1", rsaKey())
	proof, err := b.identify()
	unproved(t, proof, err, noKeyMadeIt)
	b.wantFetches(2)
}

//
func TestTwoKeysWithOneNameAreBothTried(t *testing.T) {
	for _, kid := range []any{"same", nil} {
		for _, key := range []*rsa.PrivateKey{rsaKey(), otherKey()} {
			b := newBench(t)
			b.publish(public("same", "RS256", otherKey().Public()), public("same", "RS256", rsaKey().Public()))
			b.signsWith("same", key)
			if kid == nil {
				delete(b.head, "kid")
			}
			if _, err := b.identify(); err != nil {
				t.Errorf("kid %v: %v", kid, err)
			}
			b.wantFetches(1)
		}
	}
}

func TestAKeyWithoutANameIsTriedWhereNoneHasTheName(t *testing.T) {
	b := newBench(t)
	b.publish(public("", "", rsaKey().Public()))
	if _, err := b.identify(); err != nil {
		t.Error(err)
	}
	b = newBench(t)
	b.publish(public("", "", rsaKey().Public()), public("k1", "", otherKey().Public()))
	proof, err := b.identify()
	unproved(t, proof, err, noKeyMadeIt)
}

func TestKeysThatMustNotBeUsed(t *testing.T) {
	short := must(rsa.GenerateKey(rand.Reader, 1024))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	encryption := public("k1", "RS256", rsaKey().Public())
	encryption.Use = "enc"
	operations := strings.Replace(set(public("k1", "RS256", rsaKey().Public())), `"use":"sig"`, `"key_ops":["encrypt"]`, 1)
	for name, test := range map[string]struct {
		keys string
		key  any
		alg  string
	}{
		"a short key":               {set(public("k1", "RS256", short.Public()), public("k2", "", rsaKey().Public())), short, "RS256"},
		"a key for encryption":      {set(encryption, public("k2", "", otherKey().Public())), rsaKey(), "RS256"},
		"other operations":          {strings.Replace(operations, `"keys":[`, `"keys":[`+keyText(public("k2", "", otherKey().Public()))+`,`, 1), rsaKey(), "RS256"},
		"a key of another alg":      {set(public("k1", "RS384", rsaKey().Public())), rsaKey(), "RS256"},
		"a key of another curve":    {set(public("k1", "", p384.Public())), ecKey(), "ES256"},
		"a private key is no proof": {set(public("k1", "RS256", rsaKey())), rsaKey(), "RS256"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.issuer.on("/keys", says(200, "application/json", test.keys))
			b.head["alg"], b.key = test.alg, test.key
			proof, err := b.identify()
			unproved(t, proof, err, noKeyMadeIt)
		})
	}
}

func keyText(key jose.JSONWebKey) string { return string(must(json.Marshal(key))) }

func TestKeysThatAreNotUnderstoodAreLeftOut(t *testing.T) {
	b := newBench(t)
	b.issuer.on("/keys", says(200, "text/plain", `{"keys":[{"kty":"OKP","crv":"Ed448","x":"AA"},{"kty":"new"},5,null,{"kty":"oct","k":"AAAA","kid":"k1"},`+
		keyText(public("k1", "RS256", rsaKey().Public()))+`]}`))
	if _, err := b.identify(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsRememberedOfOneIssuerIsBounded(t *testing.T) {
	ours := keyText(public("k1", "", edKey().Public()))
	long := keyText(public(strings.Repeat("k", maxKeyID+1), "", edKey().Public()))
	keys, err := parseKeys([]byte(`{"keys":[` + long + strings.Repeat(","+ours, maxKeys+1) + `]}`))
	if err != nil || len(keys) != maxKeys || len(candidates(keys, "k1", "EdDSA")) != maxTried {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if keys[0].KeyID != "k1" || keys[0].Certificates != nil {
		t.Errorf("%+v", keys[0])
	}
}

func TestKeysThatCannotBeHad(t *testing.T) {
	const detail = "The keys of the provider could not be fetched."
	for name, answer := range map[string]http.HandlerFunc{
		"a page":            says(200, "text/html", "<html>"),
		"not found":         says(404, "application/json", `{"keys":[]}`),
		"in trouble":        says(503, "text/plain", "CANARY"),
		"no keys":           says(200, "application/json", `{"keys":[]}`),
		"only secrets":      says(200, "application/json", `{"keys":[{"kty":"oct","k":"AAAA","kid":"k1","use":"enc"}]}`),
		"another object":    says(200, "application/json", `{}`),
		"longer than 1 MiB": says(200, "application/json", `{"keys":[],"x":"`+strings.Repeat("x", 1<<20)+`"}`),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other-keys", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.issuer.on("/keys", answer)
			b.issuer.on("/other-keys", says(200, "application/json", set(public("k1", "", rsaKey().Public()))))
			proof, err := b.identify()
			refused(t, proof, err, authmethods.CodeProviderDown, detail)
			b.identify()
			b.wantFetches(1) // at once again would help nobody
			b.clock.Advance(keysRetry)
			b.issuer.on("/keys", says(200, "application/json", set(public("k1", "", rsaKey().Public()))))
			if _, err := b.identify(); err != nil {
				t.Errorf("after the pause: %v", err)
			}
			b.wantFetches(2)
			if b.issuer.calls("/other-keys") != 0 {
				t.Error("a redirect was followed")
			}
		})
	}
}

func TestAClientThatFollowsRedirectsIsNotLetTo(t *testing.T) {
	b := newBench(t)
	b.v = New(Options{HTTP: &http.Client{}, Now: b.clock.Now})
	b.issuer.on("/keys", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other-keys", http.StatusFound) })
	b.issuer.on("/other-keys", says(200, "application/json", set(public("k1", "", rsaKey().Public()))))
	proof, err := b.identify()
	refused(t, proof, err, authmethods.CodeProviderDown, "The keys of the provider could not be fetched.")
}

func TestKeysAreBoundedWhateverTheClientAllows(t *testing.T) {
	b := newBench(t)
	b.v = New(Options{HTTP: &http.Client{}, Now: b.clock.Now})
	body := `{"keys":[` + keyText(public("k1", "", rsaKey().Public())) + `],"x":"` + strings.Repeat("x", 1<<20) + `"}`
	b.issuer.on("/keys", says(200, "application/json", body))
	proof, err := b.identify()
	refused(t, proof, err, authmethods.CodeProviderDown, "The keys of the provider could not be fetched.")
}

func TestKnownKeysServeWhileNewOnesCannotBeHad(t *testing.T) {
	b := newBench(t)
	var log bytes.Buffer
	b.v.keys.log = slog.New(slog.NewTextHandler(&log, nil))
	if _, err := b.identify(); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(keysPause)
	b.issuer.on("/keys", says(503, "text/plain", ""))
	b.signsWith("k9", otherKey())
	proof, err := b.identify()
	unproved(t, proof, err, noKeyMadeIt)
	if !strings.Contains(log.String(), "status 503") {
		t.Errorf("log: %s", log.String())
	}
	b.signsWith("k1", rsaKey())
	if _, err := b.identify(); err != nil {
		t.Error(err)
	}
	b.clock.Advance(keysGood)
	b.signsWith("k1", rsaKey())
	proof, err = b.identify()
	refused(t, proof, err, authmethods.CodeProviderDown, "The keys of the provider could not be fetched.")
}

func TestIssuersDoNotShareKeys(t *testing.T) {
	b := newBench(t)
	if _, err := b.identify(); err != nil {
		t.Fatal(err)
	}
	b.answer.Provider.Issuer = "https://another.example"
	b.claims["iss"] = b.answer.Provider.Issuer
	b.publish(public("k1", "", otherKey().Public()))
	proof, err := b.identify()
	unproved(t, proof, err, noKeyMadeIt)
	b.wantFetches(2)
}

func TestWhoWaitsForKeysMayGiveUp(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	begun, release := make(chan struct{}), make(chan struct{})
	b.issuer.on("/keys", func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-release
		says(200, "application/json", set(public("k1", "", rsaKey().Public())))(w, r)
	})
	b.answer.IDToken = secret.New(mint(b.head, b.claims, b.key))
	var hasty, patient sync.WaitGroup
	hasty.Go(func() {
		proof, err := b.v.Identify(ctx, b.answer)
		refused(t, proof, err, authmethods.CodeProviderDown, "The keys of the provider could not be fetched.")
	})
	<-begun
	patient.Go(func() {
		if _, err := b.v.Identify(t.Context(), b.answer); err != nil {
			t.Errorf("who waits on: %v", err)
		}
	})
	cancel()
	hasty.Wait()
	close(release)
	patient.Wait()
	b.wantFetches(1)
}

func TestMemoryForKeySetsIsBounded(t *testing.T) {
	c := newClock()
	s := newKeySets(nil, c.Now, slog.New(slog.DiscardHandler))
	s.fetch = func(context.Context, string) ([]jose.JSONWebKey, error) {
		return []jose.JSONWebKey{public("", "", rsaKey().Public())}, nil
	}
	for i := range maxKeySets + 10 {
		c.Advance(time.Second)
		s.of(fmt.Sprint(i), "").verify(t.Context(), "", "RS256", func(jose.JSONWebKey) bool { return true })
	}
	if _, oldest := s.sets[keySetName{"0", ""}]; len(s.sets) != maxKeySets || oldest {
		t.Errorf("%d remembered, the oldest %v", len(s.sets), oldest)
	}
}
