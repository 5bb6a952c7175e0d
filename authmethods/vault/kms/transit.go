package kms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"latchkey/crypto/seal"
)

// transit is a key of the transit engine of HashiCorp Vault or OpenBao. It must be of
// a type that binds associated data, such as aes256-gcm96.
type transit struct {
	o       Options
	client  *http.Client
	encrypt string
	decrypt string
	name    string
}

// openTransit takes the address of a key as its own API has it:
// https://HOST:8200/MOUNT/keys/NAME, with or without /v1.
func openTransit(address string, o Options) (seal.Wrapper, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("transit needs an address such as https://bao.example:8200/transit/keys/latchkey")
	}
	if !encrypted(u) {
		return nil, errors.New("transit needs an https address, or one of this machine")
	}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(u.Path, "/v1/"), "/"), "/")
	n := len(parts)
	if n < 3 || parts[n-2] != "keys" || parts[n-1] == "" {
		return nil, errors.New("transit needs the address of a key, which ends in /keys/NAME")
	}
	client, err := newClient(o.TransitCA)
	if err != nil {
		return nil, fmt.Errorf("transit: %w", err)
	}
	base := u.Scheme + "://" + u.Host + "/v1/" + strings.Join(parts[:n-2], "/")
	return &transit{o, client, base + "/encrypt/" + parts[n-1], base + "/decrypt/" + parts[n-1], u.Host + "/" + parts[n-1]}, nil
}

// Wrap implements [seal.Wrapper].
func (t *transit) Wrap(ctx context.Context, key, aad []byte) ([]byte, error) {
	var out struct {
		Data struct{ Ciphertext string }
	}
	err := t.ask(ctx, t.encrypt, false, map[string]string{"plaintext": encode(key), "associated_data": encode(aad)}, &out)
	if err == nil && out.Data.Ciphertext == "" {
		err = refused("wrapping with "+t.name, errors.New("it answered nothing"))
	}
	return []byte(out.Data.Ciphertext), err
}

// Unwrap implements [seal.Wrapper].
func (t *transit) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	var out struct {
		Data struct{ Plaintext []byte } // base64
	}
	err := t.ask(ctx, t.decrypt, true, map[string]string{"ciphertext": string(wrapped), "associated_data": encode(aad)}, &out)
	return out.Data.Plaintext, err
}

func (t *transit) ask(ctx context.Context, address string, unwrapping bool, in, out any) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	doing := "asking " + t.name
	if t.o.TransitToken == nil {
		return refused(doing, errors.New("there is no token for it"))
	}
	token, err := t.o.TransitToken()
	if err != nil {
		return refused(doing, err)
	}
	header := http.Header{"X-Vault-Token": {token.Reveal()}, "X-Vault-Request": {"true"}}
	if t.o.TransitNamespace != "" {
		header.Set("X-Vault-Namespace", t.o.TransitNamespace)
	}
	a, err := post(ctx, t.client, address, header, in)
	if err != nil {
		return away(doing, err)
	}
	var problem struct{ Errors []string }
	if a.status != http.StatusOK {
		_ = json.Unmarshal(a.body, &problem) // what cannot be read is not quoted
	}
	why := strings.Join(problem.Errors, "; ")
	// A version that policy has retired, or that is not there any more: the key is right
	// and may not be used.
	if a.status == http.StatusBadRequest && strings.Contains(why, "version") {
		return refused(doing, fmt.Errorf("it answered %q", why))
	}
	return a.sort(doing, unwrapping, why, out)
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
