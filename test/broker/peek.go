package broker

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

// RefreshToken is the refresh token that a method's connection in production
// holds, which nothing but a test may see.
func (b *Broker) RefreshToken(t testing.TB, method string) secret.Text {
	t.Helper()
	target, err := store.Directory{Store: b.Grants}.Find(t.Context(), Service(b.Tenant.ID), tokens.LoanRequest{
		Method: method, Environment: authmethods.Production, Subject: tokens.TenantSubject,
	})
	must(t, err)
	g, _, err := target.Slot.Load(t.Context())
	must(t, err)
	return g.RefreshToken
}
