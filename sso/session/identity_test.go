package session_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/feed"
	"latchkey/sso"
	"latchkey/sso/session"
)

// verify wants the signature to be of a published key, and returns its id.
func verify(t testing.TB, w *world, jwt string) string {
	t.Helper()
	key, _ := read(t, w, jwt)
	return key
}

// read verifies an identity as somebody else would, and returns what it says.
func read(t testing.TB, w *world, jwt string) (key string, claims map[string]any) {
	t.Helper()
	set, _ := w.published(t)
	signed, err := jose.ParseSigned(jwt, []jose.SignatureAlgorithm{jose.EdDSA})
	must(t, err)
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders["typ"] != "JWT" || header.KeyID == "" {
		t.Errorf("its header is %+v", header)
	}
	by := set.Key(header.KeyID)
	if len(by) != 1 {
		t.Fatalf("%d published keys are called %s", len(by), header.KeyID)
	}
	text, err := signed.Verify(by[0])
	must(t, err)
	must(t, json.Unmarshal(text, &claims))
	return header.KeyID, claims
}

func TestAnIdentitySaysWhoIsSignedIn(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, made := w.begin(t, bySSO())
		jwt, expires, err := w.Identity(t.Context(), w.find(t, cookie), acmeTenant)
		must(t, err)
		_, claims := read(t, w, jwt)
		now := claims["iat"].(float64)
		if d := time.Since(time.Unix(int64(now), 0)); d < -time.Minute || d > time.Minute {
			t.Errorf("issued %v ago", d)
		}
		if claims["exp"] != float64(expires.Unix()) || expires.Unix()-int64(now) != 300 || claims["nbf"] != now || claims["jti"] == "" {
			t.Errorf("it counts until %v, by %v", expires, claims)
		}
		for _, name := range []string{"iat", "nbf", "exp", "jti"} {
			delete(claims, name)
		}
		want := map[string]any{
			"iss": "https://acme.latchkey.test", "aud": "https://acme.latchkey.test", "sub": "usr_marie",
			"preferred_username": "name of usr_marie", "name": "The usr_marie", "email": "usr_marie@acme.example",
			"roles": []any{"auditor", "user"}, "sid": string(made.ID), "amr": []any{"sso"}, "auth_time": float64(made.CreatedAt.Unix()),
		}
		if diff := cmp.Diff(want, claims); diff != "" {
			t.Errorf("wanted (-) and claimed (+):\n%s", diff)
		}
	})
}

func TestAnIdentitySaysHowItWasProved(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			means  session.Means
			second bool
			want   []any
		}{
			{session.Password, false, []any{"pwd"}}, {session.Password, true, []any{"pwd", "otp"}},
			{session.Passkey, false, []any{"hwk"}}, {session.SSO, true, []any{"sso", "otp"}},
		} {
			cookie, _ := w.begin(t, session.Start{User: marie, UserVersion: 3, Means: c.means, SecondFactor: c.second, Settings: sso.DefaultSettings()})
			jwt, _, err := w.Identity(t.Context(), w.find(t, cookie), acmeTenant)
			must(t, err)
			if _, claims := read(t, w, jwt); !cmp.Equal(claims["amr"], any(c.want)) {
				t.Errorf("%s: %v", c.means, claims["amr"])
			}
		}
	})
}

func TestTheSameIdentityIsGivenUntilSomethingChanges(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, made := w.begin(t, bySSO())
		sign := func() string {
			jwt, _, err := w.Identity(t.Context(), w.find(t, cookie), acmeTenant)
			must(t, err)
			return jwt
		}
		first := sign()
		if sign() != first {
			t.Error("another was signed")
		}
		w.raw(t, "DELETE FROM user_roles WHERE role = 'auditor'")
		second := sign()
		if _, claims := read(t, w, second); second == first || !cmp.Equal(claims["roles"], any([]any{"user"})) {
			t.Errorf("after a change of roles: %v", claims["roles"])
		}
		w.Heard(feed.Change{Tenant: acme, Kind: feed.Session, Object: made.ID})
		if sign() == second {
			t.Error("it was remembered beyond a change of the session")
		}
	})
}

func TestAnIdentityDoesNotOutliveItsSession(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		w.SetClock(now)
		p := someone(now)
		p.Session.ExpiresAt = now.Add(2 * time.Minute)
		_, expires, err := w.Identity(t.Context(), p, acmeTenant)
		must(t, err)
		if expires.After(p.Session.ExpiresAt) {
			t.Errorf("it counts until %v, the session until %v", expires, p.Session.ExpiresAt)
		}
	})
}

func TestAnIdentityIsOfItsOwnTenant(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, _, err := w.Identity(t.Context(), someone(time.Now()), authmethods.Tenant{ID: other, Slug: "other"})
		if err == nil {
			t.Error("it was signed for another tenant")
		}
	})
}
