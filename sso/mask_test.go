package sso_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/sso"
)

func TestTheLogKnowsEnoughAndNotMore(t *testing.T) {
	got := sso.Mask(sso.Claims{
		"sub": "60001234", "email": "marie.dupont@acme.fr", "Email": "élise@acme.fr", "email_verified": true, "phone_number": "+33 1 23 45 67 89", "phone_number_verified": false,
		"name": "Marie Dupont", "first_name": "Élise", "preferred_username": "marie@acme.fr", "nickname": "", "family_name": json.Number("12"),
		"iss": "https://accounts.zoho.eu", "exp": json.Number("1700000000"), "aud": []any{"1000.X"}, "address": map[string]any{"street": "x"}, "picture": "https://x/marie.png", "gone": nil, "float": 1.5, "admin": true,
	})
	want := sso.Claims{
		"sub": "60001234", "email": "m•••@acme.fr", "Email": "é•••@acme.fr", "email_verified": true, "phone_number": "•••89", "phone_number_verified": false,
		"name": "M•••", "first_name": "É•••", "preferred_username": "m•••@acme.fr", "nickname": "", "family_name": "(number)",
		"iss": "(text)", "exp": "(number)", "aud": "(list)", "address": "(object)", "picture": "(text)", "gone": "(null)", "float": "(number)", "admin": true,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got = sso.Mask(sso.Claims{"sub": json.Number("60001234"), "phone_number": json.Number("33123456789")})
	if d := cmp.Diff(sso.Claims{"sub": "60001234", "phone_number": "•••89"}, got); d != "" {
		t.Error(d)
	}
	got = sso.Mask(sso.Claims{"phone_number": "12345", "email": "@acme.fr", "name": "\u202Ex", "sub": "a\nb"})
	if d := cmp.Diff(sso.Claims{"phone_number": "•••", "email": "@•••", "name": "\uFFFD•••", "sub": "a\uFFFDb"}, got); d != "" {
		t.Error(d)
	}
}

func TestTheLogIsBounded(t *testing.T) {
	c := sso.Claims{"sub": strings.Repeat("é", 1000), "email": "m@" + strings.Repeat("x", 1000), strings.Repeat("k", 1000): "v"}
	for i := range 1000 {
		c[fmt.Sprintf("a%04d", i)] = true
	}
	got := sso.Mask(c)
	if len(got) != 40 || len(got["sub"].(string)) != 254 || got["email"] != "m•••@"+strings.Repeat("x", 99) || got["a0037"] != true || got["a0038"] != nil {
		t.Errorf("got %v", got)
	}
	if got := sso.Mask(sso.Claims{strings.Repeat("k", 1000): "v"}); got[strings.Repeat("k", 64)] != "(text)" {
		t.Errorf("got %v", got)
	}
	if got := sso.Mask(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestWhatIsMaskedDoesNotShowThrough(t *testing.T) {
	names := []string{"email", "name", "given_name", "phone_number", "picture", "address", "iss"}
	rapid.Check(t, func(rt *rapid.T) {
		secret := rapid.StringMatching(`[a-z]{2}SECRET[0-9]{0,9}`).Draw(rt, "secret")
		forms := []string{secret, secret + "@acme.fr", " " + secret, "\u202E" + secret, "+33 " + secret}
		got := sso.Mask(sso.Claims{rapid.SampledFrom(names).Draw(rt, "claim"): rapid.SampledFrom(forms).Draw(rt, "value")})
		for name, v := range got {
			text := fmt.Sprint(v)
			if strings.Contains(text, "SECRET") || strings.ContainsFunc(text+name, func(r rune) bool { return !unicode.IsPrint(r) }) {
				rt.Fatalf("%s: %q", name, text)
			}
		}
	})
}
