package seal

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"

	"latchkey/crypto/secret"
)

var (
	// ErrUnknownKey means that a value was sealed with a key that is not at hand.
	ErrUnknownKey = errors.New("sealed with a key that is not at hand")

	// ErrTampered means that a value is not what was sealed for this place: it was
	// changed, cut off, or moved from elsewhere.
	ErrTampered = errors.New("not what was sealed here")
)

// format is the first byte of a sealed value. The databases check it, so that
// plaintext written into a sealed column by mistake is refused.
const format = 1

// A sealed value is the format, the version of the data key (4 bytes, big
// endian), the nonce (12), the ciphertext and the tag (16).
const (
	headerSize = 1 + 4
	overhead   = headerSize + 12 + 16
)

// Place is where a sealed value lives. It opens there and nowhere else.
type Place struct {
	Purpose string // what the value is for, such as "refresh token"
	Table   string
	Row     string // the id of the row within its tenant
	Column  string
}

func (p Place) String() string { return p.Table + "." + p.Column + " of " + p.Row }

func (p Place) complete() error {
	if p.Purpose == "" || p.Table == "" || p.Row == "" || p.Column == "" {
		return fmt.Errorf("incomplete place %q %q %q %q: a sealed value must be bound to all four", p.Purpose, p.Table, p.Row, p.Column)
	}
	return nil
}

// Sealer seals and opens the values of one tenant. It may be shared.
type Sealer struct {
	tenant string
	active uint32
	keys   map[uint32]*dataKey // by version
	newer  func() (*Sealer, error)
	rule   func(Place) error
}

// dataKey is an unwrapped data key, shared by all Sealers of its tenant that have it.
type dataKey struct {
	cipher.AEAD
	sealed atomic.Int64 // values since it was last asked for
}

// Follow returns a Sealer that asks newer for a later one when it meets a value of a
// data key that is unknown to it, as they appear while keys are rotated.
func (s *Sealer) Follow(newer func() (*Sealer, error)) *Sealer {
	t := *s
	t.newer = newer
	return &t
}

// Only returns a Sealer that seals only for places which rule has nothing against.
func (s *Sealer) Only(rule func(Place) error) *Sealer {
	t := *s
	t.rule = rule
	return &t
}

// Active returns the version of the data key that s seals with.
func (s *Sealer) Active() uint32 { return s.active }

// Knows reports whether sealed says that it is of a data key which s has.
func (s *Sealer) Knows(sealed []byte) bool {
	version, ok := keyVersion(sealed)
	return ok && s.keys[version] != nil
}

// Sealed returns how many values were sealed with the active data key, by any Sealer
// that shares it, since the last call.
func (s *Sealer) Sealed() int64 { return s.keys[s.active].sealed.Swap(0) }

// Seal encrypts plain for the place at.
func (s *Sealer) Seal(plain secret.Text, at Place) ([]byte, error) {
	return s.SealBytes([]byte(plain.Reveal()), at)
}

// Open decrypts what [Sealer.Seal] made for the place at.
func (s *Sealer) Open(sealed []byte, at Place) (secret.Text, error) {
	plain, err := s.OpenBytes(sealed, at)
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(string(plain)), nil
}

// SealBytes is [Sealer.Seal] for what is not text, such as a provider's raw
// answer.
func (s *Sealer) SealBytes(plain []byte, at Place) ([]byte, error) {
	if err := at.complete(); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if s.rule != nil {
		if err := s.rule(at); err != nil {
			return nil, fmt.Errorf("sealing: %w", err)
		}
	}
	sealed := make([]byte, headerSize, overhead+len(plain))
	sealed[0] = format
	binary.BigEndian.PutUint32(sealed[1:], s.active)
	key := s.keys[s.active]
	key.sealed.Add(1)
	return key.Seal(sealed, nil, plain, s.aad(sealed, at)), nil
}

// OpenBytes decrypts what [Sealer.SealBytes] made for the place at.
func (s *Sealer) OpenBytes(sealed []byte, at Place) ([]byte, error) {
	if err := at.complete(); err != nil {
		return nil, fmt.Errorf("opening: %w", err)
	}
	version, ok := keyVersion(sealed)
	if !ok {
		return nil, fmt.Errorf("opening %s: %w", at, ErrTampered)
	}
	key, err := s.key(version)
	if err != nil {
		return nil, fmt.Errorf("opening %s, data key %d: %w", at, version, err)
	}
	plain, err := key.Open(nil, nil, sealed[headerSize:], s.aad(sealed[:headerSize], at))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", at, ErrTampered)
	}
	return plain, nil
}

// key returns the data key of a version, the newest known by then.
func (s *Sealer) key(version uint32) (*dataKey, error) {
	if key := s.keys[version]; key != nil {
		return key, nil
	}
	if s.newer == nil {
		return nil, ErrUnknownKey
	}
	later, err := s.newer()
	if err != nil {
		return nil, err
	}
	if key := later.keys[version]; key != nil {
		return key, nil
	}
	return nil, ErrUnknownKey
}

// Stale reports whether sealed should be sealed anew, because it is not of the
// active data key. What is no sealed value at all is stale too: opening it then
// shows the fault.
func (s *Sealer) Stale(sealed []byte) bool {
	version, ok := keyVersion(sealed)
	return !ok || version != s.active
}

// keyVersion returns the version of the data key of a value that has the shape
// of a sealed one.
func keyVersion(sealed []byte) (uint32, bool) {
	if len(sealed) < overhead || sealed[0] != format {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:headerSize]), true
}

// aad is what a value is bound to beside its key: its own header, the tenant and
// the place.
func (s *Sealer) aad(header []byte, at Place) []byte {
	texts := [...]string{at.Purpose, s.tenant, at.Table, at.Row, at.Column}
	size := len(header)
	for _, t := range texts {
		size += 4 + len(t)
	}
	aad := append(make([]byte, 0, size), header...)
	for _, t := range texts {
		aad = appendText(aad, t)
	}
	return aad
}
