package session_test

import (
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso/session"
)

func TestWhatEndsASessionEndsItOnEveryReplicaAtOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		replica, _ := w.process(t)
		cookie, made := w.begin(t, bySSO())
		got(replica.Find(t.Context(), acme, cookie))(t)
		must(t, w.End(t.Context(), as(acme, marie), made.ID))
		_, err := replica.Find(t.Context(), acme, cookie)
		notSignedIn(t, err)
		missing(t, w.End(t.Context(), as(acme, marie), made.ID))
		if n := w.actions(t)["session.ended"]; n != 1 {
			t.Errorf("%d ends in the log", n)
		}
	})
}

func TestSessionsAreEndedByTheirOwnersAndByWhoMay(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, made := w.begin(t, bySSO())
		missing(t, w.End(t.Context(), as(acme, paul, authmethods.ViewUsers), made.ID))
		missing(t, w.End(t.Context(), as(acme, ""), made.ID))
		missing(t, w.End(t.Context(), as(other, marie, authmethods.AdminRights...), made.ID))
		missing(t, w.End(t.Context(), as(acme, marie), "ses_none"))
		service := authmethods.NewCaller(acme, authmethods.Actor{Kind: authmethods.ActorService, ID: marie}, nil, "")
		missing(t, w.End(t.Context(), service, made.ID))
		_, err := w.EndAllOf(t.Context(), as(acme, paul, authmethods.ViewUsers), marie)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		_, err = w.EndOthers(t.Context(), service, "")
		missing(t, err)
		if n := got(w.EndAllOf(t.Context(), as(other, "usr_else", authmethods.AdminRights...), marie))(t); n != 0 {
			t.Errorf("another tenant ended %d", n)
		}
		w.find(t, cookie)
		must(t, w.End(t.Context(), as(acme, paul, authmethods.ModifyUsers), made.ID))
		w.gone(t, cookie)
	})
}

func TestTheOthersEndAndThisOneStays(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		one, kept := w.begin(t, bySSO())
		two, _ := w.begin(t, byPassword(marie))
		pauls, _ := w.begin(t, byPassword(paul))
		if n := got(w.EndOthers(t.Context(), as(acme, marie), kept.ID))(t); n != 1 {
			t.Errorf("%d ended", n)
		}
		w.find(t, one)
		w.gone(t, two)
		if n := got(w.EndAllOf(t.Context(), as(acme, marie), marie))(t); n != 1 {
			t.Errorf("%d ended", n)
		}
		w.gone(t, one)
		w.find(t, pauls)
		if n := w.actions(t)["session.ended"]; n != 2 {
			t.Errorf("%d ends in the log", n)
		}
	})
}

//
func TestAProvidersLogoutEndsWhatBeganThere(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	for name, c := range map[string]struct {
		logout session.ProviderLogout
		ends   int
	}{
		"its session":           {session.ProviderLogout{Issuer: issuer, SID: "sid-1", Until: now}, 1},
		"its subject":           {session.ProviderLogout{Issuer: issuer, Subject: "4711", Until: now}, 2},
		"session and subject":   {session.ProviderLogout{Issuer: issuer, SID: "sid-2", Subject: "4711", Until: now}, 1},
		"another issuer":        {session.ProviderLogout{Issuer: "https://accounts.zoho.com", SID: "sid-1", Until: now}, 0},
		"another's subject":     {session.ProviderLogout{Issuer: "https://accounts.zoho.com", Subject: "4711", Until: now}, 0},
		"an unknown subject":    {session.ProviderLogout{Issuer: issuer, Subject: "4712", Until: now}, 0},
		"a session of nobody's": {session.ProviderLogout{Issuer: issuer, SID: "sid-3", Until: now}, 0},
		// A logout token that is presented again.
		"its session, before it began": {session.ProviderLogout{Issuer: issuer, SID: "sid-1", Until: now.Add(-time.Second)}, 0},
		"its subject, before it began": {session.ProviderLogout{Issuer: issuer, Subject: "4711", Until: now.Add(-time.Second)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inEach(t, func(t *testing.T, w *world) {
				first, second := bySSO(), bySSO()
				second.ProviderSID = "sid-2"
				first.ProvedAt, second.ProvedAt = now, now
				w.begin(t, first)
				w.begin(t, second)
				local, _ := w.begin(t, byPassword(marie))
				n := got(w.EndByProvider(t.Context(), as(acme, ""), c.logout))(t)
				left := w.one(t, "SELECT count(*) FROM sessions WHERE ended_at IS NULL")
				if n != c.ends || left != int64(3-c.ends) || w.actions(t)["session.ended"] != c.ends {
					t.Errorf("%d ended and %d left, want %d ended", n, left, c.ends)
				}
				w.find(t, local)
			})
		})
	}
}

func TestALogoutOfNothingEndsNothing(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		cookie, _ := w.begin(t, byPassword(marie)) // which has neither issuer nor session
		for _, l := range []session.ProviderLogout{{}, {Issuer: issuer, Until: now}, {SID: "sid-1", Until: now}, {Subject: "4711", Until: now}, {Issuer: issuer, SID: "sid-1"}} {
			_, err := w.EndByProvider(t.Context(), as(acme, ""), l)
			refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		}
		w.find(t, cookie)
	})
}

func TestTheListHoldsTheSessionsInForce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		_, first := w.begin(t, bySSO())
		_, second := w.begin(t, byPassword(marie))
		_, ended := w.begin(t, byPassword(marie))
		_, idle := w.begin(t, byPassword(marie))
		w.begin(t, byPassword(paul))
		must(t, w.End(t.Context(), as(acme, marie), ended.ID))
		w.raw(t, "UPDATE sessions SET seen_at = 1 WHERE id = '"+string(idle.ID)+"'")
		for _, c := range []authmethods.Caller{as(acme, marie), as(acme, paul, authmethods.ViewUsers)} {
			list := got(w.List(t.Context(), c, marie))(t)
			if len(list) != 2 || list[0] != first && list[1] != first || list[0] != second && list[1] != second {
				t.Errorf("listed %+v", list)
			}
		}
		_, err := w.List(t.Context(), as(acme, paul), marie)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		if list := got(w.List(t.Context(), as(other, "usr_else", authmethods.AdminRights...), marie))(t); len(list) != 0 {
			t.Errorf("another tenant saw %+v", list)
		}
		_, err = w.List(t.Context(), authmethods.Caller{}, "")
		if err == nil {
			t.Error("nobody saw a list")
		}
	})
}

func TestARotationKeepsTheSessionAndKillsItsSecret(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		old, made := w.begin(t, bySSO())
		elsewhere, _ := w.begin(t, byPassword(marie))
		token := w.find(t, old).FormToken("profile")
		w.raw(t, "UPDATE users SET version = 4 WHERE id = 'usr_marie'")
		fresh := got(w.Rotate(t.Context(), as(acme, marie), made.ID, 4))(t).Reveal()
		w.gone(t, old)
		w.gone(t, elsewhere)
		p := w.find(t, fresh)
		if p.Session.ID != made.ID || !p.Session.ExpiresAt.Equal(made.ExpiresAt) {
			t.Errorf("became %+v", p.Session)
		}
		if p.CheckFormToken("profile", token) {
			t.Error("a form from before is still accepted")
		}
		_, err := w.Rotate(t.Context(), as(acme, paul, authmethods.AdminRights...), made.ID, 4)
		missing(t, err)
		_, err = w.Rotate(t.Context(), as(other, marie), made.ID, 4)
		missing(t, err)
		must(t, w.End(t.Context(), as(acme, marie), made.ID))
		_, err = w.Rotate(t.Context(), as(acme, marie), made.ID, 4)
		missing(t, err)
		w.raw(t, "UPDATE sessions SET ended_at = NULL, expires_at = 1")
		_, err = w.Rotate(t.Context(), as(acme, marie), made.ID, 4)
		missing(t, err)
		if n := w.actions(t)["session.rotated"]; n != 1 {
			t.Errorf("%d rotations in the log", n)
		}
	})
}
