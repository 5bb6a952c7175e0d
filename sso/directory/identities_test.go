package directory_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
)

func TestAnAccountIsPinnedToOneUserAndAUserHasOnePerConnector(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		c := w.connector(t, "zoho")
		w.connector(t, "entra")
		w.user(t, "marie@acme.fr")
		w.user(t, "paul")
		first := sso.Subject{Issuer: "https://id.example", ID: "1"}
		pin := got(acme.Pin(ctx, "marie@acme.fr", "zoho", first))(t)
		if !pin.ByHand || pin.Subject != first {
			t.Errorf("pinned %+v", pin)
		}
		for what, why := range map[string]string{"paul zoho 1": "marie@acme.fr", "paul entra 1": "marie@acme.fr", "marie@acme.fr zoho 2": "Another account"} {
			p := strings.Fields(what)
			_, err := acme.Pin(ctx, p[0], p[1], sso.Subject{Issuer: first.Issuer, ID: p[2]})
			refused(t, err, authmethods.Conflict, authmethods.CodeConflict)
			if !strings.Contains(err.Error(), why) {
				t.Errorf("%s: %v", what, err)
			}
		}
		// The pin decides, whatever the claims say, also for somebody whose claims were
		// never seen.
		if known := got(acme.KnownTo(ctx, "zoho", "", 0))(t); len(known) != 1 || len(known[0].Claims) != 0 {
			t.Errorf("known is %+v", known)
		}
		r := got(w.door(t).Admit(ctx, c, proof(c, "1", "nobody@acme.fr")))(t)
		if r.User.UserName != "marie@acme.fr" || r.Identity != pin.ID || !r.User.Identities[0].ByHand {
			t.Errorf("admitted %+v", r)
		}
		w.hangOn(t, r.User.ID, c.ID)
		w.raw(t, "UPDATE sessions SET identity_id = '"+string(pin.ID)+"'")
		refused(t, acme.Unpin(ctx, "paul", pin.ID), authmethods.NotFound, authmethods.CodeNotFound)
		refused(t, w.adminOfOther(t).Unpin(ctx, string(r.User.ID), pin.ID), authmethods.NotFound, authmethods.CodeNotFound)
		must(t, acme.Unpin(ctx, "marie@acme.fr", pin.ID))
		if n := w.count(t, "sessions WHERE ended_at IS NULL"); n != 0 {
			t.Error("a session outlived the account that it began with")
		}
		got(acme.Pin(ctx, "paul", "entra", first))(t)
	})
}

func TestASubjectIsWhatTheStandardAllows(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.connector(t, "zoho")
		w.user(t, "marie")
		for pointer, s := range map[string]sso.Subject{
			"/issuer":  {ID: "1"},
			"/subject": {Issuer: "https://id.example", ID: strings.Repeat("1", 256)},
		} {
			_, err := w.admin(t).Pin(t.Context(), "marie", "zoho", s)
			invalid(t, err, pointer)
		}
		_, err := w.admin(t).Pin(t.Context(), "marie", "zoho", sso.Subject{Issuer: "https://id.example", ID: "é"})
		invalid(t, err, "/subject")
		_, err = w.admin(t).Pin(t.Context(), "marie", "nowhere", sso.Subject{Issuer: "https://id.example", ID: "1"})
		invalid(t, err, "/connector")
	})
}

func TestSettingsAreTheDefaultsUntilSomebodyDecides(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		w.connector(t, "zoho")
		s := got(acme.Settings(ctx))(t)
		if s.Rev != 0 || s.SessionIdle != 30*time.Minute || !s.LocalLogin {
			t.Errorf("the defaults are %+v", s)
		}
		s.SessionIdle, s.StraightTo, s.ReturnAddresses = time.Hour, "zoho", []string{"https://desk.acme.fr"}
		first := got(acme.ChangeSettings(ctx, 0, s))(t)
		_, err := acme.ChangeSettings(ctx, 0, s)
		refused(t, err, authmethods.Stale, authmethods.CodeStale)
		if same := got(acme.ChangeSettings(ctx, first.Rev, s))(t); same.Rev != first.Rev {
			t.Errorf("a change that changes nothing counted as one: %+v", same)
		}
		s.SessionIdle = 2 * time.Hour
		second := got(acme.ChangeSettings(ctx, first.Rev, s))(t)
		if now := got(w.door(t).SettingsNow(ctx))(t); now.Rev != second.Rev || second.Rev != 2 || now.SessionIdle != 2*time.Hour {
			t.Errorf("stored is %+v", now)
		}
		s.SessionIdle = time.Second
		_, err = acme.ChangeSettings(ctx, -1, s)
		invalid(t, err, "/session_idle")
		s.SessionIdle, s.StraightTo = time.Hour, "nowhere"
		_, err = acme.ChangeSettings(ctx, -1, s)
		invalid(t, err, "/straight_to")
		if other := got(w.adminOfOther(t).Settings(ctx))(t); other.Rev != 0 {
			t.Errorf("another tenant has %+v", other)
		}
	})
}
