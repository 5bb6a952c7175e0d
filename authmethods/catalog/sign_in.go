package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// IDTokens says in what a provider's ID tokens differ from others. The zero
// IDTokens are as OpenID Connect Core 1.0 has them.
type IDTokens struct {
	// Algorithms are those that it signs with; none: what its metadata says where
	// that is discovered, else RS256.
	Algorithms []string `yaml:"algorithms"`
	// NonceOptional is for a provider that may leave out the nonce that was sent. A
	// wrong one is refused all the same.
	NonceOptional bool `yaml:"nonce_optional"`
	// LegacyShape also accepts a header with key_id in place of kid, and base64 with
	// padding.
	LegacyShape bool `yaml:"legacy_shape"`
	// TrustedAudiences may stand in the audience beside the client.
	TrustedAudiences []string `yaml:"trusted_audiences"`
}

// SigningAlgorithms are those that are accepted from any provider: none with a
// shared secret, and never "none".
var SigningAlgorithms = [...]string{"RS256", "RS384", "ES256", "PS256", "EdDSA"}

// Matches reports whether the value of the claim may stand in the issuer.
func (by *IssuerByClaim) Matches(value string) bool {
	pattern, err := wholly(by.Pattern)
	return err == nil && pattern.MatchString(value)
}

// Profile is a provider's own call that says whose access token it is, for one
// that has no userinfo, or none that works. E-mail addresses from it count as
// unverified.
type Profile struct {
	URL string `yaml:"url"` // empty: the one of userinfo, whose answer has no sub
	ID  string `yaml:"id"`  // the field that is sub
	// Claims names the field of each claim.
	Claims map[string]string `yaml:"claims"`
	Scopes []string          `yaml:"scopes"` // any one of them suffices
}

// proofs checks how the provider says who somebody is.
func (v *validator) proofs() {
	for i, alg := range v.t.IDTokens.Algorithms {
		v.oneOf("id_tokens.algorithms."+strconv.Itoa(i), alg, SigningAlgorithms[:])
	}
	for i, audience := range v.t.IDTokens.TrustedAudiences {
		if strings.TrimSpace(audience) == "" {
			v.fault("id_tokens.trusted_audiences."+strconv.Itoa(i), "is empty")
		}
	}
	p := v.t.Profile
	if p == nil {
		return
	}
	if p.ID == "" {
		v.fault("profile.id", "is missing; it is the field that tells people apart for good")
	}
	for _, claim := range keys(p.Claims) {
		switch {
		case slices.Contains([]string{"sub", "iss", "email_verified", "phone_number_verified"}, claim):
			v.fault("profile.claims."+claim, "cannot come from a profile")
		case p.Claims[claim] == "":
			v.fault("profile.claims."+claim, "names no field")
		}
	}
	for i, scope := range p.Scopes {
		v.scope("profile.scopes."+strconv.Itoa(i), scope)
	}
}

// signIn fills what signing in needs beyond a consent.
func (r *resolver) signIn() {
	t, p := r.t, &r.p
	p.IDTokens, p.EndSessionEndpoint = t.IDTokens, r.text(t.Endpoints.EndSession)
	p.IDTokens.Algorithms = slices.Clone(t.IDTokens.Algorithms)
	p.IDTokens.TrustedAudiences = slices.Clone(t.IDTokens.TrustedAudiences)
	// What the type says comes last: a consent's access_type must not reach a sign-in.
	p.SignInParams = map[string]string{}
	maps.Copy(p.SignInParams, r.in.Settings.AuthorizeParams)
	maps.Copy(p.SignInParams, r.texts(t.Authorize.SignInParams))
	if t.Profile != nil {
		resolved := *t.Profile
		resolved.URL, resolved.Claims = or(r.text(t.Profile.URL), p.UserinfoEndpoint), maps.Clone(t.Profile.Claims)
		p.Profile = &resolved
	}
}
