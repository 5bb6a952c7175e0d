package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// signingKey signs ID tokens; publicKey is the half the JWKS shows.
type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

type publicKey struct{ signingKey }

func newSigningKey(id string) (signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return signingKey{}, fmt.Errorf("generate the signing key: %w", err)
	}
	return signingKey{id, private}, nil
}

func (k signingKey) ID() string                                  { return k.id }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signingKey) Key() any                                    { return k.private }

func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.private.PublicKey }

// rotate signs with a new key from now on. The key before stays published, older
// ones go; with drop all but the new one go.
func (s *storage) rotate(drop bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keysMade++
	next, err := newSigningKey(fmt.Sprintf("sig-%d", s.keysMade))
	if err != nil {
		return "", err
	}
	kept := s.keys[len(s.keys)-1:]
	if drop {
		kept = nil
	}
	s.keys = append(slices.Clone(kept), next)
	return next.id, nil
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[len(s.keys)-1], nil
}

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []op.Key
	for _, k := range s.keys {
		list = append(list, publicKey{k})
	}
	return list, nil
}
