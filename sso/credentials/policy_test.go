package credentials

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

var theirWords = []string{"marie.dupont", "marie@acme.example", "Marie Dupont", "Acme Gadgets", "latchkey"}

func TestWhatIsTooWeakForAPassword(t *testing.T) {
	for reason, passwords := range map[string][]string{
		"12 characters": {"", "otter", "otter 83 si", "éééééééé"},
		"different":     {"aaaaaaaaaaaaaaaa", "abababababab", "1112221112223", "AaAaAaAaAaAaAa"},
		"attackers": {
			"password1234", "Password1234", "P@ssw0rd1234", "PASSWORD2024!", "password-1998", "letmeinletmein", "qwertyuiop123", "1qaz2wsx3edc4rfv",
			"azertyuiop123", "motdepasse123", "MotDePasse2025", "iloveyou1234", "correct horse battery staple", "administrator1", "football.2019", "!!welcome12345!!",
			"123456789012", "abcdefghijklmnop", "zxcvbnm,12345", "qwe123qwe123qwe123", "Sunshine_2011", "trustno1trustno1", "changeme1234",
		},
		"everybody knows": {
			"Latchkey2026!!", "l4tchk3y-acme-1", "MarieDupont1987", "marie.dupont.x", "acmegadgets12345", "4cm3 g4dg3t5 99", "Dupont Acme 2026",
		},
	} {
		for _, p := range passwords {
			if got := weakness(p, theirWords); !strings.Contains(got, reason) {
				t.Errorf("%q: %q, want %q", p, got, reason)
			}
		}
	}
}

func TestWhatIsGoodEnough(t *testing.T) {
	for _, p := range []string{
		"vague otter 83 sings", "quiet lamp 29 dances", "kXv82mPq0zRt", "éléphant vert 12 chaises", "正しい馬の電池を留める釘です", "xK9$marie!vTq27zB", "938475028374",
	} {
		if got := weakness(p, theirWords); got != "" {
			t.Errorf("%q: %s", p, got)
		}
	}
}

func TestLongPasswordsAreTakenWholeOrNotAtAll(t *testing.T) {
	c := &Credentials{}
	long := strings.Repeat("vague otter 83 sings ", 60)[:1024]
	if err := c.Check(secret.New(long)); err != nil {
		t.Error(err)
	}
	if err := c.Check(secret.New(long + "x")); authmethods.KindOf(err) != authmethods.Invalid {
		t.Errorf("a byte more: %v", err)
	}
	if err := c.Check(secret.New("vague otter\x00 83 sings")); authmethods.KindOf(err) != authmethods.Invalid {
		t.Errorf("with a NUL: %v", err)
	}
}

func TestTheListIsSortedAndFoundWhole(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(commonList, "\n"), "\n")
	if len(lines) < 5000 || !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Fatalf("%d lines, sorted: %v", len(lines), slices.IsSorted(lines))
	}
	for _, line := range lines {
		if !listed(line) {
			t.Fatalf("%q is not found", line)
		}
		if utf8.RuneCountInString(line) < minRunes || plain(line) != line {
			t.Errorf("%q can never be asked for", line)
		}
		if listed(line+"~") || listed(line[:len(line)-1]+"\x01") {
			t.Errorf("what is near %q is found", line)
		}
	}
	for _, other := range []string{"", "\n", "~~~~", "0", lines[0] + "\n" + lines[1]} {
		if listed(other) {
			t.Errorf("%q is found", other)
		}
	}
}

func TestLengthCountsCharactersAndNotBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("éß漢😀abc")), 0, 20, -1).Draw(rt, "text")
		short := strings.Contains(weakness(text, nil), "12 characters")
		if short != (utf8.RuneCountInString(text) < 12) {
			rt.Fatalf("%q of %d: %v", text, utf8.RuneCountInString(text), short)
		}
	})
}

func FuzzPolicy(f *testing.F) {
	f.Add("vague otter 83 sings", "marie")
	f.Add("caf\u00e9\u3000zinc 83", "")
	f.Add("\xff\x00", "\xff")
	f.Fuzz(func(t *testing.T, typed, word string) {
		text, err := canonicalPassword(secret.New(typed))
		if err != nil {
			if strings.Contains(err.Error(), typed) && len(typed) > 60 {
				t.Errorf("the error holds the password: %v", err)
			}
			return
		}
		again, err := canonicalPassword(secret.New(text))
		if err != nil || again != text || len(text) > maxBytes || !utf8.ValidString(text) {
			t.Errorf("%q became %q and then %q, %v", typed, text, again, err)
		}
		if weakness(text, []string{word}) == "" && weakness(text, nil) != "" {
			t.Errorf("%q is good only if it is not made of %q", text, word)
		}
	})
}
