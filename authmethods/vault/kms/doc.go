// Package kms asks services that keep keys: HashiCorp Vault or OpenBao (transit), AWS
// KMS and Google Cloud KMS. Each wraps and unwraps data keys with a key that never
// leaves it. It says of every failure whether it passes by itself.
package kms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

// ErrRefused means that the service is there and will not: the key is unknown to it or
// switched off, or may not be used by us. A person must act.
var ErrRefused = errors.New("the service that keeps the key refuses its use")

// patience is how long a service may take.
const patience = 5 * time.Second

// Options are what the services need beside the addresses of keys.
type Options struct {
	// TransitToken returns the token for Vault or OpenBao, anew for each request, since
	// it may be replaced while the program runs.
	TransitToken func() (secret.Text, error)
	// TransitNamespace is the namespace there; empty: none.
	TransitNamespace string
	// TransitCA is a file of certificates to trust there beside nothing else; empty: the
	// system's.
	TransitCA string

	google google // for tests
}

// Kinds are the kinds of keys that a keyring may name. Nobody is asked before the first
// key is used.
func Kinds(o Options) []seal.Kind {
	return []seal.Kind{
		{Name: "transit", Open: func(address string) (seal.Wrapper, error) { return openTransit(address, o) }},
		{Name: "aws-kms", Open: openAWS},
		{Name: "google-kms", Open: func(address string) (seal.Wrapper, error) { return openGoogle(address, o.google) }},
	}
}

// bounded bounds the time of a request.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, patience)
}

// away is a failure that passes by itself.
func away(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, seal.ErrUnavailable, err)
}

// refused is a failure that a person must mend.
func refused(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, ErrRefused, err)
}
