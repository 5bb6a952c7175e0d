package consent_test

import (
	"fmt"
	"testing"

	"latchkey/authmethods"
	"latchkey/test/broker"
	"latchkey/zohosim"
)

func TestThePeopleOfAConnectionAreListedInParts(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		m, err := b.Methods.For(b.Admin)
		must(t, err)
		method, err := m.Method(t.Context(), "zoho-desk")
		must(t, err)
		_, err = b.Consents.People(t.Context(), b.Admin, method.ID, authmethods.Production)
		if authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Fatalf("without a connection: %v", err)
		}
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Production})
		const more = 250 // than fit into one part
		for i := range more {
			_, err := b.Zoho.AddUser(zohosim.User{Email: fmt.Sprintf("agent%03d@example.eu", i), DC: "eu", Orgs: []zohosim.Org{
				{ID: "20067000001", Product: zohosim.Desk, Name: "Moreau Support", Environment: zohosim.Production},
			}})
			must(t, err)
		}
		people, err := b.Consents.People(t.Context(), b.Admin, method.ID, authmethods.Production)
		must(t, err)
		seen := map[string]bool{}
		for _, p := range people {
			seen[p.Email] = true
			if p.ID == "" {
				t.Errorf("%+v has no id", p)
			}
		}
		if len(people) != more+1 || len(seen) != more+1 || !seen["ada@example.eu"] || !seen["agent249@example.eu"] {
			t.Errorf("%d people, %d addresses", len(people), len(seen))
		}
		_, err = b.Consents.People(t.Context(), b.Browser, method.ID, authmethods.Production)
		if authmethods.KindOf(err) != authmethods.Forbidden {
			t.Errorf("without rights: %v", err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
