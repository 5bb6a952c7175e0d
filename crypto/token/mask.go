package token

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
)

// Mask writes b so that it looks different each time. What stands the same in every
// page that is sent compressed could be guessed from how long the pages are (BREACH).
func Mask(b []byte) string {
	masked := make([]byte, 2*len(b))
	mask := masked[:len(b)]
	_, _ = rand.Read(mask) // never fails
	subtle.XORBytes(masked[len(b):], mask, b)
	return base64.RawURLEncoding.EncodeToString(masked)
}

// Unmask returns what [Mask] was given; nil for what it never returned.
func Unmask(s string) []byte {
	masked, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(masked)%2 != 0 {
		return nil
	}
	half := len(masked) / 2
	b := make([]byte, half)
	subtle.XORBytes(b, masked[:half], masked[half:])
	return b
}
