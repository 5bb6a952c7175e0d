package token

import (
	"encoding/base64"
	"strings"

	"latchkey/crypto/secret"
)

// An API key is "lk_", the ULID of its id in lower case, an underscore, and 32
// random bytes in base64url. The id in it finds the row, so that no secret is
// ever looked up; the fixed beginning lets scanners find a leaked one.
const (
	keyPrefix  = "lk_"
	ulidSize   = 26
	secretSize = 43
	keySize    = len(keyPrefix) + ulidSize + len("_") + secretSize
)

// strictBase64 is made once: each call of Strict copies the tables.
var strictBase64 = base64.RawURLEncoding.Strict()

// NewKey returns a new API key: its id, which is public, the key as it is shown
// once, and what is stored of it.
func NewKey() (id string, shown secret.Text, hash Hash) {
	name := newULID()
	shown = secret.New(keyPrefix + strings.ToLower(name) + "_" + Random(32).Reveal())
	return "key_" + name, shown, HashOf(shown)
}

// ParseKey takes an API key apart: the id to look up, and the secret to give to
// [Hash.Match] of what is found. Anything that [NewKey] could not have shown is
// refused.
func ParseKey(s string) (id string, presented secret.Text, ok bool) {
	if len(s) != keySize || !strings.HasPrefix(s, keyPrefix) {
		return "", secret.Text{}, false
	}
	name, random := s[len(keyPrefix):len(keyPrefix)+ulidSize], s[keySize-secretSize:]
	upper := strings.ToUpper(name)
	if s[len(keyPrefix)+ulidSize] != '_' || strings.ToLower(name) != name || !validULID(upper) {
		return "", secret.Text{}, false
	}
	// The decoder skips line ends, hence the length check.
	if b, err := strictBase64.DecodeString(random); err != nil || len(b) != 32 {
		return "", secret.Text{}, false
	}
	return "key_" + upper, secret.New(s), true
}
