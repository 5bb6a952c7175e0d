package seal

import (
	"context"
	"crypto/cipher"
	"errors"
)

// ErrUnavailable means that a key-encryption key, which is kept by a service
// elsewhere, cannot be used at present. It passes by itself.
var ErrUnavailable = errors.New("the service that keeps the key does not answer")

// Wrapper is a key-encryption key, wherever it is: it encrypts data keys and
// decrypts them. aad is bound to what is wrapped; what does not belong to it, or was
// changed, is [ErrTampered].
type Wrapper interface {
	Wrap(ctx context.Context, key, aad []byte) (wrapped []byte, err error)
	Unwrap(ctx context.Context, wrapped, aad []byte) (key []byte, err error)
}

// Kind is a kind of key that a service elsewhere keeps. In a keyring file its line
// is "id NAME ADDRESS" in place of "id key".
type Kind struct {
	Name string
	// Open returns the key at an address, without asking the service for anything.
	Open func(address string) (Wrapper, error)
}

// local is a key that the keyring itself holds.
type local struct{ aead cipher.AEAD }

// Wrap implements [Wrapper].
func (l local) Wrap(_ context.Context, key, aad []byte) ([]byte, error) {
	return l.aead.Seal(nil, nil, key, aad), nil
}

// Unwrap implements [Wrapper].
func (l local) Unwrap(_ context.Context, wrapped, aad []byte) ([]byte, error) {
	key, err := l.aead.Open(nil, nil, wrapped, aad)
	if err != nil {
		return nil, ErrTampered
	}
	return key, nil
}
