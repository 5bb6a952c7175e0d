package token

import (
	"crypto/rand"
	"strings"
)

// A reference code is eight characters that can be read out over the telephone:
// none is mistaken for another.
const (
	referenceAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	referenceSize     = 8
)

// NewReferenceCode returns a new reference code, such as 7F3K-2QPD. It names
// something for people and is no secret; two may be equal once in 10^11.
func NewReferenceCode() string {
	// Bytes from here up would make the first characters likelier than the others.
	const limit = 256 - 256%len(referenceAlphabet)
	code := make([]byte, 0, referenceSize)
	for len(code) < referenceSize {
		var b [1]byte
		rand.Read(b[:])
		if int(b[0]) < limit {
			code = append(code, referenceAlphabet[int(b[0])%len(referenceAlphabet)])
		}
	}
	return hyphenated(code)
}

// ParseReferenceCode returns the code that somebody typed in the spelling of
// [NewReferenceCode]: case, spaces and hyphens do not count.
func ParseReferenceCode(s string) (string, bool) {
	code := make([]byte, 0, referenceSize)
	for _, r := range strings.TrimSpace(s) {
		if r == ' ' || r == '-' {
			continue
		}
		if 'a' <= r && r <= 'z' {
			r += 'A' - 'a'
		}
		if len(code) == referenceSize || !strings.ContainsRune(referenceAlphabet, r) {
			return "", false
		}
		code = append(code, byte(r))
	}
	if len(code) != referenceSize {
		return "", false
	}
	return hyphenated(code), true
}

func hyphenated(code []byte) string {
	return string(code[:referenceSize/2]) + "-" + string(code[referenceSize/2:])
}
