package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/sso/session"
	"latchkey/test/storage"
)

func TestASessionTellsWhoIsSignedIn(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, made := w.begin(t, bySSO())
		p := w.find(t, cookie)
		if diff := cmp.Diff(made, p.Session); diff != "" {
			t.Errorf("begun (-) and found (+):\n%s", diff)
		}
		if life := made.ExpiresAt.Sub(made.CreatedAt).Round(time.Second); life != 12*time.Hour {
			t.Errorf("it lasts %v", life)
		}
		want := session.Person{
			ID: marie, UserName: "name of usr_marie", Email: "usr_marie@acme.example", DisplayName: "The usr_marie", Language: "fr", Theme: "dark",
		}
		if p.User != want || p.Tenant != acme || p.Connector != "zoho" || fmt.Sprint(p.Roles) != "[auditor user]" {
			t.Errorf("found %+v in %s by %q with %v", p.User, p.Tenant, p.Connector, p.Roles)
		}
		cookie, _ = w.begin(t, byPassword(paul))
		p = w.find(t, cookie)
		if p.Connector != "" || p.Session.Means != session.Password || !p.Session.SecondFactor {
			t.Errorf("by %q with %q and a second proof: %t", p.Connector, p.Session.Means, p.Session.SecondFactor)
		}
		if n := w.actions(t)["session.began"]; n != 2 {
			t.Errorf("%d beginnings in the log", n)
		}
	})
}

func TestABrowserMayDescribeItselfByAnything(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		for given, want := range map[string]string{
			"":                             "",
			"a\x00b\xffc":                  "abc",
			strings.Repeat("x", 255) + "é": strings.Repeat("x", 255),
			strings.Repeat("y", 5000):      strings.Repeat("y", 256),
		} {
			from := bySSO()
			from.UserAgent = given
			cookie, made := w.begin(t, from)
			if stored := w.find(t, cookie).Session.UserAgent; made.UserAgent != want || stored != want {
				t.Errorf("of %.20q became %.20q", given, stored)
			}
		}
	})
}

// reasons are why somebody is not signed in any more, as SQL.
var reasons = map[string]string{
	"the session was ended":              "UPDATE sessions SET ended_at = 1",
	"the session is over":                "UPDATE sessions SET expires_at = {now} - 1",
	"the session was idle":               "UPDATE sessions SET seen_at = {now} - idle_micros - 1",
	"the user is disabled":               "UPDATE users SET disabled_at = 1 WHERE id = 'usr_marie'",
	"the user was changed":               "UPDATE users SET version = version + 1 WHERE id = 'usr_marie'",
	"the connector is disabled":          "UPDATE sso_connectors SET disabled_at = 1",
	"the connector is gone":              "UPDATE sessions SET connector_id = 'cn_gone'",
	"the user may not use the connector": "DELETE FROM user_connectors",
	"another may use the connector":      "UPDATE user_connectors SET user_id = 'usr_paul'",
	"the tenant is disabled":             "UPDATE tenants SET disabled_at = 1 WHERE slug = 'acme'",
	"the tenant is deleted":              "UPDATE tenants SET deleted_at = 1 WHERE slug = 'acme'",
}

func TestEachReasonByItselfEndsASession(t *testing.T) {
	for reason, statement := range reasons {
		t.Run(reason, func(t *testing.T) {
			inEach(t, func(t *testing.T, w *world) {
				cookie, made := w.begin(t, bySSO())
				w.find(t, cookie)
				ticket := got(w.IssueTicket(t.Context(), as(acme, marie), made.ID, "", ""))(t)
				if w.raw(t, strings.ReplaceAll(statement, "{now}", w.dbNow())) == 0 {
					t.Fatal("nothing was changed")
				}
				w.gone(t, cookie)
				_, err := w.Redeem(t.Context(), as(acme, ""), ticket)
				missing(t, err)
			})
		})
	}
}

func TestAConnectorForEverybodyNeedsNoAssociation(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.raw(t, "UPDATE sso_connectors SET admission = 'mapped'")
		w.raw(t, "DELETE FROM user_connectors")
		cookie, _ := w.begin(t, bySSO())
		w.find(t, cookie)
		w.raw(t, "UPDATE sso_connectors SET admission = 'something later'")
		w.gone(t, cookie)
	})
}

func TestAUserWhoChangedDuringTheSignInIsRefused(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		for name, from := range map[string]session.Start{
			"another version": {User: marie, UserVersion: 2},
			"nobody":          {User: "usr_none", UserVersion: 3},
			"another's user":  {User: "usr_else", UserVersion: 3},
		} {
			_, _, err := w.Begin(t.Context(), as(acme, from.User), from)
			t.Log(name)
			notSignedIn(t, err)
		}
		w.raw(t, "UPDATE users SET disabled_at = 1")
		_, _, err := w.Begin(t.Context(), as(acme, marie), bySSO())
		notSignedIn(t, err)
		if n := w.one(t, "SELECT count(*) FROM sessions"); n != 0 || w.actions(t)["session.began"] != 0 {
			t.Errorf("%d sessions began", n)
		}
	})
}

func TestACookieIsGoodInItsTenantAndForItsPurposeOnly(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, made := w.begin(t, bySSO())
		_, err := w.Find(t.Context(), other, cookie)
		notSignedIn(t, err)
		_, err = w.FindVisitor(t.Context(), acme, cookie)
		notSignedIn(t, err)
		_, form, err := w.NewVisitor(t.Context(), acme)
		must(t, err)
		w.gone(t, form.Reveal())
		for _, junk := range []string{"", "x", string(made.ID), cookie[1:], cookie + "A", strings.ToUpper(cookie), strings.Repeat("A", 5000)} {
			w.gone(t, junk)
		}
		plain, sys := storage.Open(t, w.url), w.sys
		without := session.New(session.Options{DB: plain, System: sys, Vault: vault.New(w.ring), PublicURL: "http://{tenant}.localhost"})
		if s, p := w.CookieName(session.SessionCookie), without.CookieName(session.SessionCookie); s != "__Host-latchkey" || p != "latchkey" {
			t.Errorf("the cookies are %q and %q", s, p)
		}
		_, err = without.Find(t.Context(), acme, cookie)
		notSignedIn(t, err)
	})
}

//
func TestTheSecretOfASessionIsStoredNowhere(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, _ := w.begin(t, bySSO())
		ticket := got(w.IssueTicket(t.Context(), as(acme, marie), w.find(t, cookie).Session.ID, "", ""))(t)
		for _, text := range []string{cookie, ticket.Reveal()} {
			if where := storage.FindText(t, w.url, text); where != "" {
				t.Errorf("a secret stands in %s", where)
			}
		}
	})
}

func TestUseIsWrittenDownOnceAMinute(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, made := w.begin(t, bySSO())
		seen := func() int64 { return w.one(t, "SELECT seen_at FROM sessions") }
		first := seen()
		w.find(t, cookie)
		if seen() != first {
			t.Error("written down at once")
		}
		w.raw(t, "UPDATE sessions SET seen_at = seen_at - 59000000")
		w.find(t, cookie)
		if seen() != first-59_000_000 {
			t.Error("written down before a minute was over")
		}
		w.raw(t, "UPDATE sessions SET seen_at = seen_at - 2000000")
		w.find(t, cookie)
		if seen() < first {
			t.Error("not written down after a minute")
		}
		if n := w.one(t, "SELECT expires_at FROM sessions"); n != made.ExpiresAt.UnixMicro() {
			t.Error("use made the session longer")
		}
	})
}

func TestASessionIsFoundWhereItsUseCannotBeWrittenDown(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, _ := w.begin(t, bySSO())
		w.raw(t, "UPDATE sessions SET seen_at = seen_at - 120000000")
		before := w.one(t, "SELECT seen_at FROM sessions")
		w.readOnly(t, "sessions")
		w.find(t, cookie)
		if w.one(t, "SELECT seen_at FROM sessions") != before {
			t.Error("it was written down")
		}
	})
}

func TestADatabaseThatDoesNotAnswerSignsNobodyOut(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		cookie, _ := w.begin(t, bySSO())
		d := storage.Open(t, w.url)
		away := session.New(session.Options{DB: d, System: db.NewSystem(d), Vault: vault.New(w.ring), PublicURL: "https://{tenant}.latchkey.test"})
		got(away.Find(t.Context(), acme, cookie))(t)
		must(t, d.Close())
		_, err := away.Find(t.Context(), acme, cookie)
		if kind := authmethods.KindOf(err); err == nil || kind == authmethods.Unauthenticated {
			t.Errorf("got %v", err)
		}
	})
}
