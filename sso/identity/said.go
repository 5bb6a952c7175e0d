package identity

import (
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

// IssuerSaid returns the issuer that an ID token names, unproved: it is good for
// choosing whose keys to try, and for nothing else. Empty: it names none.
func IssuerSaid(token secret.Text) string {
	parsed, err := parse(token.Reveal(), catalog.IDTokens{LegacyShape: true})
	if err != nil {
		return ""
	}
	claims, err := object(parsed.payload)
	if err != nil {
		return ""
	}
	issuer, _ := claims["iss"].(string)
	return issuer
}
