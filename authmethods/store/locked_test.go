package store_test

import (
	"context"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/store"
	"latchkey/migrations"
	"latchkey/test/storage"
)

// TestWhileTheAuditLogCannotBeWrittenNothingIsDoneAndNobodyHangs holds the end of the
// log from another connection.
// what cannot be recorded is refused, soon, and is not done.
func TestWhileTheAuditLogCannotBeWrittenNothingIsDoneAndNobodyHangs(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		acme := w.admin(t)
		before := got(acme.VerifyAudit(t.Context()))(t)
		other := got(storage.Raw(t, w.url).BeginTx(t.Context(), nil))(t) // on SQLite, it locks by itself
		if storage.DialectOf(w.url) == migrations.Postgres {
			got(other.ExecContext(t.Context(), "SELECT * FROM audit_heads FOR UPDATE"))(t)
		}
		// Far longer than the refusal takes, and than the test would wait for a hang.
		patient, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := acme.CreateService(patient, store.NewService{Name: "Telephone"})
		refused(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
		if patient.Err() != nil {
			t.Error("it hung until its caller gave up")
		}
		t.Logf("refused after %s", time.Since(began).Round(time.Millisecond))
		must(t, other.Rollback())
		if services := got(acme.Services(t.Context()))(t); len(services) != 0 {
			t.Errorf("what was refused was done: %+v", services)
		}
		if after := got(acme.VerifyAudit(t.Context()))(t); after != before {
			t.Errorf("%d events, before it were %d", after, before)
		}
		got(acme.CreateService(t.Context(), store.NewService{Name: "Telephone"}))(t)
		if events := got(acme.Events(t.Context(), audit.Query{Action: "service.created"}))(t); len(events) != 1 {
			t.Errorf("%d events of the service that was made", len(events))
		}
	})
}
