package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"latchkey/crypto/secret"
)

// keySize is the length of every key here, of both layers: AES-256.
const keySize = 32

// Keyring is a set of key-encryption keys, one of which is active: it wraps new
// data keys, while the others still unwrap old ones. A Keyring never changes, so
// it may be shared; rotation makes a new one.
type Keyring struct {
	keys   []kek // in the order of the file
	active string
}

// kek is one key-encryption key.
type kek struct {
	id       string
	material secret.Text // what the file holds; empty for a key that is elsewhere
	kind     string      // of a key that is elsewhere, and its address
	address  string
	wrap     Wrapper // encrypts data keys
	check    string  // the key check value of a key that is here
}

// newKEK derives what a key-encryption key is used for from the key itself, so
// that the published check value and the wrapping have nothing in common.
func newKEK(id string, material []byte) (kek, error) {
	if err := checkStrength(material); err != nil {
		return kek{}, err
	}
	wrap, err := hkdf.Key(sha256.New, material, nil, "latchkey v1 wrap", keySize)
	if err != nil {
		return kek{}, fmt.Errorf("deriving the wrapping key: %w", err)
	}
	check, err := hkdf.Key(sha256.New, material, nil, "latchkey v1 check "+id, 16)
	if err != nil {
		return kek{}, fmt.Errorf("deriving the check value: %w", err)
	}
	aead, err := newAEAD(wrap)
	if err != nil {
		return kek{}, err
	}
	return kek{id: id, material: secret.New(string(material)), wrap: local{aead}, check: hex.EncodeToString(check)}, nil
}

// newAEAD returns AES-256-GCM that chooses its own nonces and puts them in front
// of the ciphertext.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("making the cipher: %w", err)
	}
	return aead, nil
}

// GenerateKeyring returns a keyring with one new key, k1.
func GenerateKeyring() *Keyring {
	k, _ := new(Keyring).Add()
	return k
}

// Add returns a keyring that has one more key, new, and its id; see
// [Keyring.AddAs].
func (k *Keyring) Add() (*Keyring, string) {
	id := NextID(k.IDs())
	next, _ := k.AddAs(id) // which is not there
	return next, id
}

// NextID returns the id of the key that comes after those with the given ids.
func NextID(ids []string) string {
	highest := 0
	for _, id := range ids {
		if digits, ok := strings.CutPrefix(id, "k"); ok {
			if n, err := strconv.Atoi(digits); err == nil {
				highest = max(highest, n)
			}
		}
	}
	return "k" + strconv.Itoa(highest+1)
}

// AddAs returns a keyring that has one more key, new, called id. It is active only if
// it is the first one: see [Keyring.Activate].
func (k *Keyring) AddAs(id string) (*Keyring, error) {
	if _, ok := k.find(id); ok || !keyID.MatchString(id) {
		return nil, fmt.Errorf("no key can be added as %q", id)
	}
	active := k.active
	if active == "" {
		active = id
	}
	for {
		material := make([]byte, keySize)
		rand.Read(material) // crashes the program rather than fail
		if key, err := newKEK(id, material); err == nil {
			return &Keyring{keys: append(slices.Clone(k.keys), key), active: active}, nil
		}
		// Random bytes that look weak would be refused when the file is read again.
	}
}

// Activate returns a keyring in which the key id is the active one. It is for
// replicas: a key must be in the file of each before it is active in any.
func (k *Keyring) Activate(id string) (*Keyring, error) {
	if _, ok := k.find(id); !ok {
		return nil, fmt.Errorf("the keyring has no key %q; it has %s", id, k.list())
	}
	return &Keyring{keys: slices.Clone(k.keys), active: id}, nil
}

// Remove returns a keyring without the key id. What the key still wraps is lost.
func (k *Keyring) Remove(id string) (*Keyring, error) {
	if id == k.active {
		return nil, fmt.Errorf("key %q is the active one: activate another before removing it", id)
	}
	if _, ok := k.find(id); !ok {
		return nil, fmt.Errorf("the keyring has no key %q; it has %s", id, k.list())
	}
	rest := slices.DeleteFunc(slices.Clone(k.keys), func(key kek) bool { return key.id == id })
	return &Keyring{keys: rest, active: k.active}, nil
}

// Active returns the id of the active key.
func (k *Keyring) Active() string { return k.active }

func (k *Keyring) find(id string) (kek, bool) {
	for _, key := range k.keys {
		if key.id == id {
			return key, true
		}
	}
	return kek{}, false
}

func (k *Keyring) list() string { return strings.Join(k.IDs(), ", ") }

// IDs returns the ids of the keys in the order of the file.
func (k *Keyring) IDs() []string {
	ids := make([]string, 0, len(k.keys))
	for _, key := range k.keys {
		ids = append(ids, key.id)
	}
	return ids
}

// Where says where the key id is: "keyring", or the kind and address of the
// service that keeps it.
func (k *Keyring) Where(id string) string {
	if key, ok := k.find(id); ok && key.kind != "" {
		return key.kind + " " + key.address
	}
	return "keyring"
}
