package store_test

import (
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

func TestARevokedConnectionHoldsNoTokensAndLendsNothing(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		id := w.install(t).Connection
		s := w.slot(t, w.Store)
		a := claim(t, s, time.Hour)
		under := load(t, s).Epoch
		refresh, access, err := w.Revoke(t.Context(), w.admin, id)
		if err != nil || refresh.Reveal() != firstRefresh || access.Reveal() != firstAccess {
			t.Fatalf("gave back other tokens: %v", err)
		}
		if ok, err := s.Succeed(t.Context(), renewed(under, a.ID, "1000.late", "1000.late-refresh")); ok || err != nil {
			t.Errorf("an answer under way brought it back: %t, %v", ok, err)
		}
		g, now, err := s.Load(t.Context())
		must(t, err)
		if d := tokens.Decide(tokens.DefaultPolicy, &g, tokens.Want{}, now); d.Step != tokens.Fail || g.State(now) != tokens.Revoked || !g.RefreshToken.IsZero() || !g.Access.Value.IsZero() {
			t.Errorf("step %d, state %s", d.Step, g.State(now))
		}
		if n := w.bytes(t, "SELECT count(*) FROM grants WHERE refresh_token IS NOT NULL OR access_token IS NOT NULL"); string(n) != "0" {
			t.Error("a token is left in the database")
		}
		refresh, access, err = w.Revoke(t.Context(), w.admin, id)
		if err != nil || !refresh.IsZero() || !access.IsZero() {
			t.Errorf("revoked again: %v", err)
		}
		if c, err := w.Connection(t.Context(), w.admin, id); err != nil || c.State != tokens.Revoked {
			t.Errorf("shown as %s, %v", c.State, err)
		}
		w.install(t)
		if g := load(t, w.slot(t, w.Store)); g.Broken != "" || g.Access.Value.Reveal() != firstAccess {
			t.Error("approving again does not bring it back")
		}
	})
}

func TestNobodyRevokesWithoutTheRightOrFromOutside(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		id := w.install(t).Connection
		viewer := authmethods.NewCaller(w.acme.ID, authmethods.Actor{}, authmethods.Rights{authmethods.ViewMethods}, "")
		if _, _, err := w.Revoke(t.Context(), viewer, id); authmethods.KindOf(err) != authmethods.Forbidden {
			t.Errorf("a viewer: %v", err)
		}
		_, _, err := w.Revoke(t.Context(), adminOf(w.other), id)
		missing(t, "another tenant's administrator", err)
		_, err = w.Connection(t.Context(), adminOf(w.other), id)
		missing(t, "another tenant's administrator", err)
		if list, err := w.Connections(t.Context(), adminOf(w.other), store.ConnectionQuery{Limit: 10}); err != nil || len(list) != 0 {
			t.Errorf("another tenant lists %d connections, %v", len(list), err)
		}
		if g := load(t, w.slot(t, w.Store)); g.Broken != "" {
			t.Error("it was revoked")
		}
	})
}

func TestATokenIsFoundByItsPublicIDInItsTenantOnly(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		d := store.Directory{Store: w.Store}
		id := load(t, w.slot(t, w.Store)).Access.ID
		for _, owner := range []authmethods.TenantID{w.acme.ID, authmethods.Platform} {
			issued, err := d.FindToken(t.Context(), owner, id)
			if err != nil || issued.Method != "zoho-desk" || issued.TenantID != w.acme.ID || issued.Subject != tokens.TenantSubject {
				t.Errorf("as %s: %+v, %v", owner, issued.Loanable, err)
			}
		}
		_, foreign := d.FindToken(t.Context(), w.other.ID, id)
		_, none := d.FindToken(t.Context(), w.other.ID, "tok_none")
		if authmethods.KindOf(foreign) != authmethods.NotFound || foreign.Error() != none.Error() {
			t.Errorf("another tenant is told %v, and %v of no token", foreign, none)
		}
	})
}

func TestTheQuotaCountsTheRequestsOfAGrantAndItsConsent(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		for range 3 {
			g := load(t, s)
			a := tokens.Attempt{ID: token.NewID("att"), Version: g.Version, At: time.Now(), Sent: g.Quota.With(time.Now())}
			if ok, err := s.Claim(t.Context(), g.Epoch, a, time.Hour); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if ok, err := s.Succeed(t.Context(), renewed(load(t, s).Epoch, a.ID, "1000.next", "")); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		q := load(t, s).Quota
		if q.Allowed != 8 || q.Window != 10*time.Minute || len(q.Sent) != 4 {
			t.Errorf("%+v, want four requests of eight in ten minutes", q)
		}
	})
}

func TestAServiceCannotNameAnotherTenant(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		d := store.Directory{Store: w.Store}
		ask := func(owner authmethods.TenantID, tenant string) error {
			_, err := d.Find(t.Context(), &authmethods.Service{ID: "sa_1", Tenant: owner}, tokens.LoanRequest{Tenant: tenant, Method: "zoho-desk", Environment: authmethods.Production, Subject: tokens.TenantSubject})
			return err
		}
		foreign, none := ask(w.other.ID, "acme"), ask(w.other.ID, "nobody")
		missing(t, "another tenant by name", foreign)
		if none == nil || foreign == nil || none.Error() != foreign.Error() {
			t.Errorf("told apart: %v, %v", foreign, none)
		}
		missing(t, "another tenant by id", ask(w.other.ID, string(w.acme.ID)))
		must(t, ask(authmethods.Platform, "acme"))
		must(t, ask(authmethods.Platform, string(w.acme.ID)))
		if err := ask(authmethods.Platform, ""); authmethods.KindOf(err) != authmethods.Invalid {
			t.Errorf("the platform without a tenant: %v", err)
		}
	})
}

func TestAnotherKeyIsNoReasonToGiveUp(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		id := w.install(t).Connection
		w.exec(t, "UPDATE grants SET access_token = refresh_token")
		c, err := w.Connection(t.Context(), w.admin, id)
		if err != nil || c.State != tokens.Degraded || c.Reason != authmethods.CodeKeyUnavailable {
			t.Errorf("%s %s, %v", c.State, c.Reason, err)
		}
		next := w.consent(t, verifying, never)
		_, err = w.Install(t.Context(), w.admin, store.Installation{
			Consent: next.ID, From: verifying, To: completed, MethodID: w.method.ID, Environment: authmethods.Production,
			Subject: tokens.TenantSubject, DataCentre: "eu", RefreshToken: secret.New("1000.r"),
		})
		must(t, err)
		if g := load(t, w.slot(t, w.Store)); g.RefreshToken.Reveal() != "1000.r" {
			t.Error("approving again does not mend it")
		}
	})
}
