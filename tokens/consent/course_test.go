package consent_test

import (
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/test/broker"
	"latchkey/tokens"
	"latchkey/zohosim"
)

func TestARefreshByHandIsOneWhoeverAsksForIt(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		id := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"}).Connection
		before, err := b.Consents.Connection(t.Context(), b.Admin, id)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				after, err := b.Consents.Refresh(t.Context(), b.Admin, id, before.TokenID)
				if err != nil || after.TokenID == before.TokenID || after.State != tokens.Active {
					t.Errorf("%s, %s: %v", after.State, after.TokenID, err)
				}
			})
		}
		group.Wait()
		course, err := b.Consents.Course(t.Context(), b.Admin, id, time.Hour)
		if err != nil || len(course.Tokens) != 2 {
			t.Errorf("%d tokens: %v", len(course.Tokens), err)
		}
		newest := course.Tokens[len(course.Tokens)-1].ID
		if _, err := b.Consents.Refresh(t.Context(), b.Browser, id, newest); authmethods.KindOf(err) != authmethods.Forbidden {
			t.Errorf("without a right: %v", err)
		}
		b.Zoho.Inject(zohosim.Fault{Kind: zohosim.FaultTooMany, Path: "/oauth/v2/token"})
		if _, err := b.Consents.Refresh(t.Context(), b.Admin, id, newest); authmethods.KindOf(err) != authmethods.Unavailable {
			t.Errorf("while the provider refuses: %v", err)
		}
		now, err := b.Consents.Connection(t.Context(), b.Admin, id)
		if err != nil || now.TokenID == "" || now.State == tokens.ReconnectRequired {
			t.Errorf("after a refresh that failed: %s %v", now.State, err)
		}
	})
}
