package seal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// WrappedKey is a data key of one tenant as it is stored: encrypted with the
// key-encryption key whose id is KEK.
type WrappedKey struct {
	Version uint32 // from 1; a tenant's sealed values name it
	KEK     string
	Wrapped []byte
}

// NewDataKey returns a new data key for tenant, wrapped with the active key.
func (k *Keyring) NewDataKey(ctx context.Context, tenant string, version uint32) (WrappedKey, error) {
	if tenant == "" || version == 0 {
		return WrappedKey{}, errors.New("a data key needs a tenant and a version above 0")
	}
	key := make([]byte, keySize)
	rand.Read(key) // crashes the program rather than fail
	return k.wrap(ctx, tenant, version, key)
}

func (k *Keyring) wrap(ctx context.Context, tenant string, version uint32, key []byte) (WrappedKey, error) {
	active, ok := k.find(k.active)
	if !ok {
		return WrappedKey{}, errors.New("the keyring has no active key")
	}
	wrapped, err := active.wrap.Wrap(ctx, key, wrapAAD(tenant, version, active.id))
	if err != nil {
		return WrappedKey{}, fmt.Errorf("wrapping data key %d of tenant %s, key %q: %w", version, tenant, active.id, err)
	}
	return WrappedKey{Version: version, KEK: active.id, Wrapped: wrapped}, nil
}

func (k *Keyring) unwrap(ctx context.Context, tenant string, w WrappedKey) ([]byte, error) {
	by, ok := k.find(w.KEK)
	if !ok {
		return nil, fmt.Errorf("unwrapping data key %d of tenant %s, key %q: %w", w.Version, tenant, w.KEK, ErrUnknownKey)
	}
	key, err := by.wrap.Unwrap(ctx, w.Wrapped, wrapAAD(tenant, w.Version, w.KEK))
	if err == nil && len(key) != keySize {
		err = ErrTampered
	}
	if err != nil {
		return nil, fmt.Errorf("unwrapping data key %d of tenant %s, key %q: %w", w.Version, tenant, w.KEK, err)
	}
	return key, nil
}

// Unwrap returns the Sealer of tenant, which opens what any of keys sealed and
// seals with the one whose version is active. Of what known, an earlier Sealer of
// the tenant or nil, has unwrapped already nothing is unwrapped again.
func (k *Keyring) Unwrap(ctx context.Context, tenant string, keys []WrappedKey, active uint32, known *Sealer) (*Sealer, error) {
	if tenant == "" {
		return nil, errors.New("unwrapping data keys: no tenant")
	}
	if known != nil && known.tenant != tenant {
		return nil, errors.New("unwrapping data keys: those at hand are another tenant's")
	}
	s := &Sealer{tenant: tenant, active: active, keys: make(map[uint32]*dataKey, len(keys))}
	for _, w := range keys {
		if _, ok := s.keys[w.Version]; ok {
			return nil, fmt.Errorf("unwrapping data keys of tenant %s: version %d is there twice", tenant, w.Version)
		}
		if known != nil && known.keys[w.Version] != nil {
			s.keys[w.Version] = known.keys[w.Version]
			continue
		}
		key, err := k.unwrap(ctx, tenant, w)
		if err != nil {
			return nil, err
		}
		aead, err := newAEAD(key)
		if err != nil {
			return nil, err
		}
		clear(key)
		s.keys[w.Version] = &dataKey{AEAD: aead}
	}
	if s.keys[active] == nil {
		return nil, fmt.Errorf("unwrapping data keys of tenant %s: the active version %d is not among them: %w", tenant, active, ErrUnknownKey)
	}
	return s, nil
}

// Rewrap returns w wrapped with the active key, and whether that changed it. The
// data key inside stays what it is, so sealed values need no change.
func (k *Keyring) Rewrap(ctx context.Context, tenant string, w WrappedKey) (WrappedKey, bool, error) {
	if w.KEK == k.active {
		return w, false, nil
	}
	key, err := k.unwrap(ctx, tenant, w)
	if err != nil {
		return WrappedKey{}, false, err
	}
	next, err := k.wrap(ctx, tenant, w.Version, key)
	clear(key)
	if err != nil {
		return WrappedKey{}, false, err
	}
	return next, true, nil
}

// wrapAAD ties a wrapped key to its tenant, its version and the key around it.
func wrapAAD(tenant string, version uint32, kek string) []byte {
	aad := appendText(nil, "latchkey v1 data key")
	aad = appendText(aad, tenant)
	aad = binary.BigEndian.AppendUint32(aad, version)
	return appendText(aad, kek)
}

// appendText appends s behind its length, so that no two lists of texts give the
// same bytes.
func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}
