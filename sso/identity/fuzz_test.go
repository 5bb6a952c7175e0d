package identity

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/sso"
)

// offline is a verifier that knows the keys of its issuer and calls nobody.
func offline() (*Verifier, Answer) {
	c := newClock()
	v := New(Options{HTTP: &http.Client{}, Now: c.Now})
	v.keys = newKeySets(nil, c.Now, slog.New(slog.DiscardHandler))
	v.keys.fetch = func(context.Context, string) ([]jose.JSONWebKey, error) {
		return []jose.JSONWebKey{public("k1", "", rsaKey().Public()), public("k3", "", edKey().Public())}, nil
	}
	return v, Answer{
		Provider: catalog.Provider{Issuer: "https://accounts.example.eu", JWKSURI: "https://accounts.example.eu/keys",
			IDTokens: catalog.IDTokens{Algorithms: []string{"RS256", "EdDSA"}, LegacyShape: true}},
		ClientID: ourClient, AccessToken: secret.New(accessToken), Nonce: ourNonce,
	}
}

func goodClaims() map[string]any {
	return map[string]any{"iss": "https://accounts.example.eu", "aud": ourClient, "sub": "user-4711", "nonce": ourNonce,
		"iat": start.Unix(), "exp": start.Unix() + 3600, "email": "ada@example.eu"}
}

// FuzzIDToken holds that no text but the provider's own token proves anybody, in
// whichever shape it comes.
func FuzzIDToken(f *testing.F) {
	v, answer := offline()
	good := mint(map[string]any{"alg": "RS256", "kid": "k1"}, goodClaims(), rsaKey())
	parts := strings.Split(good, ".")
	for _, seed := range []string{
		good, good + "=", good + ".", "..", "a.b.c", " " + good, strings.ToUpper(good), parts[0] + "." + parts[1] + ".",
		encode([]byte(`{"alg":"none"}`)) + "." + parts[1] + "." + parts[2],
		encode([]byte(`{"alg":"RS256","key_id":"k1","typ":"JWS"}`)) + "=." + parts[1] + "=." + parts[2] + "==",
		encode([]byte(`{"alg":"RS256","alg":"none","crit":["b64"],"b64":false}`)) + "." + parts[1] + "." + parts[2],
		encode([]byte(`{"alg":{},"kid":[],"typ":1}`)) + ".e30." + parts[2],
		`{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if token == "" {
			return
		}
		answer := answer
		answer.IDToken = secret.New(token)
		proof, err := v.Identify(t.Context(), answer)
		if err == nil && (proof.Subject.ID != "user-4711" || strings.TrimRight(strings.Split(token, ".")[1], "=") != parts[1]) {
			t.Errorf("%q proves %+v", token, proof)
		}
		if err != nil && (proof.Claims != nil || len(proof.Trace) == 0) {
			t.Errorf("%+v beside %v", proof, err)
		}
	})
}

// FuzzClaims holds that a token with any payload, properly signed, proves somebody
// only if everything in it is as it must be.
func FuzzClaims(f *testing.F) {
	v, answer := offline()
	good := string(must(json.Marshal(goodClaims())))
	for _, seed := range []string{
		good, `{}`, `null`, `[]`, `""`, `{"iss":null}`, good[:len(good)-1], good + good,
		strings.Replace(good, `"our-client"`, `["our-client",["x"]]`, 1),
		strings.Replace(good, `"sub"`, `"SUB"`, 1),
		strings.Replace(good, `{`, `{"sub":"x",`, 1),
		strings.Replace(good, `{`, `{"at_hash":[],"azp":{},"nbf":1e999,"sid":{},`, 1),
		strings.Replace(good, `{`, `{"_claim_names":{"a":"b"},"_claim_sources":{"b":{"endpoint":"https://x"}},`, 1),
	} {
		f.Add(seed)
	}
	head := encode([]byte(`{"alg":"EdDSA","kid":"k3"}`))
	f.Fuzz(func(t *testing.T, payload string) {
		signed := head + "." + encode([]byte(payload))
		answer := answer
		answer.IDToken = secret.New(signed + "." + encode(sign("EdDSA", signed, edKey())))
		proof, err := v.Identify(t.Context(), answer)
		if err != nil {
			return
		}
		var seen map[string]any
		if err := json.Unmarshal([]byte(payload), &seen); err != nil {
			t.Fatal(err)
		}
		list, _ := audiences(seen["aud"])
		if seen["iss"] != "https://accounts.example.eu" || seen["nonce"] != ourNonce || seen["sub"] != proof.Subject.ID ||
			len(list) == 0 || list[0] != ourClient || proof.Subject.ID == "" || proof.Subject.Issuer != answer.Provider.Issuer {
			t.Errorf("%s proves %+v", payload, proof)
		}
	})
}

// FuzzKeys holds that only public keys of accepted kinds are ever used.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		set(public("k1", "RS256", rsaKey().Public()), public("k2", "ES256", ecKey().Public()), public("", "", edKey().Public())),
		set(public("k1", "", rsaKey())), `{"keys":[{"kty":"oct","k":"AAAA"}]}`, `{"keys":[{"kty":"RSA","n":"","e":"AQAB"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`, `{"keys":null}`, `{"keys":{}}`, `[]`, ``, `{"keys":[[],{},null,1,"x"]}`,
		`{"keys":[{"kty":"RSA","x5c":["MIIB"],"n":"AQAB","e":"AA"}]}`, `{"KEYS":[]}`,
	} {
		f.Add([]byte(seed))
	}
	parsed := compact{head: header{alg: "RS256"}, standard: encode([]byte(`{"alg":"RS256"}`)) + ".e30.AAAA", payload: []byte("{}"), signature: []byte{0}}
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseKeys(body)
		if err == nil && len(keys) == 0 {
			t.Error("no keys and no error")
		}
		for _, alg := range append(catalog.SigningAlgorithms[:], "HS256", "none", "") {
			for _, key := range candidates(keys, "", alg) {
				if !key.IsPublic() || alg == "HS256" || alg == "none" || alg == "" {
					t.Errorf("%s with %T", alg, key.Key)
				}
				parsed.legacy = !parsed.legacy
				if (&signature{token: parsed}).fits(key) {
					t.Error("a signature of nothing fits")
				}
			}
		}
	})
}

// FuzzUserinfo holds that userinfo overrides nothing, names nobody else, and makes
// no address verified but its own.
func FuzzUserinfo(f *testing.F) {
	for _, seed := range []string{
		`{"sub":"user-4711","email":"ada@example.eu","email_verified":true}`, `{"sub":4711,"email":{},"email_verified":true}`,
		`{"sub":1e400}`, `{"sub":{"sub":[]}}`, `null`, `[]`, `<html>`, `{"iss":"x","phone_number":"1","phone_number_verified":true}`,
		`{"ZUID":20060000001,"Email":"a@example.eu"}`, `{"status_code":405}`, `{"cause":"INVALID_OAUTHSCOPE"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		more, err := object(body)
		if err != nil {
			return
		}
		if id, wrong := subjectOf(more["sub"]); (wrong == "") != isSubject(id) {
			t.Errorf("sub %v is %q, %q", more["sub"], id, wrong)
		}
		for _, email := range []any{nil, "ada@example.eu", map[string]any{}} {
			claims := sso.Claims{"sub": "user-4711", "nonce": ourNonce}
			if email != nil {
				claims["email"] = email
			}
			add(claims, more)
			if claims["sub"] != "user-4711" || claims["nonce"] != ourNonce || claims["iss"] != nil || claims["sid"] != nil {
				t.Errorf("claims became %v", claims)
			}
			if claims.True("email_verified") && claims["email"] != nil && !sameText(claims["email"], more["email"]) && email != nil {
				t.Errorf("%v became verified by %s", email, body)
			}
		}
	})
}
