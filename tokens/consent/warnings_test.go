package consent_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

func TestBeforeAProviderDropsTheOldestApprovalPeopleAreWarned(t *testing.T) {
	few := fstest.MapFS{"zoho_desk.yaml": {Data: []byte("extends: zoho_desk\nlimits:\n  refresh_tokens_per_user_and_client: 4\n")}}
	storage.Each(t, func(t *testing.T, d *db.DB) {
		b := broker.New(t, d, few)
		b.ZohoDesk(t, nil)
		for i, warned := range []bool{false, false, true} {
			_, address := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{Subject: fmt.Sprintf("user-%d", i)})
			callback, err := zohosim.Approve(nil, address, zohosim.Approval{User: "sam@example.com"})
			if err != nil {
				t.Fatal(err)
			}
			attempt, err := b.Return(t, callback)
			if err != nil {
				t.Fatal(err)
			}
			shown, err := b.Consents.Connection(t.Context(), b.Admin, attempt.Connection)
			if err != nil {
				t.Fatal(err)
			}
			notes, warnings := strings.Join(attempt.Notes, " "), strings.Join(shown.Warnings, " ")
			said := fmt.Sprintf("approved this client %d times", i+1)
			if strings.Contains(notes, said) != warned || strings.Contains(warnings, said) != warned {
				t.Errorf("approval %d: notes %q, warnings %q", i+1, notes, warnings)
			}
		}
		// Approving again in the same place replaces the approval there.
		_, address := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{Subject: "user-2"})
		callback, err := zohosim.Approve(nil, address, zohosim.Approval{User: "sam@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := b.Return(t, callback); err != nil || !strings.Contains(strings.Join(again.Notes, " "), "3 times") {
			t.Errorf("approving again: %q, %v", again.Notes, err)
		}
	})
}
