package token

import (
	"crypto/rand"
	"strings"

	"github.com/oklog/ulid/v2"
)

// NewID returns a new id: prefix, an underscore and a ULID. Ids sort by the time
// of their making, to the millisecond.
func NewID(prefix string) string {
	return prefix + "_" + newULID()
}

// ValidID reports whether s is an id with the given prefix, in the one spelling
// that [NewID] uses.
func ValidID(prefix, s string) bool {
	text, ok := strings.CutPrefix(s, prefix+"_")
	return ok && validULID(text)
}

func newULID() string {
	return ulid.MustNew(ulid.Now(), rand.Reader).String()
}

func validULID(s string) bool {
	id, err := ulid.ParseStrict(s)
	return err == nil && id.String() == s // parsing takes lower case too
}
