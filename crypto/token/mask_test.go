package token_test

import (
	"bytes"
	"testing"

	"latchkey/crypto/token"
)

func TestWhatIsMaskedLooksDifferentAndIsTheSame(t *testing.T) {
	b := []byte("the proof of a form")
	one, two := token.Mask(b), token.Mask(b)
	if one == two || !bytes.Equal(token.Unmask(one), b) || !bytes.Equal(token.Unmask(two), b) {
		t.Errorf("%s and %s", one, two)
	}
	for _, s := range []string{"", "*", one[:len(one)-1], one[:len(one)-3]} {
		if bytes.Equal(token.Unmask(s), b) {
			t.Errorf("%q is taken for it", s)
		}
	}
}
