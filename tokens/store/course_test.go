package store_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

func TestTheCourseOfAConnectionShowsItsTokensAndWhatIsPlanned(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		id := w.install(t).Connection
		if spent := got(w.Course(t.Context(), w.admin, id, time.Hour))(t).Budget; spent.Allowed == 0 || spent.Used != 1 {
			t.Errorf("the budget is %+v, want one used", spent)
		}
		slot := w.slot(t, w.Store)
		a := claim(t, slot, time.Minute)
		if ok, err := slot.Succeed(t.Context(), renewed(load(t, slot).Epoch, a.ID, "1000.second", firstRefresh)); !ok || err != nil {
			t.Fatal(ok, err)
		}
		second := load(t, slot).Access
		now := time.Now().UnixMicro()
		w.exec(t, fmt.Sprintf("INSERT INTO tokens (tenant_id, id, grant_id, version, issued_at, expires_at, rejected_at, created_at, updated_at) VALUES ('%s', 'tok_old', '%s', 0, %d, %d, NULL, 1, 1)",
			w.acme.ID, id, now-5*time.Hour.Microseconds(), now-4*time.Hour.Microseconds()))
		w.exec(t, fmt.Sprintf("UPDATE tokens SET rejected_at = %d WHERE id = '%s'", now, second.ID))
		course := got(w.Course(t.Context(), w.admin, id, 3*time.Hour))(t)
		if len(course.Tokens) != 2 || course.Tokens[1].ID != second.ID || course.Tokens[0].IssuedAt.After(course.Tokens[1].IssuedAt) {
			t.Errorf("the tokens of three hours: %+v", course.Tokens)
		}
		if course.Tokens[1].RejectedAt.IsZero() || !course.Tokens[1].ExpiresAt.Equal(second.ExpiresAt) || !course.Tokens[0].RejectedAt.IsZero() {
			t.Errorf("the newest token: %+v", course.Tokens[1])
		}
		if len(course.Approvals) != 1 || !course.FailedAt.IsZero() || course.RefreshAt.Before(course.Now) {
			t.Errorf("approvals %v, failed at %v, next refresh at %v", course.Approvals, course.FailedAt, course.RefreshAt)
		}
		if longer := got(w.Course(t.Context(), w.admin, id, 6*time.Hour))(t); len(longer.Tokens) != 3 || longer.Tokens[0].ID != "tok_old" {
			t.Errorf("the tokens of six hours: %+v", longer.Tokens)
		}
		_, err := w.Course(t.Context(), adminOf(w.other), id, time.Hour)
		missing(t, "another tenant's connection", err)
		nobody := authmethods.NewCaller(w.acme.ID, authmethods.Actor{Kind: authmethods.ActorPerson, Name: "x"}, nil, "")
		if _, err := w.Course(t.Context(), nobody, id, time.Hour); authmethods.KindOf(err) != authmethods.Forbidden {
			t.Errorf("without a right: %v", err)
		}
	})
}

func TestAFailedRefreshIsPartOfTheCourse(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		id := w.install(t).Connection
		w.exec(t, "UPDATE grants SET failed_at = 1000000, failures = 2, failure_code = 'provider_down', broken_at = 2000000")
		course := got(w.Course(t.Context(), w.admin, id, time.Hour))(t)
		if course.FailedAt.Unix() != 1 || course.BrokenAt.Unix() != 2 {
			t.Errorf("failed at %v, broken at %v", course.FailedAt, course.BrokenAt)
		}
	})
}

func TestWhatWasLentIsCountedByConnection(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		id := w.install(t).Connection
		ledger := store.Ledger{Store: w.Store}
		for i, service := range []authmethods.ID{"sa_1", "sa_2", "sa_1"} {
			b := tokens.Borrowing{
				Tenant: w.acme.ID, Connection: id, Token: []authmethods.ID{"tok_1", "tok_1", "tok_2"}[i], Service: service,
				ServiceName: "dialler", ExpiresAt: time.Now().Add(time.Hour),
			}
			got(ledger.First(t.Context(), b))(t)
			must(t, ledger.Add(t.Context(), []tokens.Repeated{{Borrowing: b, Loans: 9}}))
		}
		lent := got(w.Lent(t.Context(), w.admin, time.Hour))(t)
		if want := (store.Lent{Borrowers: 2, Tokens: 2, Loans: 30}); lent[id] != want || len(lent) != 1 {
			t.Errorf("%+v were lent, want %+v", lent, want)
		}
		if other := got(w.Lent(t.Context(), adminOf(w.other), time.Hour))(t); len(other) != 0 {
			t.Errorf("another tenant sees %+v", other)
		}
		for name, c := range map[string]struct {
			who  authmethods.Caller
			of   authmethods.ID
			want store.Lent
		}{
			"its own": {w.admin, id, lent[id]}, "of another connection": {w.admin, "conn_other", store.Lent{}}, "of another tenant's": {adminOf(w.other), id, store.Lent{}},
		} {
			if one := got(w.LentOf(t.Context(), c.who, c.of, time.Hour))(t); one != c.want {
				t.Errorf("%s: %+v, want %+v", name, one, c.want)
			}
		}
		w.exec(t, "UPDATE loans SET token_expires_at = NULL") // tokens that never end
		if endless := got(w.Lent(t.Context(), w.admin, time.Hour))(t); endless[id] != lent[id] {
			t.Errorf("of tokens that never end: %+v", endless)
		}
		w.exec(t, "UPDATE loans SET token_expires_at = 1 WHERE token_id = 'tok_2'")
		if one := got(w.LentOf(t.Context(), w.admin, id, time.Hour))(t); one != (store.Lent{Borrowers: 2, Tokens: 1, Loans: 20}) {
			t.Errorf("of the token that has not ended: %+v", one)
		}
		w.exec(t, "UPDATE loans SET last_lent_at = 1")
		if earlier := got(w.Lent(t.Context(), w.admin, time.Hour))(t); len(earlier) != 0 {
			t.Errorf("of the last hour: %+v", earlier)
		}
	})
}
