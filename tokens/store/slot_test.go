package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

func TestWhatIsInstalledIsLoaded(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		g := load(t, w.slot(t, w.Store))
		if g.Access.Value.Reveal() != firstAccess || g.RefreshToken.Reveal() != firstRefresh || !g.Renewable || g.Version != 1 ||
			g.Broken != "" || g.Attempt != nil || g.Lineage == "" || g.Access.ExpiresAt.Sub(g.Access.IssuedAt) != time.Hour {
			t.Errorf("%+v", g)
		}
		target := w.target(t, w.process(t, "two"))
		if !target.Enabled || target.APIBaseURL != "https://desk.zoho.eu/api/v1" || len(target.APIHeaders) != 1 ||
			target.APIHeaders[0].Name != "orgId" || target.APIHeaders[0].Value.Reveal() != "2389290" {
			t.Errorf("%+v", target)
		}
	})
}

func TestOfManyClaimsOneWins(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		two := w.process(t, "two")
		slots := []tokens.Slot{w.slot(t, w.Store), w.slot(t, two)}
		epoch := load(t, slots[0]).Epoch
		var won atomic.Int64
		var winner sync.Map
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				a := tokens.Attempt{ID: fmt.Sprint("att_", i), Version: 1, At: time.Now()}
				ok, err := slots[i%2].Claim(t.Context(), epoch, a, time.Hour)
				if err != nil {
					t.Error(err)
				}
				if ok {
					won.Add(1)
					winner.Store(a.ID, true)
				}
			})
		}
		wg.Wait()
		g := load(t, slots[0])
		if won.Load() != 1 || g.Epoch != epoch+1 || g.Attempt == nil {
			t.Fatalf("%d won, epoch %d after %d", won.Load(), g.Epoch, epoch)
		}
		if _, ok := winner.Load(g.Attempt.ID); !ok {
			t.Error("the attempt on record is a loser's")
		}
	})
}

func TestALeaseHoldsByTheClockOfTheDatabase(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		claim(t, s, 0) // lapsed at once
		g, now, err := s.Load(t.Context())
		must(t, err)
		if g.LeaseUntil.After(now) {
			t.Errorf("a lease of no time holds until %s, now is %s", g.LeaseUntil, now)
		}
		first := claim(t, s, time.Hour)
		g, now, err = s.Load(t.Context())
		must(t, err)
		if left := g.LeaseUntil.Sub(now); left < 59*time.Minute || left > time.Hour {
			t.Errorf("a lease of an hour has %s left", left)
		}
		if diff := cmp.Diff(first, *g.Attempt); diff != "" {
			t.Errorf("the intent came back as another (-want +got):\n%s", diff)
		}
		if ok, err := s.Claim(t.Context(), g.Epoch, tokens.Attempt{ID: "att_2", At: time.Now()}, time.Hour); ok || err != nil {
			t.Errorf("claimed under a lease: %t, %v", ok, err)
		}
		w.exec(t, fmt.Sprintf("UPDATE grants SET lease_until = %d", now.UnixMicro()))
		claim(t, s, time.Hour)
	})
}

func TestAnAnswerAppliesToTheEpochThatAskedForIt(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		a := claim(t, s, 0)
		late := load(t, s).Epoch
		b := claim(t, s, time.Hour)
		before := load(t, s)
		if ok, err := s.Succeed(t.Context(), renewed(late, a.ID, "1000.late", "1000.late-refresh")); ok || err != nil {
			t.Errorf("a late success was applied: %t, %v", ok, err)
		}
		if ok, err := s.SetBack(t.Context(), tokens.Setback{Epoch: late, Broken: authmethods.CodeGrantLost, RetryAt: never}); ok || err != nil {
			t.Errorf("a late failure was applied: %t, %v", ok, err)
		}
		sameGrant(t, before, load(t, s))
		if ok, err := s.Succeed(t.Context(), renewed(before.Epoch, b.ID, "1000.new", "")); !ok || err != nil {
			t.Fatalf("a success in time: %t, %v", ok, err)
		}
		g := load(t, s)
		if g.Access.Value.Reveal() != "1000.new" || g.RefreshToken.Reveal() != firstRefresh || g.Version != before.Version+1 || g.Attempt != nil || !g.LeaseUntil.IsZero() {
			t.Errorf("after the success: %+v", g)
		}
	})
}

func sameGrant(t *testing.T, want, got tokens.Grant) {
	t.Helper()
	reveal := cmp.Comparer(func(a, b secret.Text) bool { return a.Reveal() == b.Reveal() })
	if diff := cmp.Diff(want, got, reveal); diff != "" {
		t.Errorf("the grant changed (-before +after):\n%s", diff)
	}
}

func TestASetbackIsOnRecordUntilASuccess(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		retry := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		for n, uncertain := range []bool{false, true} {
			a := claim(t, s, time.Hour)
			epoch := load(t, s).Epoch
			b := tokens.Setback{Epoch: epoch, Failure: tokens.Failure{Code: authmethods.CodeProviderThrottled}, RetryAt: retry, Uncertain: uncertain}
			if ok, err := s.SetBack(t.Context(), b); !ok || err != nil {
				t.Fatal(ok, err)
			}
			g := load(t, s)
			if g.Failures != n+1 || g.FailureCode != authmethods.CodeProviderThrottled || !g.RetryAt.Equal(retry) || !g.LeaseUntil.IsZero() || g.Broken != "" {
				t.Errorf("%+v", g)
			}
			if uncertain != (g.Attempt != nil) || uncertain && g.Attempt.ID != a.ID {
				t.Errorf("uncertain %t, attempt %v", uncertain, g.Attempt)
			}
		}
		a := claim(t, s, time.Hour)
		if ok, err := s.Succeed(t.Context(), renewed(load(t, s).Epoch, a.ID, "1000.new", "1000.new-refresh")); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if g := load(t, s); g.Failures != 0 || g.FailureCode != "" || !g.RetryAt.IsZero() || g.RefreshToken.Reveal() != "1000.new-refresh" {
			t.Errorf("%+v", g)
		}
	})
}

func TestAGrantThatWasGivenUpIsBroughtBackByASuccess(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		a := claim(t, s, time.Hour)
		epoch := load(t, s).Epoch
		if ok, err := s.SetBack(t.Context(), tokens.Setback{Epoch: epoch, Failure: tokens.Failure{Code: authmethods.CodeGrantLost}, RetryAt: never, Broken: authmethods.CodeResponseLost}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if g := load(t, s); g.Broken != authmethods.CodeResponseLost || g.RefreshToken.Reveal() != firstRefresh {
			t.Errorf("%+v", g)
		}
		if ok, err := s.Succeed(t.Context(), renewed(epoch, a.ID, "1000.found", "")); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if g := load(t, s); g.Broken != "" {
			t.Errorf("still %s", g.Broken)
		}
	})
}

func capture(attempt, lineage, body string) tokens.Capture {
	return tokens.Capture{
		AttemptID: attempt, Lineage: lineage, Epoch: 3, Version: 1, SentAt: time.Now().UTC().Truncate(time.Microsecond),
		Answer: tokens.Answer{Status: 200, ContentType: "application/json", Body: secret.New(body), Truncated: true},
	}
}

func TestCapturedAnswersAreKeptUntilTheyAreApplied(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		lineage := load(t, s).Lineage
		first, second := capture(token.NewID("att"), lineage, `{"n":1}`), capture(token.NewID("att"), lineage, `{"n":2}`)
		for _, c := range []tokens.Capture{first, first, second} { // a repeated try is no error
			must(t, s.Capture(t.Context(), c))
		}
		must(t, s.Capture(t.Context(), capture(token.NewID("att"), "con_older", `{"n":3}`)))
		reveal := cmp.Comparer(func(a, b secret.Text) bool { return a.Reveal() == b.Reveal() })
		if diff := cmp.Diff([]tokens.Capture{second, first}, got(s.Captured(t.Context(), lineage))(t), reveal); diff != "" {
			t.Errorf("captured (-want +got):\n%s", diff)
		}
		if ok, err := s.Succeed(t.Context(), renewed(load(t, s).Epoch, second.AttemptID, "1000.adopted", "")); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if diff := cmp.Diff([]tokens.Capture{first}, got(s.Captured(t.Context(), lineage))(t), reveal); diff != "" {
			t.Errorf("captured after one was applied (-want +got):\n%s", diff)
		}
	})
}

func TestNoSecretIsStoredInClear(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		g := load(t, s)
		must(t, s.Capture(t.Context(), capture("att_1", g.Lineage, "1000.captured-secret")))
		c := w.consent(t, created, never)
		start(t, w, c.ID, "state", "browser")
		must(t, w.KeepAnswer(t.Context(), w.admin, c.ID, secret.New("1000.kept-secret")))
		for _, column := range []string{
			"SELECT access_token FROM grants", "SELECT refresh_token FROM grants", "SELECT answer FROM captures",
			"SELECT code_verifier FROM consents WHERE code_verifier IS NOT NULL", "SELECT answer FROM consents WHERE answer IS NOT NULL",
		} {
			stored := w.bytes(t, column)
			if len(stored) < 16 {
				t.Errorf("%s: %d bytes", column, len(stored))
			}
			for _, plain := range []string{firstAccess, firstRefresh, "1000.", "secret", "verifier"} {
				if bytes.Contains(stored, []byte(plain)) {
					t.Errorf("%s holds %q in clear", column, plain)
				}
			}
		}
	})
}

func TestAMovedSecretDoesNotOpen(t *testing.T) {
	for name, move := range map[string]string{
		"the refresh token to the access token": "UPDATE grants SET access_token = refresh_token",
		"the access token to the refresh token": "UPDATE grants SET refresh_token = access_token",
	} {
		t.Run(name, func(t *testing.T) {
			inEach(t, func(t *testing.T, w *world) {
				w.install(t)
				w.exec(t, move)
				_, _, err := w.slot(t, w.Store).Load(t.Context())
				if authmethods.KindOf(err) != authmethods.HumanNeeded || strings.Contains(err.Error(), "1000.") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestACaptureOfAnotherAttemptDoesNotOpen(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		lineage := load(t, s).Lineage
		must(t, s.Capture(t.Context(), capture("att_1", lineage, "one")))
		w.exec(t, "UPDATE captures SET id = 'att_2'")
		if _, err := s.Captured(t.Context(), lineage); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("got %v", err)
		}
	})
}

func TestAVerdictAboutTheClientPausesItsGrantsUntilItChanges(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		version := got(s.Registration(t.Context()))(t).Client.Version
		claim(t, s, time.Hour)
		retry := time.Now().Add(time.Hour)
		b := tokens.Setback{
			Epoch: load(t, s).Epoch, Failure: tokens.Failure{Code: authmethods.CodeClientRejected, Verdict: tokens.ClientRejected},
			RetryAt: retry, ClientVersion: version,
		}
		if ok, err := s.SetBack(t.Context(), b); !ok || err != nil {
			t.Fatal(ok, err)
		}
		w.Forget(w.acme.ID) // as the feed has it
		g, now, err := w.slot(t, w.Store).Load(t.Context())
		must(t, err)
		want := tokens.Want{Other: g.Access.ID}
		if d := tokens.Decide(tokens.DefaultPolicy, &g, want, now); g.ClientRejected == nil || g.Failures != 1 || d.Step != tokens.Backoff {
			t.Errorf("rejected %v after %d failures, step %d", g.ClientRejected, g.Failures, d.Step)
		}
		_, err = got(w.Methods.For(w.admin))(t).ChangeMethod(t.Context(), "zoho-desk", 0, methods.MethodChange{ClientSecret: secret.New("the right secret now")})
		must(t, err)
		w.Forget(w.acme.ID)
		g, now, err = w.slot(t, w.Store).Load(t.Context())
		must(t, err)
		if d := tokens.Decide(tokens.DefaultPolicy, &g, want, now); g.ClientRejected != nil || g.Failures != 0 || d.Step != tokens.Refresh {
			t.Errorf("after the change: rejected %v, %d failures, step %d", g.ClientRejected, g.Failures, d.Step)
		}
	})
}

func TestASuccessClearsTheVerdictAboutTheClient(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		s := w.slot(t, w.Store)
		must(t, got(w.Methods.For(w.admin))(t).RejectClient(t.Context(), w.method.ID, authmethods.Production,
			got(s.Registration(t.Context()))(t).Client.Version, authmethods.CodeClientRejected, time.Now()))
		w.Forget(w.acme.ID)
		s = w.slot(t, w.Store)
		if load(t, s).ClientRejected == nil {
			t.Fatal("the rejection is not seen")
		}
		a := claim(t, s, time.Hour)
		if ok, err := s.Succeed(t.Context(), renewed(load(t, s).Epoch, a.ID, "1000.new", "")); !ok || err != nil {
			t.Fatal(ok, err)
		}
		w.Forget(w.acme.ID)
		if g := load(t, w.slot(t, w.Store)); g.ClientRejected != nil {
			t.Error("the client is still rejected")
		}
	})
}

func TestTwoProcessesRefreshOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		past := time.Now().Add(-time.Hour)
		w.installWith(t, tokens.AccessToken{ID: "tok_old", Value: secret.New("old"), IssuedAt: past.Add(-time.Hour), ExpiresAt: past})
		provider := &stub{}
		stores := []*tokens.Engine{
			{Policy: tokens.DefaultPolicy, Upstream: provider, Log: w.Log}, {Policy: tokens.DefaultPolicy, Upstream: provider, Log: w.Log},
		}
		slots := []tokens.Slot{w.slot(t, w.Store), w.slot(t, w.process(t, "two"))}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				if g, _, _, err := stores[i%2].Token(t.Context(), slots[i%2], tokens.Want{}); err != nil || g.Access.Value.Reveal() != "1000.access-1" {
					t.Error(g.Access.ID, err)
				}
			})
		}
		wg.Wait()
		if provider.calls != 1 {
			t.Errorf("%d requests, want 1", provider.calls)
		}
	})
}
