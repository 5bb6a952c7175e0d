package credentials

import (
	"strings"
	"testing"
)

func TestAHashIsReadAsItWasWritten(t *testing.T) {
	for _, a := range []Argon{{1, 1, 1}, {2, 3, 4}} {
		made := a.derive("vague otter")
		text := made.text().Reveal()
		read, err := parsePHC(text)
		if err != nil {
			t.Fatal(err)
		}
		if read.argon != a || !read.match("vague otter") || read.match("vague otte") || read.text().Reveal() != text {
			t.Errorf("%s was read as %+v", text, read.argon)
		}
	}
	if a, b := (Argon{1, 1, 1}).derive("x"), (Argon{1, 1, 1}).derive("x"); string(a.hash) == string(b.hash) {
		t.Error("two hashes of a password are the same")
	}
}

func TestDefaultsAreStrong(t *testing.T) {
	if StrongArgon != (Argon{MiB: 64, Passes: 3, Lanes: 1}) {
		t.Errorf("%+v", StrongArgon)
	}
	weaker := map[Argon]bool{{63, 3, 1}: true, {64, 2, 1}: true, {64, 3, 1}: false, {128, 1, 1}: false, {64, 4, 1}: false}
	for a, want := range weaker {
		if (phc{argon: a}).weaker(StrongArgon) != want {
			t.Errorf("%+v weaker: %v", a, !want)
		}
	}
}

const someHash = "$argon2id$v=19$m=1024,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestOtherTextsAreNoHashes(t *testing.T) {
	if _, err := parsePHC(someHash); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":             "",
		"another algorithm":   strings.Replace(someHash, "argon2id", "argon2i", 1),
		"another version":     strings.Replace(someHash, "v=19", "v=16", 1),
		"no memory":           strings.Replace(someHash, "m=1024", "m=0", 1),
		"half a MiB":          strings.Replace(someHash, "m=1024", "m=1536", 1),
		"all memory there is": strings.Replace(someHash, "m=1024", "m=4294966272", 1),
		"no passes":           strings.Replace(someHash, "t=1", "t=0", 1),
		"a billion passes":    strings.Replace(someHash, "t=1", "t=1000000000", 1),
		"no lanes":            strings.Replace(someHash, "p=1", "p=0", 1),
		"more after it":       someHash + "$x",
		"a space":             someHash + " ",
		"a number with zeros": strings.Replace(someHash, "t=1", "t=01", 1),
		"a short salt":        strings.Replace(someHash, "$AAAA", "$", 1),
		"a short hash":        someHash[:len(someHash)-4],
		"padding":             someHash + "=",
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := parsePHC(text); err == nil {
				t.Errorf("%q was read as %+v", text, p.argon)
			}
		})
	}
}

func FuzzPHC(f *testing.F) {
	f.Add(someHash)
	f.Add("$argon2id$v=19$m=65536,t=3,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePHC(text)
		if err != nil {
			if len(text) > 40 && strings.Contains(err.Error(), text[20:]) {
				t.Errorf("the error holds the hash: %v", err)
			}
			return
		}
		if p.text().Reveal() != text || p.argon.MiB > maxMiB || p.argon.Passes > maxPasses || len(p.hash) != hashSize {
			t.Errorf("%q was read as %+v", text, p.argon)
		}
	})
}

func BenchmarkStrongHash(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		StrongArgon.derive("vague otter 83 sings")
	}
}
