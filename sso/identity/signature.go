package identity

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods/catalog"
	"latchkey/sso"
)

// signature verifies one token for go-oidc, which calls it as a key set and keeps
// of its errors only the text.
type signature struct {
	token compact
	algs  []string
	keys  *keySet
	err   error // why the signature is not verified
	good  bool
}

var _ oidc.KeySet = (*signature)(nil)

// VerifySignature implements [oidc.KeySet].
func (s *signature) VerifySignature(ctx context.Context, _ string) ([]byte, error) {
	s.err = s.keys.verify(ctx, s.token.head.kid, s.token.head.alg, s.fits)
	if s.err != nil {
		return nil, s.err
	}
	s.good = true
	return s.token.payload, nil
}

// fits reports whether a key made the signature.
func (s *signature) fits(key jose.JSONWebKey) bool {
	if s.token.legacy {
		return s.fitsLegacy(key)
	}
	parsed, err := jose.ParseSignedCompact(s.token.standard, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(s.token.head.alg)})
	if err != nil {
		return false
	}
	payload, err := parsed.Verify(key.Key)
	return err == nil && slices.Equal(payload, s.token.payload)
}

// fitsLegacy is for a token with padding, over which the signature was made too: no
// library computes it.
func (s *signature) fitsLegacy(key jose.JSONWebKey) bool {
	public, ok := key.Key.(*rsa.PublicKey)
	hash, known := map[string]crypto.Hash{"RS256": crypto.SHA256, "RS384": crypto.SHA384}[s.token.head.alg]
	if !ok || !known {
		return false
	}
	digest := hash.New()
	digest.Write([]byte(s.token.signed))
	return rsa.VerifyPKCS1v15(public, hash, digest.Sum(nil), s.token.signature) == nil
}

// algorithms are those that this provider may sign with.
func algorithms(p *catalog.Provider) []string {
	if len(p.IDTokens.Algorithms) == 0 {
		return []string{oidc.RS256} // what OpenID Connect has everybody do
	}
	var list []string
	for _, alg := range catalog.SigningAlgorithms {
		if slices.Contains(p.IDTokens.Algorithms, alg) {
			list = append(list, alg)
		}
	}
	return list
}

// open takes the token apart and finds its keys.
func (w *work) open(what string, kinds ...string) (*signature, error) {
	p := &w.answer.Provider
	token, err := parse(w.answer.IDToken.Reveal(), p.IDTokens)
	if err != nil {
		return nil, w.refuse("The "+what+" "+err.Error()+".", nil)
	}
	switch algs := algorithms(p); {
	case !token.head.isType(kinds...):
		return nil, w.refuse("The "+what+" is a token of another kind.", nil)
	case len(algs) == 0:
		return nil, w.refuse("The provider signs with no algorithm that is accepted.", nil)
	case !slices.Contains(algs, token.head.alg):
		return nil, w.refuse("The "+what+" is signed with an algorithm that is not accepted from this provider.", nil)
	case p.JWKSURI == "":
		return nil, w.refuse("The provider has no address for its keys.", nil)
	case w.answer.ClientID == "":
		return nil, w.refuse("There is no client that the "+what+" could be for.", nil)
	default:
		return &signature{token: token, algs: algs, keys: w.keys.of(keysOf(p), p.JWKSURI)}, nil
	}
}

// keysOf names the issuer that keys are remembered for.
func keysOf(p *catalog.Provider) string {
	if p.Issuer == "" && p.IssuerByClaim != nil {
		return p.IssuerByClaim.Template
	}
	return p.Issuer
}

// verifier is go-oidc's for this issuer and client. The issuer has more than one
// spelling and times have a leeway, so both are left to us.
func (w *work) verifier(s *signature) *oidc.IDTokenVerifier {
	return oidc.NewVerifier(w.answer.Provider.Issuer, s, &oidc.Config{
		ClientID: w.answer.ClientID, SupportedSigningAlgs: s.algs, SkipIssuerCheck: true, SkipExpiryCheck: true,
	})
}

// signed refuses a token whose signature is not verified.
func (w *work) signed(what string, s *signature) (sso.Claims, error) {
	switch {
	case errors.Is(s.err, errUnknownKey):
		return nil, w.refuse("The signature of the "+what+" was made by no key of this provider.", nil)
	case s.err != nil:
		return nil, w.down("The keys of the provider could not be fetched.", s.err)
	case !s.good:
		return nil, w.refuse("The "+what+" is not a signed token.", nil)
	}
	claims, err := object(s.token.payload)
	if err != nil {
		return nil, w.refuse("The "+what+" does not hold one JSON object with every name once.", nil)
	}
	w.tell("The signature was made by a key of the provider (" + s.token.head.alg + ").")
	return claims, nil
}
