package store_test

import (
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/store"
)

func TestTheLogOfEveryTenantIsCutDownAndStillVerified(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		acme, other := w.admin(t), w.adminOfOther(t)
		const day = 24 * time.Hour
		now := time.Now()
		must(t, w.tenants.TrimAudit(t.Context(), now, 30*day)) // nothing is that old
		if after, _, err := acme.AuditBegins(t.Context()); after != 0 || err != nil {
			t.Fatalf("something was removed: %d, %v", after, err)
		}
		must(t, w.tenants.TrimAudit(t.Context(), now.Add(60*day), 30*day))
		for _, tenant := range []*store.Tenant{acme, other} {
			after, _, err := tenant.AuditBegins(t.Context())
			if after == 0 || err != nil {
				t.Errorf("nothing was removed: %v", err)
			}
			if n := got(tenant.VerifyAudit(t.Context()))(t); n != after+1 {
				t.Errorf("verified up to %d, the log begins after %d", n, after)
			}
			events := got(tenant.Events(t.Context(), audit.Query{}))(t)
			if len(events) != 1 || events[0].Action != "audit.trimmed" || events[0].Actor.Kind != authmethods.ActorJob {
				t.Errorf("what is left: %+v", events)
			}
		}
		must(t, acme.RecordExport(t.Context(), "csv", audit.Query{Action: "key.issued"}))
		if n := got(acme.VerifyAudit(t.Context()))(t); n == 0 {
			t.Error("nothing was verified")
		}
	})
}
