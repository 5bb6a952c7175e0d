package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"

	"latchkey/crypto/secret"
)

// Hash is what is stored of a random secret. One round of SHA-256 is enough for
// them, since none can be guessed; it would not be for a password.
type Hash [sha256.Size]byte

// HashOf returns the hash of s.
func HashOf(s secret.Text) Hash {
	return sha256.Sum256([]byte(s.Reveal()))
}

// HashFrom returns the hash that [Hash.Bytes] gave.
func HashFrom(b []byte) (Hash, error) {
	if len(b) != sha256.Size {
		return Hash{}, fmt.Errorf("reading a hash: %d bytes, want %d", len(b), sha256.Size)
	}
	return Hash(b), nil
}

// Bytes returns the hash as it is stored.
func (h Hash) Bytes() []byte { return h[:] }

// Match reports whether presented is the secret that was hashed, in the same time
// whatever is presented. The absent secret matches nothing.
func (h Hash) Match(presented secret.Text) bool {
	got := HashOf(presented)
	same := subtle.ConstantTimeCompare(h[:], got[:]) == 1
	return same && !presented.IsZero()
}

// Fingerprint returns a short name for s that tells nothing of it, for logs and
// for telling one token from another.
func Fingerprint(s secret.Text) string {
	h := HashOf(s)
	return hex.EncodeToString(h[:8])
}
