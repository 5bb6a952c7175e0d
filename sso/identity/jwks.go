package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxKeysBody = 1 << 20
	// RSA keys that are shorter are broken, and longer ones make much work.
	minRSABits, maxRSABits = 2048, 8192
	// maxKeys and maxKeyID bound what is remembered of one issuer.
	maxKeys, maxKeyID = 128, 512
)

// fetchKeys gets a JSON Web Key Set (RFC 7517).
func fetchKeys(ctx context.Context, client *http.Client, uri string) ([]jose.JSONWebKey, error) {
	r, err := get(ctx, client, uri, nil, maxKeysBody)
	if err != nil {
		return nil, fmt.Errorf("the keys of the provider: %w", err)
	}
	if r.status != http.StatusOK {
		return nil, fmt.Errorf("the keys of the provider: its server answered with status %d", r.status)
	}
	return parseKeys(r.body)
}

// parseKeys returns the keys of a set that may make signatures, the first of very
// many. Keys that are not understood are left out (RFC 7517 section 5).
func parseKeys(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("the keys of the provider: its answer is no key set")
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if len(keys) < maxKeys && json.Unmarshal(raw, &key) == nil && key.Valid() && len(key.KeyID) <= maxKeyID && mayVerify(raw) {
			keys = append(keys, jose.JSONWebKey{Key: key.Key, KeyID: key.KeyID, Algorithm: key.Algorithm})
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the keys of the provider: there is none in its answer that makes signatures")
	}
	return keys, nil
}

// mayVerify says whether a key is meant for signatures (RFC 7517 sections 4.2 and 4.3).
func mayVerify(raw []byte) bool {
	var meant struct {
		Use        string   `json:"use"`
		Operations []string `json:"key_ops"`
	}
	if json.Unmarshal(raw, &meant) != nil || meant.Use != "" && meant.Use != "sig" {
		return false
	}
	for _, operation := range meant.Operations {
		if operation == "verify" {
			return true
		}
	}
	return len(meant.Operations) == 0
}

// suits reports whether a key may have made a signature with alg. Secrets and
// private keys never do.
func suits(key jose.JSONWebKey, alg string) bool {
	if key.Algorithm != "" && key.Algorithm != alg {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		return (alg == "RS256" || alg == "RS384" || alg == "PS256") && bits >= minRSABits && bits <= maxRSABits
	case *ecdsa.PublicKey:
		return alg == "ES256" && public.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}
