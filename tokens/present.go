package tokens

import (
	"strings"
	"time"

	"latchkey/crypto/secret"
)

// present dresses the access token as a loan.
func (i *item) present(now time.Time) Loan {
	t := &i.grant.Access
	loan := Loan{
		AccessToken: t.Value, TokenType: i.tokenType(), TokenID: t.ID, Scopes: t.Scopes, ExpiresAt: t.ExpiresAt,
		Headers:    make([]Header, 1, 1+len(i.headers)),
		APIBaseURL: i.apiBaseURL, Tenant: i.of.TenantSlug, Method: i.of.Method, Environment: i.of.Environment,
		Connection: i.connection, State: Active,
	}
	loan.Headers[0] = Header{i.provider.TokenHeader, secret.New(strings.TrimSpace(loan.TokenType + " " + t.Value.Reveal()))}
	loan.Headers = append(loan.Headers, i.headers...)
	if i.grant.State(now) != Active {
		loan.State = Degraded
	}
	if !t.ExpiresAt.IsZero() {
		loan.ExpiresIn = t.ExpiresAt.Sub(now)
	}
	return loan
}

// basicType is the token type of ready HTTP Basic credentials (RFC 7617), which
// no provider's prefix may replace.
const basicType = "Basic"

// tokenType is the word before the token in its header, which is not always what
// the provider calls it (RFC 6749 section 7.1 as practised).
func (i *item) tokenType() string {
	if prefix := i.provider.TokenHeaderPrefix; prefix != "" && i.grant.Access.Type != basicType {
		return prefix
	}
	return i.grant.Access.Type
}
