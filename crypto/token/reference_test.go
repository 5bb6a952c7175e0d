package token_test

import (
	"regexp"
	"strings"
	"testing"

	"latchkey/crypto/token"
)

func TestReferenceCodesUseEveryCharacterAboutAsOften(t *testing.T) {
	form := regexp.MustCompile(`^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$`)
	const n = 37_500
	counts := map[rune]int{}
	for range n {
		code := token.NewReferenceCode()
		if !form.MatchString(code) {
			t.Fatalf("%q has another form", code)
		}
		if again, ok := token.ParseReferenceCode(code); !ok || again != code {
			t.Fatalf("%q parses to %q, %v", code, again, ok)
		}
		for _, r := range strings.ReplaceAll(code, "-", "") {
			counts[r]++
		}
	}
	// 10,000 expected of each; the deviation is about 100. A modulo without the
	// limit would give the first sixteen 10,550 and the others 9,375.
	for r, c := range counts {
		if c < 9_500 || c > 10_500 {
			t.Errorf("%q appears %d times", r, c)
		}
	}
	if len(counts) != 30 {
		t.Errorf("%d different characters", len(counts))
	}
}

func TestReferenceCodesAreReadAsPeopleTypeThem(t *testing.T) {
	const want = "7F3K-2QPD"
	for _, s := range []string{want, "7f3k-2qpd", "7F3K2QPD", " 7F3K 2QPD ", "7 F 3 K 2 Q P D", "7f3k--2qpd", "\t7F3K-2QPD\r\n"} {
		if got, ok := token.ParseReferenceCode(s); !ok || got != want {
			t.Errorf("%q: got %q, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "7F3K-2QP", "7F3K-2QPDD", "OF3K-2QPD", "7F3K-2QP0", "7F3K-2QP1", "7F3K-2QPI", "7F3K-2QPL", "7F3K-2QPU", "7F3K_2QPD", "7F3K-2QP\x00", "７F3K-2QPD", "ĶF3K-2QPD", strings.Repeat(want, 1000)} {
		if got, ok := token.ParseReferenceCode(s); ok || got != "" {
			t.Errorf("%q was taken for %q", s, got)
		}
	}
}

func FuzzParseReferenceCode(f *testing.F) {
	f.Add("7F3K-2QPD")
	f.Add(" 7f3k 2qpd ")
	f.Add("OIL1-0UUU")
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := token.ParseReferenceCode(s)
		if !ok {
			return
		}
		if again, ok := token.ParseReferenceCode(code); !ok || again != code || len(code) != 9 {
			t.Errorf("%q parsed to %q, and that to %q, %v", s, code, again, ok)
		}
	})
}
