package consent_test

import (
	"testing"

	"latchkey/authmethods"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/broker"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

// D-06: a client that has another secret in the data centre where the account lives is
// refused there.
func TestAnAccountOfAnotherRegionIsNamedWhereTheClientIsRefusedThere(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		const id, own = "1000.ONEDC000000000000000000000000001", "the secret of a client of one data centre"
		if err := b.Zoho.AddClient(zohosim.Client{
			ID: id, Secret: own, Name: "A secret for each region", HomeDC: "us", MultiDC: true, Secrets: map[string]string{"eu": "another"}, RedirectURIs: []string{broker.PublicURL.RedirectURI(b.Tenant)},
		}); err != nil {
			t.Fatal(err)
		}
		b.ZohoDesk(t, func(n *methods.NewMethod) { n.ClientID, n.ClientSecret, n.DataCentre = id, secret.New(own), "us" })
		_, address := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{})
		attempt, err := b.Return(t, walk(t, address, zohosim.Approval{User: "ada@example.eu"}))
		if err != nil || attempt.Code != authmethods.CodeWrongDataCentre {
			t.Errorf("%v %s %q, want %s", err, attempt.Code, attempt.Detail, authmethods.CodeWrongDataCentre)
		}
	})
}
