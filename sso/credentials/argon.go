package credentials

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"latchkey/crypto/secret"
)

// Argon are the parameters of argon2id (RFC 9106).
type Argon struct {
	MiB    uint32 // of memory
	Passes uint32
	Lanes  uint8
}

// StrongArgon is what passwords are hashed with unless something else is said.
var StrongArgon = Argon{MiB: 64, Passes: 3, Lanes: 1}

// The bounds of a hash that is read. The memory of one that was tampered with must
// not stop the program.
const (
	maxMiB    = 1024
	maxPasses = 64
	maxLanes  = 64
	saltSize  = 16
	hashSize  = 32
)

// phc is a hash with all that is needed to check a password against it. Its text is
// a PHC string, $argon2id$v=19$m=65536,t=3,p=1$salt$hash.
type phc struct {
	argon Argon
	salt  []byte
	hash  []byte
}

// derive hashes a password with a new salt.
func (a Argon) derive(password string) phc {
	p := phc{argon: a, salt: make([]byte, saltSize)}
	rand.Read(p.salt) // crashes the program rather than fail
	p.hash = p.of(password)
	return p
}

func (p phc) of(password string) []byte {
	a := p.argon
	return argon2.IDKey([]byte(password), p.salt, a.Passes, a.MiB*1024, a.Lanes, hashSize)
}

// match takes as long whatever the password is.
func (p phc) match(password string) bool {
	return subtle.ConstantTimeCompare(p.of(password), p.hash) == 1
}

// weaker reports whether p is cheaper to guess against than a hash with a.
func (p phc) weaker(a Argon) bool {
	return p.argon.MiB < a.MiB || p.argon.MiB == a.MiB && p.argon.Passes < a.Passes
}

var phcBase64 = base64.RawStdEncoding.Strict()

func (p phc) text() secret.Text {
	return secret.New(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.argon.MiB*1024, p.argon.Passes, p.argon.Lanes, phcBase64.EncodeToString(p.salt), phcBase64.EncodeToString(p.hash)))
}

// parsePHC reads what text wrote, and nothing else. Its errors hold nothing of it.
func parsePHC(text string) (phc, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" {
		return phc{}, fmt.Errorf("a password hash of %d parts", len(parts))
	}
	var p phc
	var kib uint32
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &kib, &p.argon.Passes, &p.argon.Lanes); err != nil {
		return phc{}, fmt.Errorf("a password hash with other parameters")
	}
	p.argon.MiB = kib / 1024
	var err error
	if p.salt, err = phcBase64.DecodeString(parts[4]); err != nil || len(p.salt) != saltSize {
		return phc{}, fmt.Errorf("a password hash with a damaged salt")
	}
	if p.hash, err = phcBase64.DecodeString(parts[5]); err != nil || len(p.hash) != hashSize {
		return phc{}, fmt.Errorf("a password hash that is damaged")
	}
	a := p.argon
	if a.MiB == 0 || a.MiB > maxMiB || a.Passes == 0 || a.Passes > maxPasses || a.Lanes == 0 || a.Lanes > maxLanes {
		return phc{}, fmt.Errorf("a password hash with parameters out of bounds")
	}
	if p.text().Reveal() != text { // another algorithm, version or spelling
		return phc{}, fmt.Errorf("a password hash in another form")
	}
	return p, nil
}
