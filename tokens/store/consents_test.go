package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

func hashOf(s string) token.Hash { return token.HashOf(secret.New(s)) }

// start sends a browser to the provider and must succeed.
func start(t testing.TB, w *world, id authmethods.ID, state, browser string) {
	t.Helper()
	ok, err := w.StartConsent(t.Context(), w.admin, id, []string{created, started}, started, store.Start{
		State: hashOf(state), Browser: hashOf(browser), CodeVerifier: secret.New("verifier of " + state), Issuer: "https://accounts.zoho.eu",
	})
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
}

func consume(t testing.TB, w *world, state, browser string) (store.Consent, error) {
	return w.ConsumeConsent(t.Context(), w.admin, hashOf(state), hashOf(browser), started, verifying)
}

//
func TestAStateIsTakenOnceByTheBrowserThatStarted(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		c := w.consent(t, created, never)
		start(t, w, c.ID, "state", "browser")
		before, _, err := w.Consent(t.Context(), w.admin, c.ID)
		must(t, err)
		_, err = consume(t, w, "state", "another browser")
		missing(t, "another browser's state", err)
		_, err = consume(t, w, "another state", "browser")
		missing(t, "an unknown state", err)
		_, err = w.ConsumeConsent(t.Context(), adminOf(w.other), hashOf("state"), hashOf("browser"), started, verifying)
		missing(t, "another tenant's state", err)
		if after, _, err := w.Consent(t.Context(), w.admin, c.ID); err != nil || after.Status != before.Status || after.CodeVerifier.IsZero() {
			t.Errorf("a wrong browser changed the consent: %s, %v", after.Status, err)
		}
		var took atomic.Int64
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				taken, err := consume(t, w, "state", "browser")
				switch {
				case err == nil && taken.CodeVerifier.Reveal() == "verifier of state" && taken.Issuer == "https://accounts.zoho.eu":
					took.Add(1)
				case authmethods.KindOf(err) != authmethods.NotFound:
					t.Errorf("%+v, %v", taken.ID, err)
				}
			})
		}
		wg.Wait()
		if took.Load() != 1 {
			t.Errorf("%d took the state", took.Load())
		}
		after, _, err := w.Consent(t.Context(), w.admin, c.ID)
		must(t, err)
		if after.Status != verifying || !after.CodeVerifier.IsZero() {
			t.Errorf("status %s, and the verifier is still there: %t", after.Status, !after.CodeVerifier.IsZero())
		}
	})
}

//
func TestAnExpiredConsentCannotBeStartedOrTaken(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		past := time.Now().Add(-time.Second)
		late := w.consent(t, created, past)
		if ok, err := w.StartConsent(t.Context(), w.admin, late.ID, []string{created, started}, started, store.Start{State: hashOf("s"), CodeVerifier: secret.New("v")}); ok || err != nil {
			t.Errorf("an expired consent was started: %t, %v", ok, err)
		}
		c := w.consent(t, created, never)
		start(t, w, c.ID, "state", "browser")
		w.exec(t, "UPDATE consents SET expires_at = 1 WHERE id = '"+string(c.ID)+"'")
		_, err := consume(t, w, "state", "browser")
		missing(t, "an expired state", err)
	})
}

func TestStartingAgainReplacesTheEarlierState(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		c := w.consent(t, created, never)
		start(t, w, c.ID, "first", "browser")
		start(t, w, c.ID, "second", "browser")
		_, err := consume(t, w, "first", "browser")
		missing(t, "a state that was replaced", err)
		if taken, err := consume(t, w, "second", "browser"); err != nil || taken.CodeVerifier.Reveal() != "verifier of second" {
			t.Error(err)
		}
		if ok, err := w.StartConsent(t.Context(), w.admin, c.ID, []string{created, started}, started, store.Start{State: hashOf("third"), CodeVerifier: secret.New("v")}); ok || err != nil {
			t.Errorf("a consent that was taken was started again: %t, %v", ok, err)
		}
	})
}

func TestAFailedConsentKeepsNoSecretAndFailsOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		c := w.consent(t, created, never)
		start(t, w, c.ID, "state", "browser")
		must(t, w.KeepAnswer(t.Context(), w.admin, c.ID, secret.New("answer")))
		fail := func() bool {
			return got(w.FailConsent(t.Context(), w.admin, c.ID, []string{created, started}, failed, authmethods.CodeApprovalDeclined, "Declined."))(t)
		}
		if !fail() || fail() {
			t.Error("did not fail exactly once")
		}
		after, _, err := w.Consent(t.Context(), w.admin, c.ID)
		if err != nil || after.Status != failed || after.Code != authmethods.CodeApprovalDeclined || after.FinishedAt.IsZero() || !after.CodeVerifier.IsZero() {
			t.Errorf("%s %s, %v", after.Status, after.Code, err)
		}
		_, err = consume(t, w, "state", "browser")
		missing(t, "the state of a failed consent", err)
		if rest := w.bytes(t, "SELECT count(*) FROM consents WHERE answer IS NOT NULL OR state_hash IS NOT NULL"); string(rest) != "0" {
			t.Errorf("%s secrets are left", rest)
		}
	})
}

func TestAChoiceKeepsTheOutcomeUntilItIsMade(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		c := w.consent(t, verifying, time.Now().Add(-time.Hour))
		must(t, w.KeepAnswer(t.Context(), w.admin, c.ID, secret.New("answer")))
		list := []tokens.Organization{{ID: "1", Name: "Acme"}, {ID: "2", Name: "Acme test"}}
		if ok, err := w.AwaitChoice(t.Context(), w.admin, c.ID, verifying, "choosing", secret.New("outcome"), list); !ok || err != nil {
			t.Fatal(ok, err)
		}
		after, now, err := w.Consent(t.Context(), w.admin, c.ID)
		must(t, err)
		if after.Outcome.Reveal() != "outcome" || len(after.Organizations) != 2 || !after.ExpiresAt.After(now) {
			t.Errorf("%d organisations until %s", len(after.Organizations), after.ExpiresAt)
		}
	})
}

func TestAConsentIsInstalledOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		c := w.consent(t, verifying, never)
		n := store.Installation{Consent: c.ID, From: verifying, To: completed, MethodID: w.method.ID, Environment: authmethods.Production,
			Subject: tokens.TenantSubject, DataCentre: "eu", RefreshToken: secret.New("1000.r")}
		first := got(w.Install(t.Context(), w.admin, n))(t)
		epoch := load(t, w.slot(t, w.Store)).Epoch
		if _, err := w.Install(t.Context(), w.admin, n); authmethods.KindOf(err) != authmethods.Conflict {
			t.Errorf("installed twice: %v", err)
		}
		if g := load(t, w.slot(t, w.Store)); g.Epoch != epoch {
			t.Error("an installation that was refused left a trace")
		}
		if after, _, err := w.Consent(t.Context(), w.admin, c.ID); err != nil || after.Status != completed || after.Connection != first.Connection {
			t.Errorf("%s, %v", after.Status, err)
		}
	})
}

func TestReconnectingFencesOffAnswersUnderWay(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		first := w.install(t)
		s := w.slot(t, w.Store)
		a := claim(t, s, time.Hour)
		under := load(t, s)
		c := w.consent(t, verifying, never)
		again := got(w.Install(t.Context(), w.admin, store.Installation{
			Consent: c.ID, From: verifying, To: completed, MethodID: w.method.ID, Environment: authmethods.Production,
			Subject: tokens.TenantSubject, DataCentre: "us", RefreshToken: secret.New("1000.second-refresh"),
		}))(t)
		if again.Connection != first.Connection || again.Replaced.Reveal() != firstRefresh || again.DataCentre != "eu" {
			t.Errorf("replaced a token of %s in %s", again.Connection, again.DataCentre)
		}
		if ok, err := s.Succeed(t.Context(), renewed(under.Epoch, a.ID, "1000.old", "1000.old-refresh")); ok || err != nil {
			t.Errorf("an answer for the old grant was applied: %t, %v", ok, err)
		}
		g := load(t, w.slot(t, w.Store))
		if g.RefreshToken.Reveal() != "1000.second-refresh" || !g.Access.Value.IsZero() || g.Attempt != nil || g.Lineage == under.Lineage || g.Version <= under.Version {
			t.Errorf("%+v", g)
		}
	})
}
