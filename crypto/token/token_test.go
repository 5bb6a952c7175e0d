package token_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/crypto/secret"
	"latchkey/crypto/token"
)

func TestIDsAreValidAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		id := token.NewID("am")
		if !token.ValidID("am", id) || len(id) != 29 || seen[id] {
			t.Fatalf("bad or repeated id %q", id)
		}
		seen[id] = true
	}
}

func TestOnlyOneSpellingOfAnIDIsValid(t *testing.T) {
	const good = "conn_01JD3ZV5Q8Y7W6T5R4P3N2M1K0"
	for _, c := range []struct {
		name, prefix, id string
		want             bool
	}{
		{"a good one", "conn", good, true},
		{"another prefix", "am", good, false},
		{"a longer prefix", "conn_01", good, false},
		{"no prefix", "", good, false},
		{"lower case", "conn", strings.ToLower(good), false},
		{"a letter that Crockford leaves out", "conn", "conn_01JD3ZV5Q8Y7W6T5R4P3N2M1KI", false},
		{"too short", "conn", good[:len(good)-1], false},
		{"too long", "conn", good + "0", false},
		{"above the largest time", "conn", "conn_81JD3ZV5Q8Y7W6T5R4P3N2M1K0", false},
		{"a space behind", "conn", good + " ", false},
		{"empty", "conn", "", false},
		{"only the prefix", "conn", "conn_", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := token.ValidID(c.prefix, c.id); got != c.want {
				t.Errorf("ValidID(%q, %q) = %v", c.prefix, c.id, got)
			}
		})
	}
}

//
func TestRandomHasAsManyBytesAsAsked(t *testing.T) {
	for _, n := range []int{16, 32, 48} {
		a, b := token.Random(n), token.Random(n)
		raw, err := base64.RawURLEncoding.DecodeString(a.Reveal())
		if err != nil || len(raw) != n || a.Reveal() == b.Reveal() {
			t.Errorf("%d bytes: got %d, %v, repeated %v", n, len(raw), err, a.Reveal() == b.Reveal())
		}
	}
}

func TestSlugsUseEveryLetterAboutAsOften(t *testing.T) {
	const n = 360_000
	slug := token.RandomSlug(n)
	if len(slug) != n || !regexp.MustCompile(`^[a-z0-9]+$`).MatchString(slug) {
		t.Fatalf("%d characters, or others than lower-case letters and digits", len(slug))
	}
	counts := map[rune]int{}
	for _, r := range slug {
		counts[r]++
	}
	// 10,000 expected of each; the deviation is about 100. A modulo without the
	// limit would give the first four letters 11,250.
	for r, c := range counts {
		if c < 9_200 || c > 10_800 {
			t.Errorf("%q appears %d times", r, c)
		}
	}
	if len(counts) != 36 {
		t.Errorf("%d different characters", len(counts))
	}
	if len(token.RandomSlug(7)) != 7 {
		t.Error("a slug of seven has another length")
	}
}

//
func TestAHashMatchesItsSecretOnly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := rapid.String().Draw(rt, "a"), rapid.String().Draw(rt, "b")
		want := a == b && a != ""
		if got := token.HashOf(secret.New(a)).Match(secret.New(b)); got != want {
			rt.Fatalf("%q against %q: %v", a, b, got)
		}
	})
}

func TestTheAbsentSecretMatchesNothing(t *testing.T) {
	var none secret.Text
	if token.HashOf(none).Match(none) || (token.Hash{}).Match(none) {
		t.Error("it matched")
	}
}

func TestAHashSurvivesStorage(t *testing.T) {
	h := token.HashOf(secret.New("x"))
	again, err := token.HashFrom(h.Bytes())
	if err != nil || again != h {
		t.Errorf("got %x, %v", again, err)
	}
	for _, bad := range [][]byte{nil, {}, make([]byte, 31), make([]byte, 33)} {
		if _, err := token.HashFrom(bad); err == nil {
			t.Errorf("%d bytes were taken for a hash", len(bad))
		}
	}
}

func TestFingerprintsAreTheBeginningOfSHA256(t *testing.T) {
	if got := token.Fingerprint(secret.New("abc")); got != "ba7816bf8f01cfea" {
		t.Errorf("got %q", got)
	}
}

func TestANewKeyParsesAndMatches(t *testing.T) {
	form := regexp.MustCompile(`^lk_[0-9a-z]{26}_[A-Za-z0-9_-]{43}$`)
	for range 1000 {
		id, shown, hash := token.NewKey()
		if !token.ValidID("key", id) || !form.MatchString(shown.Reveal()) {
			t.Fatalf("id %q or the key has another form", id)
		}
		got, presented, ok := token.ParseKey(shown.Reveal())
		if !ok || got != id || !hash.Match(presented) {
			t.Fatalf("parsed %v, id %q of %q", ok, got, id)
		}
		_, other, _ := token.NewKey()
		if hash.Match(other) {
			t.Fatal("another key matches")
		}
	}
}

func TestKeysOfAnotherFormAreRefused(t *testing.T) {
	_, key, _ := token.NewKey()
	good := key.Reveal()
	with := func(i int, c byte) string { return good[:i] + string(c) + good[i+1:] }
	for name, s := range map[string]string{
		"empty":                       "",
		"the prefix alone":            "lk_",
		"another prefix":              "lx" + good[2:],
		"upper case":                  strings.ToUpper(good[:29]) + good[29:],
		"one capital in the id":       with(10, 'A'),
		"an id letter left out":       with(10, 'u'),
		"a time too large":            with(3, '8'),
		"no underscore":               with(29, '-'),
		"padding":                     with(72, '='),
		"standard base64":             with(40, '/'),
		"a line end in the secret":    with(40, '\n'),
		"bits beyond the last byte":   with(72, 'B'),
		"too short":                   good[:72],
		"too long":                    good + "A",
		"a space in front":            " " + good[:72],
		"much too long":               strings.Repeat(good, 1000),
		"non-ASCII of the right size": good[:71] + "é",
	} {
		t.Run(name, func(t *testing.T) {
			if id, presented, ok := token.ParseKey(s); ok || id != "" || !presented.IsZero() {
				t.Errorf("accepted as %q", id)
			}
		})
	}
}

func FuzzParseKey(f *testing.F) {
	_, key, _ := token.NewKey()
	f.Add(key.Reveal())
	f.Add("lk_")
	f.Add(strings.Repeat("_", 73))
	f.Fuzz(func(t *testing.T, s string) {
		id, presented, ok := token.ParseKey(s)
		if !ok {
			return
		}
		if presented.Reveal() != s || !token.ValidID("key", id) {
			t.Errorf("%q parsed to id %q", s, id)
		}
		if !strings.Contains(s, "_"+strings.ToLower(strings.TrimPrefix(id, "key_"))+"_") {
			t.Errorf("%q does not hold its id %q", s, id)
		}
	})
}
