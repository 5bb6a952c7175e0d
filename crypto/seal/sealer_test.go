package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

var at = seal.Place{Purpose: "refresh token", Table: "grants", Row: "conn_1", Column: "refresh_token"}

func dataKey(t testing.TB, ring *seal.Keyring, tenant string, version uint32) seal.WrappedKey {
	t.Helper()
	w, err := ring.NewDataKey(t.Context(), tenant, version)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func unwrap(t testing.TB, ring *seal.Keyring, tenant string, active uint32, keys ...seal.WrappedKey) *seal.Sealer {
	t.Helper()
	s, err := ring.Unwrap(t.Context(), tenant, keys, active, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sealer returns a Sealer with one new data key.
func sealer(t testing.TB, ring *seal.Keyring, tenant string) *seal.Sealer {
	t.Helper()
	return unwrap(t, ring, tenant, 1, dataKey(t, ring, tenant, 1))
}

func mustSeal(t testing.TB, s *seal.Sealer, plain string, at seal.Place) []byte {
	t.Helper()
	sealed, err := s.Seal(secret.New(plain), at)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestWhatIsSealedOpensAgain(t *testing.T) {
	s := sealer(t, seal.GenerateKeyring(), "tn_a")
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringN(1, 20, -1)
		place := seal.Place{Purpose: word.Draw(rt, "purpose"), Table: word.Draw(rt, "table"), Row: word.Draw(rt, "row"), Column: word.Draw(rt, "column")}
		plain := rapid.SliceOf(rapid.Byte()).Draw(rt, "plain")
		sealed, err := s.SealBytes(plain, place)
		if err != nil {
			rt.Fatal(err)
		}
		if len(sealed) != 1+4+12+len(plain)+16 || sealed[0] != 1 {
			rt.Fatalf("%d bytes for %d, format %d", len(sealed), len(plain), sealed[0])
		}
		if len(plain) > 3 && bytes.Contains(sealed, plain) {
			rt.Fatal("the plaintext is in the sealed value")
		}
		got, err := s.OpenBytes(sealed, place)
		if err != nil || !bytes.Equal(got, plain) {
			rt.Fatalf("opened %q, %v; sealed %q", got, err, plain)
		}
	})
}

func TestTheSameValueIsNeverSealedTheSameWay(t *testing.T) {
	s := sealer(t, seal.GenerateKeyring(), "tn_a")
	if bytes.Equal(mustSeal(t, s, "x", at), mustSeal(t, s, "x", at)) {
		t.Error("equal values can be told from their ciphertext")
	}
}

func TestAnyChangedBitIsNoticed(t *testing.T) {
	s := sealer(t, seal.GenerateKeyring(), "tn_a")
	sealed := mustSeal(t, s, "1000.abcdef", at)
	for bit := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[bit/8] ^= 1 << (bit % 8)
		got, err := s.Open(changed, at)
		// A changed version is a key that is not there; all else is tampering.
		want := seal.ErrTampered
		if bit/8 >= 1 && bit/8 <= 4 {
			want = seal.ErrUnknownKey
		}
		if !errors.Is(err, want) || !got.IsZero() {
			t.Errorf("bit %d: got %v, want %v", bit, err, want)
		}
	}
}

func TestTheKeyVersionIsNotInterchangeable(t *testing.T) {
	ring := seal.GenerateKeyring()
	s := unwrap(t, ring, "tn_a", 1, dataKey(t, ring, "tn_a", 1), dataKey(t, ring, "tn_a", 2))
	sealed := mustSeal(t, s, "x", at)
	sealed[4] = 2
	if _, err := s.Open(sealed, at); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("got %v", err)
	}
}

func TestATruncatedOrLengthenedValueIsNoticed(t *testing.T) {
	s := sealer(t, seal.GenerateKeyring(), "tn_a")
	sealed := mustSeal(t, s, "1000.abcdef", at)
	for n := range sealed {
		if _, err := s.Open(sealed[:n], at); !errors.Is(err, seal.ErrTampered) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	if _, err := s.Open(append(sealed, 0), at); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("one byte more: got %v", err)
	}
	if _, err := s.Open([]byte("1000.a-plain-refresh-token-in-the-column"), at); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("plaintext: got %v", err)
	}
}

//
func TestAMovedValueDoesNotOpen(t *testing.T) {
	s := sealer(t, seal.GenerateKeyring(), "tn_a")
	sealed := mustSeal(t, s, "1000.abcdef", at)
	moved := map[string]func(*seal.Place){
		"purpose":                      func(p *seal.Place) { p.Purpose = "client secret" },
		"table":                        func(p *seal.Place) { p.Table = "methods" },
		"row":                          func(p *seal.Place) { p.Row = "conn_2" },
		"column":                       func(p *seal.Place) { p.Column = "access_token" },
		"border between table and row": func(p *seal.Place) { p.Table, p.Row = "grant", "sconn_1" },
		"row and column exchanged":     func(p *seal.Place) { p.Row, p.Column = p.Column, p.Row },
	}
	for name, move := range moved {
		t.Run(name, func(t *testing.T) {
			to := at
			move(&to)
			if _, err := s.Open(sealed, to); !errors.Is(err, seal.ErrTampered) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := s.Open(sealed, at); err != nil {
		t.Errorf("in its own place: %v", err)
	}
}

// The tenant is part of what a value is bound to, and not only of its key: the
// same data key wrapped for two tenants cannot be had from this package.
//
func TestAnotherTenantsValueAndKeyDoNotOpen(t *testing.T) {
	ring := seal.GenerateKeyring()
	w := dataKey(t, ring, "tn_a", 1)
	sealed := mustSeal(t, unwrap(t, ring, "tn_a", 1, w), "x", at)
	if _, err := sealer(t, ring, "tn_b").Open(sealed, at); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("value of tn_a at tn_b: got %v", err)
	}
	if _, err := ring.Unwrap(t.Context(), "tn_b", []seal.WrappedKey{w}, 1, nil); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("data key of tn_a at tn_b: got %v", err)
	}
}

func TestAnIncompletePlaceIsRefused(t *testing.T) {
	s := sealer(t, seal.GenerateKeyring(), "tn_a")
	for _, clear := range []func(*seal.Place){
		func(p *seal.Place) { p.Purpose = "" }, func(p *seal.Place) { p.Table = "" },
		func(p *seal.Place) { p.Row = "" }, func(p *seal.Place) { p.Column = "" },
	} {
		p := at
		clear(&p)
		if _, err := s.Seal(secret.New("x"), p); err == nil {
			t.Errorf("sealed for %+v", p)
		}
		if _, err := s.Open(mustSeal(t, s, "x", at), p); err == nil {
			t.Errorf("opened for %+v", p)
		}
	}
}

func TestErrorsHoldNoPlaintext(t *testing.T) {
	s := sealer(t, seal.GenerateKeyring(), "tn_a")
	const plain = "1000.a-plain-refresh-token-in-the-column"
	_, err := s.Open([]byte(plain), at)
	_, err2 := s.Seal(secret.New(plain), seal.Place{})
	for _, err := range []error{err, err2} {
		if err == nil || strings.Contains(err.Error(), "1000.") {
			t.Errorf("got %v", err)
		}
	}
}

// TestKnownAnswers opens values made by another implementation, so that neither
// an upgrade nor a change here can make old databases unreadable unnoticed. R-70.
func TestKnownAnswers(t *testing.T) {
	var v struct {
		Keyring string
		Check   map[string]string
		Tenant  string
		Keys    []seal.WrappedKey
		Active  uint32
		Values  []struct {
			At     seal.Place
			Plain  string
			Sealed []byte
		}
	}
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Values) == 0 {
		t.Fatal("no vectors")
	}
	ring := parse(t, v.Keyring)
	if d := cmp.Diff(v.Check, checks(t, ring)); d != "" {
		t.Errorf("check values (-want +got):\n%s", d)
	}
	s := unwrap(t, ring, v.Tenant, v.Active, v.Keys...)
	for _, val := range v.Values {
		got, err := s.Open(val.Sealed, val.At)
		if err != nil || got.Reveal() != val.Plain {
			t.Errorf("opened %q, %v; want %q", got.Reveal(), err, val.Plain)
		}
	}
}

func FuzzOpen(f *testing.F) {
	ring := seal.GenerateKeyring()
	s := sealer(f, ring, "tn_a")
	genuine := mustSeal(f, s, "1000.abcdef", at)
	f.Add(genuine)
	f.Add(genuine[:20])
	f.Add([]byte{1})
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := s.Open(sealed, at)
		s.Stale(sealed)
		switch {
		case bytes.Equal(sealed, genuine):
			if err != nil || got.Reveal() != "1000.abcdef" {
				t.Errorf("the genuine value gave %v", err)
			}
		case err == nil:
			t.Errorf("opened %x", sealed)
		case !errors.Is(err, seal.ErrTampered) && !errors.Is(err, seal.ErrUnknownKey):
			t.Errorf("got %v", err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s := sealer(b, seal.GenerateKeyring(), "tn_01JD0000000000000000000000")
	plain := bytes.Repeat([]byte("x"), 1500)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.SealBytes(plain, at); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s := sealer(b, seal.GenerateKeyring(), "tn_01JD0000000000000000000000")
	sealed := mustSeal(b, s, strings.Repeat("x", 1500), at)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.OpenBytes(sealed, at); err != nil {
			b.Fatal(err)
		}
	}
}
