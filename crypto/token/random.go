package token

import (
	"crypto/rand"
	"encoding/base64"

	"latchkey/crypto/secret"
)

// Random returns n random bytes in base64url without padding.
func Random(n int) secret.Text {
	b := make([]byte, n)
	rand.Read(b) // crashes the program rather than fail
	return secret.New(base64.RawURLEncoding.EncodeToString(b))
}

// RandomSlug returns n random lower-case letters and digits, for a path that is
// hard to guess but no secret.
func RandomSlug(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	// Bytes from here up would make the first letters likelier than the others.
	const limit = 256 - 256%len(alphabet)
	slug := make([]byte, 0, n)
	for len(slug) < n {
		var b [1]byte
		rand.Read(b[:])
		if int(b[0]) < limit {
			slug = append(slug, alphabet[int(b[0])%len(alphabet)])
		}
	}
	return string(slug)
}
