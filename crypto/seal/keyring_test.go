package seal_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/crypto/seal"
)

func parse(t testing.TB, text string) *seal.Keyring {
	t.Helper()
	ring, err := seal.ParseKeyring(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// key returns the base64 of a strong key that differs by seed.
func key(seed byte) string {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(i*i*7+i*31) ^ seed
	}
	return base64.StdEncoding.EncodeToString(b)
}

// checks are the check values of all keys of a keyring.
func checks(t testing.TB, ring *seal.Keyring) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, id := range ring.IDs() {
		value, err := ring.CheckValue(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		values[id] = value
	}
	return values
}

// grown is a keyring with one more key, which is active.
func grown(ring *seal.Keyring) (*seal.Keyring, string) {
	next, id := ring.Add()
	next, _ = next.Activate(id) // it is there
	return next, id
}

func TestAKeyringFileMayBeWrittenByHand(t *testing.T) {
	for name, text := range map[string]string{
		"one key":                     "k1 " + key(1) + " active\n",
		"a star for active":           "k1 " + key(1) + " *",
		"comments and empty lines":    "# mine\n\n  # more\nold " + key(2) + "\nk1 " + key(1) + " active\n",
		"tabs and carriage returns":   "\tk1\t" + key(1) + "\tactive\r\n",
		"the active one first of two": "k1 " + key(1) + " active\nk2 " + key(2) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got := parse(t, text).Active(); got != "k1" {
				t.Errorf("active key is %q", got)
			}
		})
	}
}

//
func TestABadKeyringIsRefusedWithAdvice(t *testing.T) {
	b64 := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	steps := make([]byte, 32)
	for i := range steps {
		steps[i] = byte(i)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "holds no key"},
		{"only comments", "# nothing\n", "holds no key"},
		{"no active key", "k1 " + key(1) + "\n", "no key of the keyring is active"},
		{"two active keys", "k1 " + key(1) + " active\nk2 " + key(2) + " *\n", `line 2 of the keyring: key "k2" is active, and so is "k1"`},
		{"two keys of one id", "k1 " + key(1) + "\nk1 " + key(2) + " active\n", `there is a key "k1" already`},
		{"one key under two ids", "k1 " + key(1) + "\nk2 " + key(1) + " active\n", `"k2" is the same key as "k1"`},
		{"id and key exchanged", key(1) + " k1\n", "the first word must be the id"},
		{"id in capitals", "K1 " + key(1) + " active\n", "the first word must be the id"},
		{"no id", key(1) + "\n", `want "id key"`},
		{"another word behind", "k1 " + key(1) + " retired\n", `only "active" may follow`},
		{"four words", "k1 " + key(1) + " active now\n", "may follow"},
		{"hex instead of base64", "k1 " + strings.Repeat("0f", 32) + " active\n", "48 bytes long and must be 32"},
		{"not base64", "k1 ?" + key(1)[1:] + " active\n", "is not base64"},
		{"no padding", "k1 " + strings.TrimRight(key(1), "=") + " active\n", "is not base64"},
		{"bits beyond the last byte", "k1 " + base64.StdEncoding.EncodeToString(make([]byte, 32))[:42] + "B= active\n", "is not base64"},
		{"too short", "k1 " + b64(make([]byte, 16)) + " active\n", "16 bytes long and must be 32"},
		{"too long", "k1 " + b64(make([]byte, 64)) + " active\n", "64 bytes long and must be 32"},
		{"all zero", "k1 " + b64(make([]byte, 32)) + " active\n", "repeats itself"},
		{"a half twice", "k1 " + b64([]byte(strings.Repeat("\x91\xfe\x03abcdefg\xff\xee\x01\x02\x80\x81", 2))) + " active\n", "repeats itself"},
		{"ascending", "k1 " + b64(steps) + " active\n", "plain sequence"},
		{"typed", "k1 " + b64([]byte("Correct-Horse/Battery_Staple!042")) + " active\n", "typed"},
		{"hash of a usual word", "k1 BXugPWxEEEhj3HNh/kV4ll0YhzYPkKCJWILlimJI/IY= active\n", "well-known word"},
		{"endless", "# " + strings.Repeat("x", 70_000), "longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := seal.ParseKeyring(strings.NewReader(c.text))
			if err == nil {
				t.Fatal("it was accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want it to say %q", err, c.want)
			}
			for _, secret := range []string{key(1)[:12], key(2)[:12]} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the message holds a part of a key: %s", err)
				}
			}
		})
	}
}

func TestMarshalledKeyringsParseToTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ring := seal.GenerateKeyring()
		for range rapid.IntRange(0, 4).Draw(rt, "added") {
			ring, _ = ring.Add()
		}
		again, err := seal.ParseKeyring(strings.NewReader(ring.Marshal().Reveal()))
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(checks(t, ring), checks(t, again)); d != "" || ring.Active() != again.Active() {
			rt.Fatalf("active %q and %q; keys differ:\n%s", ring.Active(), again.Active(), d)
		}
	})
}

func TestRotationMakesNewKeyringsAndLeavesTheOldAlone(t *testing.T) {
	one := seal.GenerateKeyring()
	waiting, id := one.Add()
	if waiting.Active() != "k1" {
		t.Error("a key that was only added is active")
	}
	two, err := waiting.Activate(id)
	if err != nil {
		t.Fatal(err)
	}
	if id != "k2" || two.Active() != "k2" || one.Active() != "k1" || len(checks(t, one)) != 1 || len(checks(t, two)) != 2 {
		t.Fatalf("after Add: new id %q, active %q, old active %q", id, two.Active(), one.Active())
	}
	back, err := two.Activate("k1")
	if err != nil || back.Active() != "k1" || two.Active() != "k2" {
		t.Errorf("Activate: %v", err)
	}
	if _, err := two.Activate("k9"); err == nil {
		t.Error("a key that is not there was activated")
	}
	if _, err := two.Remove("k2"); err == nil {
		t.Error("the active key was removed")
	}
	if _, err := two.Remove("k9"); err == nil {
		t.Error("a key that is not there was removed")
	}
	rest, err := two.Remove("k1")
	if err != nil || len(checks(t, rest)) != 1 || len(checks(t, two)) != 2 {
		t.Errorf("Remove: %v", err)
	}
	// An id once used is in the database: it must not come back for another key.
	if _, id := rest.Add(); id != "k3" {
		t.Errorf("the next id is %q, want k3", id)
	}
}

func TestVerifySaysWhichKeyIsWrong(t *testing.T) {
	first := parse(t, "k1 "+key(1)+"\nk2 "+key(2)+" active\n")
	stored := checks(t, first)
	for _, c := range []struct {
		name, ring string
		want       []string
	}{
		{"the same keys", "k1 " + key(1) + "\nk2 " + key(2) + " active\n", nil},
		{"one key more", "k1 " + key(1) + "\nk2 " + key(2) + "\nk3 " + key(3) + " active\n", nil},
		{"another key under the same id", "k1 " + key(9) + "\nk2 " + key(2) + " active\n", []string{`key "k1" is the wrong key`}},
		{"a key missing", "k2 " + key(2) + " active\n", []string{`key "k1" is missing`, "has only k2"}},
		{"keys exchanged", "k1 " + key(2) + "\nk2 " + key(1) + " active\n", []string{`"k1" is the wrong`, `"k2" is the wrong`}},
		{"both faults", "k2 " + key(9) + " active\n", []string{`"k1" is missing`, `"k2" is the wrong`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := parse(t, c.ring).Verify(t.Context(), stored)
			if (err != nil) != (len(c.want) > 0) {
				t.Fatalf("got %v", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got %q, want it to say %q", err, w)
				}
			}
		})
	}
	if err := first.Verify(t.Context(), nil); err != nil {
		t.Errorf("a new database was refused: %v", err)
	}
}

func TestNeitherKeyringNorSealerPrintsItsKeys(t *testing.T) {
	ring := parse(t, "k1 "+key(1)+" active\n")
	s := sealer(t, ring, "tn_a")
	raw, _ := base64.StdEncoding.DecodeString(key(1))
	for _, v := range []any{ring, *ring, []*seal.Keyring{ring}, s, *s} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			out := fmt.Sprintf(verb, v)
			for _, form := range []string{string(raw), key(1)[:20], fmt.Sprintf("%x", raw[:8]), strings.Trim(fmt.Sprint(raw[:6]), "[]")} {
				if strings.Contains(out, form) {
					t.Errorf("%T with %s shows the key: %s", v, verb, out)
				}
			}
		}
	}
}

func FuzzParseKeyring(f *testing.F) {
	f.Add("k1 " + key(1) + " active\n")
	f.Add("# c\n\nk1 " + key(1) + "\nk2 " + key(2) + " *\n")
	f.Add(key(1) + " k1")
	f.Add("k1 ==== active")
	f.Fuzz(func(t *testing.T, text string) {
		ring, err := seal.ParseKeyring(strings.NewReader(text))
		if err != nil {
			return
		}
		again := parse(t, ring.Marshal().Reveal())
		if d := cmp.Diff(checks(t, ring), checks(t, again)); d != "" || ring.Active() != again.Active() {
			t.Errorf("changed by writing and reading:\n%s", d)
		}
		if _, err := ring.NewDataKey(t.Context(), "tn_a", 1); err != nil {
			t.Errorf("a parsed keyring does not work: %v", err)
		}
	})
}
