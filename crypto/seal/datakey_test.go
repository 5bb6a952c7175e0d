package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"latchkey/crypto/seal"
)

func TestADataKeyRotationKeepsOldValuesReadable(t *testing.T) {
	ring := seal.GenerateKeyring()
	one := dataKey(t, ring, "tn_a", 1)
	before := unwrap(t, ring, "tn_a", 1, one)
	old := mustSeal(t, before, "old", at)
	if before.Stale(old) {
		t.Error("a value of the active key is stale")
	}

	after := unwrap(t, ring, "tn_a", 2, one, dataKey(t, ring, "tn_a", 2))
	if got, err := after.Open(old, at); err != nil || got.Reveal() != "old" {
		t.Errorf("the old value: %v", err)
	}
	fresh := mustSeal(t, after, "new", at)
	if !after.Stale(old) || after.Stale(fresh) {
		t.Error("the old value must be stale and the new one not")
	}
	if _, err := before.Open(fresh, at); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("a process without the new key: got %v", err)
	}
	for _, junk := range [][]byte{nil, {1}, []byte("plaintext that somebody wrote into the column")} {
		if !after.Stale(junk) {
			t.Errorf("%q is not stale", junk)
		}
	}
}

func TestRewrappingChangesTheWrappingOnly(t *testing.T) {
	ring := seal.GenerateKeyring()
	w := dataKey(t, ring, "tn_a", 7)
	sealed := mustSeal(t, unwrap(t, ring, "tn_a", 7, w), "x", at)
	if same, changed, err := ring.Rewrap(t.Context(), "tn_a", w); err != nil || changed || !bytes.Equal(same.Wrapped, w.Wrapped) {
		t.Errorf("a current key was rewrapped: %v, %v", changed, err)
	}

	rotated, id := grown(ring)
	next, changed, err := rotated.Rewrap(t.Context(), "tn_a", w)
	if err != nil || !changed || next.KEK != id || next.Version != 7 {
		t.Fatalf("rewrapped to version %d by %q, %v, %v", next.Version, next.KEK, changed, err)
	}
	without, err := rotated.Remove("k1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unwrap(t, without, "tn_a", 7, next).Open(sealed, at); err != nil || got.Reveal() != "x" {
		t.Errorf("opening after the old key is gone: %v", err)
	}
	if _, err := without.Unwrap(t.Context(), "tn_a", []seal.WrappedKey{w}, 7, nil); !errors.Is(err, seal.ErrUnknownKey) {
		t.Errorf("the old wrapping without its key: got %v", err)
	}
	if _, _, err := rotated.Rewrap(t.Context(), "tn_b", w); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("rewrapping for another tenant: got %v", err)
	}
}

func TestAForgedWrappedKeyIsRefused(t *testing.T) {
	ring, _ := grown(seal.GenerateKeyring())
	genuine := dataKey(t, ring, "tn_a", 1)
	for name, c := range map[string]struct {
		forge func(*seal.WrappedKey)
		want  error
	}{
		"another version": {func(w *seal.WrappedKey) { w.Version = 2 }, seal.ErrTampered},
		"another key":     {func(w *seal.WrappedKey) { w.KEK = "k1" }, seal.ErrTampered},
		"no key":          {func(w *seal.WrappedKey) { w.KEK = "k9" }, seal.ErrUnknownKey},
		"a changed bit":   {func(w *seal.WrappedKey) { w.Wrapped[20] ^= 1 }, seal.ErrTampered},
		"cut off":         {func(w *seal.WrappedKey) { w.Wrapped = w.Wrapped[:30] }, seal.ErrTampered},
		"empty":           {func(w *seal.WrappedKey) { w.Wrapped = nil }, seal.ErrTampered},
	} {
		t.Run(name, func(t *testing.T) {
			w := genuine
			w.Wrapped = bytes.Clone(w.Wrapped)
			c.forge(&w)
			if _, err := ring.Unwrap(t.Context(), "tn_a", []seal.WrappedKey{w}, w.Version, nil); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestUnwrapNeedsATenantAndItsActiveKeyOnce(t *testing.T) {
	ring := seal.GenerateKeyring()
	w := dataKey(t, ring, "tn_a", 1)
	for name, unwrap := range map[string]func() (*seal.Sealer, error){
		"no tenant":     func() (*seal.Sealer, error) { return ring.Unwrap(t.Context(), "", []seal.WrappedKey{w}, 1, nil) },
		"no keys":       func() (*seal.Sealer, error) { return ring.Unwrap(t.Context(), "tn_a", nil, 1, nil) },
		"active absent": func() (*seal.Sealer, error) { return ring.Unwrap(t.Context(), "tn_a", []seal.WrappedKey{w}, 2, nil) },
		"twice":         func() (*seal.Sealer, error) { return ring.Unwrap(t.Context(), "tn_a", []seal.WrappedKey{w, w}, 1, nil) },
	} {
		if s, err := unwrap(); err == nil || s != nil {
			t.Errorf("%s: got a Sealer", name)
		}
	}
	if _, err := ring.NewDataKey(t.Context(), "", 1); err == nil {
		t.Error("a data key for no tenant")
	}
	if _, err := ring.NewDataKey(t.Context(), "tn_a", 0); err == nil {
		t.Error("a data key of version 0")
	}
}
