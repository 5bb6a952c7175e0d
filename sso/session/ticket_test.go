package session_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
)

func TestATicketTellsOnceWhoseSessionItIs(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, made := w.begin(t, bySSO())
		ticket := got(w.IssueTicket(t.Context(), as(acme, marie), made.ID, "sin_1", "https://desk.example/x"))(t)
		_, err := w.Redeem(t.Context(), as(other, ""), ticket)
		missing(t, err)
		r := got(w.Redeem(t.Context(), as(acme, ""), ticket))(t)
		if r.User.ID != marie || r.Session.ID != made.ID || r.SignIn != "sin_1" || r.ReturnTo != "https://desk.example/x" || r.Connector != "zoho" {
			t.Errorf("it told %+v", r)
		}
		if r.CheckFormToken("any", r.FormToken("any")) {
			t.Error("a ticket can send forms")
		}
		for _, again := range []secret.Text{ticket, secret.New("none"), {}} {
			_, err = w.Redeem(t.Context(), as(acme, ""), again)
			missing(t, err)
		}
	})
}

func TestATicketIsOverAfterAMinute(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, made := w.begin(t, bySSO())
		ticket := got(w.IssueTicket(t.Context(), as(acme, marie), made.ID, "", ""))(t)
		if life := w.one(t, "SELECT expires_at - created_at FROM tickets"); life < 59_999_000 || life > 60_001_000 {
			t.Errorf("it lasts %d µs", life)
		}
		w.raw(t, strings.ReplaceAll("UPDATE tickets SET expires_at = {now} - 1", "{now}", w.dbNow()))
		_, err := w.Redeem(t.Context(), as(acme, ""), ticket)
		missing(t, err)
	})
}

func TestNoTicketIsIssuedForASessionThatEnded(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, made := w.begin(t, bySSO())
		must(t, w.End(t.Context(), as(acme, marie), made.ID))
		_, err := w.IssueTicket(t.Context(), as(acme, marie), made.ID, "", "")
		missing(t, err)
		_, over := w.begin(t, bySSO())
		w.raw(t, "UPDATE sessions SET expires_at = 1")
		_, err = w.IssueTicket(t.Context(), as(acme, marie), over.ID, "", "")
		missing(t, err)
		_, err = w.IssueTicket(t.Context(), as(other, marie), over.ID, "", "")
		missing(t, err)
	})
}

func TestOfAHundredWhoRedeemOneTicketOneGetsIt(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		replica, _ := w.process(t)
		_, made := w.begin(t, bySSO())
		ticket := got(w.IssueTicket(t.Context(), as(acme, marie), made.ID, "", ""))(t)
		var won, lost atomic.Int64
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				s := w.Sessions
				if i%2 == 1 {
					s = replica
				}
				switch _, err := s.Redeem(t.Context(), as(acme, ""), ticket); {
				case err == nil:
					won.Add(1)
				case authmethods.KindOf(err) == authmethods.NotFound:
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || lost.Load() != 99 {
			t.Errorf("%d got it and %d did not", won.Load(), lost.Load())
		}
	})
}
