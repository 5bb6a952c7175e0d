package session_test

import (
	"fmt"
	"testing"
	"time"
)

func TestWhatIsPastItsTimeIsRemoved(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, old := w.begin(t, bySSO())
		cookie, made := w.begin(t, bySSO())
		for range 3 {
			got(w.IssueTicket(t.Context(), as(acme, marie), old.ID, "", ""))(t)
			got(w.IssueTicket(t.Context(), as(acme, marie), made.ID, "", ""))(t)
		}
		now := time.Now()
		day := int64(24 * time.Hour / time.Microsecond)
		w.raw(t, fmt.Sprintf("UPDATE sessions SET expires_at = %d WHERE id = '%s'", now.UnixMicro()-31*day, old.ID))
		// One ticket of the session in force is old; those of the old session are not,
		// and go with it.
		w.raw(t, fmt.Sprintf("UPDATE tickets SET expires_at = %d WHERE id = (SELECT min(id) FROM tickets WHERE session_id = '%s')", now.UnixMicro()-2*day, made.ID))
		keys := w.one(t, "SELECT count(*) FROM web_keys")
		w.raw(t, fmt.Sprintf("UPDATE web_keys SET kept_until = %d WHERE purpose = 'identity'", now.UnixMicro()-1))
		must(t, w.Prune(t.Context(), now))
		left := w.one(t, "SELECT count(*) FROM sessions")*100 + w.one(t, "SELECT count(*) FROM tickets")*10
		if left != 120 || w.one(t, "SELECT count(*) FROM web_keys") >= keys {
			t.Errorf("%d are left of sessions and tickets", left)
		}
		w.find(t, cookie)
		must(t, w.Prune(t.Context(), now))
		if w.one(t, "SELECT count(*) FROM sessions") != 1 {
			t.Error("a session in force was removed")
		}
	})
}

func TestASessionThatEndedStaysForAMonth(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, made := w.begin(t, bySSO())
		must(t, w.End(t.Context(), as(acme, marie), made.ID))
		must(t, w.Prune(t.Context(), made.ExpiresAt.Add(29*24*time.Hour)))
		if w.one(t, "SELECT count(*) FROM sessions") != 1 {
			t.Error("it is gone already")
		}
		must(t, w.Prune(t.Context(), made.ExpiresAt.Add(31*24*time.Hour)))
		if w.one(t, "SELECT count(*) FROM sessions") != 0 {
			t.Error("it is still there")
		}
	})
}
