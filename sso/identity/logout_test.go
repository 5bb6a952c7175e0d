package identity

import (
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

// logoutBench is a bench with a logout token that is in order.
func logoutBench(t testing.TB) *bench {
	b := newBench(t)
	b.head["typ"] = "logout+jwt"
	b.claims = map[string]any{
		"iss": b.issuer.URL, "aud": ourClient, "sub": "user-4711", "sid": "s-1", "jti": "j-1",
		"iat": start.Unix(), "exp": start.Add(2 * time.Minute).Unix(),
		"events": map[string]any{backChannel: map[string]any{}},
	}
	return b
}

func (b *bench) logout() (Logout, error) {
	return b.v.LogoutToken(b.t.Context(), b.answer.Provider, ourClient, secret.New(mint(b.head, b.claims, b.key)))
}

func TestALogoutTokenSaysWhoseSessionsEnd(t *testing.T) {
	b := logoutBench(t)
	want := Logout{Issuer: b.issuer.URL, Subject: "user-4711", SessionID: "s-1", IssuedAt: start}
	if got, err := b.logout(); err != nil || !got.IssuedAt.Equal(want.IssuedAt) {
		t.Errorf("%+v, %v", got, err)
	} else if got.IssuedAt = want.IssuedAt; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	delete(b.claims, "sid")
	if got, err := b.logout(); err != nil || got.Subject != "user-4711" || got.SessionID != "" {
		t.Errorf("%+v, %v", got, err)
	}
	delete(b.claims, "sub")
	b.claims["sid"] = "s-1"
	if got, err := b.logout(); err != nil || got.Subject != "" || got.SessionID != "s-1" {
		t.Errorf("%+v, %v", got, err)
	}
}

//
func TestLogoutTokensThatAreRefused(t *testing.T) {
	const (
		otherKind = "The logout token is a token of another kind."
		noEvent   = "The logout token does not say that it is about a logout (events)."
		noName    = "The logout token has no name of its own (jti)."
	)
	claim := func(name string, value any) func(*bench) { return func(b *bench) { b.claims[name] = value } }
	for name, test := range map[string]struct {
		change func(*bench)
		detail string
	}{
		"an ID token":        {func(b *bench) { b.head["typ"] = "JWT" }, otherKind},
		"no typ":             {func(b *bench) { delete(b.head, "typ") }, otherKind},
		"an access token":    {func(b *bench) { b.head["typ"] = "at+jwt" }, otherKind},
		"a nonce":            {claim("nonce", ourNonce), "The logout token has a nonce, as only ID tokens have."},
		"a null nonce":       {claim("nonce", nil), "The logout token has a nonce, as only ID tokens have."},
		"no events":          {func(b *bench) { delete(b.claims, "events") }, noEvent},
		"another event":      {claim("events", map[string]any{"http://schemas.example/other": map[string]any{}}), noEvent},
		"an event in a list": {claim("events", []string{backChannel}), noEvent},
		"an event of null":   {claim("events", map[string]any{backChannel: nil}), noEvent},
		"no jti":             {func(b *bench) { delete(b.claims, "jti") }, noName},
		"an empty jti":       {claim("jti", ""), noName},
		"a jti of 256":       {claim("jti", strings.Repeat("j", 256)), noName},
		"nobody":             {func(b *bench) { delete(b.claims, "sub"); delete(b.claims, "sid") }, "The logout token names neither a subject nor a session."},
		"an empty sub":       {claim("sub", ""), "The logout token has a sub that is not 1 to 255 ASCII characters."},
		"a sid of a number":  {claim("sid", 5), "The logout token has a sid that is not 1 to 255 ASCII characters."},
		"an empty sid":       {claim("sid", ""), "The logout token has a sid that is not 1 to 255 ASCII characters."},
		"another issuer":     {claim("iss", "https://evil.example"), "The logout token was issued by another issuer than the one that was asked."},
		"another client":     {claim("aud", "another"), "The logout token is for another client."},
		"another key":        {func(b *bench) { b.key = otherKey() }, "The signature of the logout token was made by no key of this provider."},
		"no algorithm":       {func(b *bench) { b.head["alg"] = "none" }, "The logout token is signed with an algorithm that is not accepted from this provider."},
		"no iat":             {func(b *bench) { delete(b.claims, "iat") }, "The logout token does not say when it was issued (iat)."},
		"iat ahead":          {claim("iat", start.Add(61*time.Second).Unix()), "The logout token was issued in the future; the clock here or at the provider is wrong."},
		"expired":            {claim("exp", start.Add(-time.Minute).Unix()), "The logout token has expired."},
		"not good yet":       {claim("nbf", start.Add(2*time.Minute).Unix()), "The logout token is not good yet (nbf)."},
	} {
		t.Run(name, func(t *testing.T) {
			b := logoutBench(t)
			test.change(b)
			out, err := b.logout()
			if out != (Logout{}) {
				t.Errorf("it says %+v all the same", out)
			}
			refused(t, Proof{Trace: []string{test.detail}}, err, authmethods.CodeIdentityUnproved, test.detail)
		})
	}
}

func TestALogoutTokenIsNoIDToken(t *testing.T) {
	b := logoutBench(t)
	b.claims["nonce"] = ourNonce
	proof, err := b.identify()
	unproved(t, proof, err, "The ID token is a token of another kind.")
}
