package session

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods"
	"latchkey/crypto/token"
)

const (
	// identityLife is how long a signed identity counts.
	identityLife = 5 * time.Minute
	// maxSigned bounds the signed identities that are remembered.
	maxSigned = 10_000
	// published is how long others may remember the public keys. A new one is
	// published for a day before it is used.
	published = 15 * time.Minute
	algorithm = jose.EdDSA
)

// newSigningKey returns the key with that seed.
func newSigningKey(id string, seed []byte, v validity) (signingKey, error) {
	private := ed25519.NewKeyFromSeed(seed)
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: private, KeyID: id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return signingKey{}, fmt.Errorf("session: making a signer: %w", err)
	}
	return signingKey{v, id, private.Public().(ed25519.PublicKey), signer}, nil
}

// claims are those of a signed identity (RFC 7519 section 4.1, OpenID Connect Core
// 1.0 sections 2 and 5.1). What differs from one to the next of the same person
// comes last.
type claims struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"`
	Subject  string   `json:"sub"`
	UserName string   `json:"preferred_username"`
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"`
	Roles    []string `json:"roles"`
	Session  string   `json:"sid"`
	Methods  []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
	ID       string   `json:"jti,omitempty"`
	IssuedAt int64    `json:"iat,omitempty"`
	After    int64    `json:"nbf,omitempty"`
	Expires  int64    `json:"exp,omitempty"`
}

// amr are the authentication methods of a session (RFC 8176); "sso" is our own.
func amr(n Session) []string {
	methods := map[Means][]string{SSO: {"sso"}, Password: {"pwd"}, Passkey: {"hwk"}}[n.Means]
	if n.SecondFactor {
		methods = append(methods, "otp")
	}
	return methods
}

func (p Present) claims(origin string) claims {
	roles := p.Roles
	if roles == nil {
		roles = []string{}
	}
	return claims{
		Issuer: origin, Audience: origin, Subject: string(p.User.ID), UserName: p.User.UserName, Name: p.User.DisplayName,
		Email: p.User.Email, Roles: roles, Session: string(p.Session.ID), Methods: amr(p.Session), AuthTime: p.Session.CreatedAt.Unix(),
	}
}

// signedFor is whose identity was signed.
type signedFor struct {
	tenant  authmethods.TenantID
	session authmethods.ID
}

type signedIdentity struct {
	about   string // the claims without times
	key     string // id of the key
	jwt     string
	expires time.Time
}

// Identity returns a signed statement of who p is, as a JWT (RFC 7519), and when it
// expires: within five minutes, and not after the session. The same one is given
// for half its life, as long as it still says what is the case. tenant is p's own.
func (s *Sessions) Identity(ctx context.Context, p Present, tenant authmethods.Tenant) (string, time.Time, error) {
	if tenant.ID != p.Tenant {
		return "", time.Time{}, fmt.Errorf("session: a session of %s in %s", p.Tenant, tenant.ID)
	}
	set, err := s.keysOf(ctx, p.Tenant)
	if err != nil {
		return "", time.Time{}, err
	}
	key := set.signer()
	if key == nil {
		return "", time.Time{}, fmt.Errorf("session: signing an identity: its key has just ended")
	}
	c := p.claims(s.o.PublicURL.Origin(tenant.Slug))
	about, err := json.Marshal(c)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("session: encoding an identity: %w", err)
	}
	whose := signedFor{p.Tenant, p.Session.ID}
	if have, ok := s.signed.GetIfPresent(whose); ok && have.about == string(about) && have.key == key.id {
		return have.jwt, have.expires, nil
	}
	now := set.now()
	expires := now.Add(identityLife)
	if p.Session.ExpiresAt.Before(expires) {
		expires = p.Session.ExpiresAt
	}
	expires = expires.Truncate(time.Second)
	c.ID, c.IssuedAt, c.After, c.Expires = token.NewID("jwt"), now.Unix(), now.Unix(), expires.Unix()
	jwt, err := key.sign(c)
	if err != nil {
		return "", time.Time{}, err
	}
	s.signed.Set(whose, signedIdentity{string(about), key.id, jwt, expires})
	return jwt, expires, nil
}

func (k *signingKey) sign(c claims) (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("session: encoding an identity: %w", err)
	}
	signed, err := k.signer.Sign(text)
	if err != nil {
		return "", fmt.Errorf("session: signing an identity: %w", err)
	}
	return signed.CompactSerialize()
}

// JWKS returns the public keys that identities of the tenant are verified with, as
// a JWK set (RFC 7517), and how long it may be remembered: those in use, those to
// come, and those with which something was signed that still counts.
func (s *Sessions) JWKS(ctx context.Context, tenant authmethods.TenantID) ([]byte, time.Duration, error) {
	set, err := s.keysOf(ctx, tenant)
	if err != nil {
		return nil, 0, err
	}
	keys := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range set.signing {
		keys.Keys = append(keys.Keys, jose.JSONWebKey{Key: k.public, KeyID: k.id, Algorithm: string(algorithm), Use: "sig"})
	}
	text, err := json.Marshal(keys)
	if err != nil {
		return nil, 0, fmt.Errorf("session: encoding the public keys: %w", err)
	}
	return text, published, nil
}
