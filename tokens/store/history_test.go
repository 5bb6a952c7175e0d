package store_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

func TestWhatBecameOfAConnectionIsKeptByTheHour(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		connection := w.install(t).Connection
		s := w.slot(t, w.Store)
		for _, f := range []tokens.Failure{
			{Code: authmethods.CodeProviderThrottled}, {Code: authmethods.CodeProviderDown},
			{Verdict: tokens.ClientRejected, Code: authmethods.CodeClientRejected}, {Verdict: tokens.GrantLost, Code: authmethods.CodeGrantLost},
		} {
			claim(t, s, time.Minute)
			if !got(s.SetBack(t.Context(), tokens.Setback{Epoch: load(t, s).Epoch, Failure: f, RetryAt: time.Now()}))(t) {
				t.Fatal("the failure is not on record")
			}
		}
		l := store.Ledger{Store: w.Store}
		for range 2 { // the second time adds to what is there
			l.Paced(tokens.Pace{Tenant: w.acme.ID, Connection: connection, AtHand: tokens.Paced{5, 0, 1}, Asked: tokens.Paced{0, 0, 0, 2}})
			l.Paced(tokens.Pace{Tenant: w.acme.ID, Connection: "conn_gone", AtHand: tokens.Paced{1}})
			if err := w.Store.FlushHistory(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var sum store.Hour
		for _, h := range got(w.Store.Past(t.Context(), w.admin, connection, 24*time.Hour))(t) {
			sum.Throttled += h.Throttled
			sum.ProviderDown += h.ProviderDown
			sum.ClientRejected += h.ClientRejected
			sum.GrantLost += h.GrantLost
			for i := range h.AtHand {
				sum.AtHand[i] += h.AtHand[i]
				sum.Asked[i] += h.Asked[i]
			}
		}
		want := store.Hour{Throttled: 1, ProviderDown: 1, ClientRejected: 1, GrantLost: 1, AtHand: tokens.Paced{10, 0, 2}, Asked: tokens.Paced{0, 0, 0, 4}}
		if sum != want {
			t.Errorf("the hours add up to %+v, want %+v", sum, want)
		}
		var failed int64
		for _, x := range got(w.Store.Troubles(t.Context(), w.admin, 24*time.Hour))(t)[connection] {
			failed += x.Failed
		}
		if failed != 4 {
			t.Errorf("%d failures in the hours of trouble, want 4", failed)
		}
		if more := got(w.Store.Past(t.Context(), adminOf(w.other), connection, 24*time.Hour))(t); len(more) != 0 {
			t.Errorf("another tenant reads %+v", more)
		}
		w.exec(t, "UPDATE connection_hours SET hour = 3600000000")
		if err := w.Store.Prune(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if n := w.bytes(t, "SELECT count(*) FROM connection_hours"); string(n) != "0" {
			t.Errorf("%s hours are kept for ever", n)
		}
	})
}

func TestTheTimeWithoutATokenIsCountedWhenItEnds(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		connection := w.install(t).Connection
		now := time.Now()
		w.exec(t, fmt.Sprintf("UPDATE grants SET failures = 9, failure_code = 'provider_down', failed_at = %d, expires_at = %d, issued_at = %d",
			now.Add(-time.Minute).UnixMicro(), now.Add(-90*time.Minute).UnixMicro(), now.Add(-150*time.Minute).UnixMicro()))
		s := w.slot(t, w.Store)
		seen := got(w.Store.Connection(t.Context(), w.admin, connection))(t)
		if gap := now.Sub(seen.LackingSince); gap < time.Minute || gap > 2*time.Hour {
			t.Errorf("a token is lacking for %s", gap)
		}
		a := claim(t, s, time.Minute)
		if !got(s.Succeed(t.Context(), renewed(load(t, s).Epoch, a.ID, "1000.back", "")))(t) {
			t.Fatal("the success is not on record")
		}
		if err := w.Store.FlushHistory(t.Context()); err != nil {
			t.Fatal(err)
		}
		var missing time.Duration
		for _, x := range got(w.Store.Troubles(t.Context(), w.admin, 24*time.Hour))(t)[connection] {
			missing += x.Missing
		}
		if want := now.Sub(seen.LackingSince); missing < want-time.Second || missing > want+time.Minute {
			t.Errorf("%s without a token are on record, want %s", missing, want)
		}
		if again := got(w.Store.Connection(t.Context(), w.admin, connection))(t); !again.LackingSince.IsZero() {
			t.Error("a token is still lacking")
		}
	})
}
