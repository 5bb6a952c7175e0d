package seal

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A check value tells the right key from another one and nothing else of it. That
// of a key which is here is derived from it; that of a key elsewhere is a known
// text which it wrapped.
const (
	checkText   = "latchkey v1 check"
	wrappedMark = "wrapped:"
)

// CheckValue returns a value by which [Keyring.Verify] knows the key id again.
func (k *Keyring) CheckValue(ctx context.Context, id string) (string, error) {
	key, ok := k.find(id)
	if !ok {
		return "", fmt.Errorf("the keyring has no key %q; it has %s", id, k.list())
	}
	if key.check != "" {
		return key.check, nil
	}
	wrapped, err := key.wrap.Wrap(ctx, []byte(checkText), checkAAD(id))
	if err != nil {
		return "", fmt.Errorf("trying key %q, %s %s: %w", id, key.kind, key.address, err)
	}
	return wrappedMark + base64.StdEncoding.EncodeToString(wrapped), nil
}

func checkAAD(id string) []byte { return appendText(nil, checkText+" "+id) }

// Verify compares the keyring with check values stored earlier and says of every
// key that is missing or another one what it means. Keys that are new to the
// store are no fault.
func (k *Keyring) Verify(ctx context.Context, stored map[string]string) error {
	var faults []error
	for _, id := range slices.Sorted(maps.Keys(stored)) {
		key, ok := k.find(id)
		if !ok {
			faults = append(faults, fmt.Errorf("key %q is missing: this database was sealed with it, and the keyring has only %s; add its line to the keyring file", id, k.list()))
			continue
		}
		if err := key.matches(ctx, stored[id]); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (k kek) matches(ctx context.Context, stored string) error {
	encoded, elsewhere := strings.CutPrefix(stored, wrappedMark)
	wrong := fmt.Errorf("key %q is the wrong key: it is not the one this database was sealed with; put the keyring file back that belongs to this database", k.id)
	switch {
	case elsewhere != (k.check == ""):
		return wrong
	case !elsewhere && subtle.ConstantTimeCompare([]byte(k.check), []byte(stored)) != 1:
		return wrong
	case !elsewhere:
		return nil
	}
	wrapped, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return wrong
	}
	text, err := k.wrap.Unwrap(ctx, wrapped, checkAAD(k.id))
	switch {
	case errors.Is(err, ErrTampered), err == nil && string(text) != checkText:
		return wrong
	case err != nil:
		return fmt.Errorf("trying key %q, %s %s: %w", k.id, k.kind, k.address, err)
	}
	return nil
}
