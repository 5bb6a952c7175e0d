package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
)

// scene is one process, one grant and its provider.
type scene struct {
	*process
	place *place
	up    *upstream
	t     *testing.T
}

// inBubble runs f in a bubble of its own time, with a provider that answers in
// this way.
func inBubble(t *testing.T, script []reply, f func(t *testing.T, s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		at := newPlace(rotating(), firstGrant())
		up := newUpstream(at, revokes, time.Hour, script...)
		s := &scene{newProcess(at, up, &fates{}), at, up, t}
		f(t, s)
		if err := s.engine.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		for _, fault := range append(at.faults, up.faults...) {
			t.Error(fault)
		}
	})
}

func (s *scene) token(w tokens.Want) (tokens.Grant, bool, error) {
	g, _, refreshed, err := s.engine.Token(s.t.Context(), s.replica, w)
	return g, refreshed, err
}

func (s *scene) must(w tokens.Want) tokens.Grant {
	s.t.Helper()
	g, _, err := s.token(w)
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

// refuses wants the problem with this code, and returns it.
func refusesWith(t *testing.T, err error, kind authmethods.Kind, code authmethods.Code) *authmethods.Problem {
	t.Helper()
	var p *authmethods.Problem
	if !errors.As(err, &p) || p.Kind != kind || p.Code != code {
		t.Fatalf("got %v, want the problem %s (%s)", err, code, kind)
	}
	return p
}

func TestAThousandCallersCauseOneRequest(t *testing.T) {
	inBubble(t, []reply{{3 * time.Second, rotates}}, func(t *testing.T, s *scene) {
		// The slow Load has all thousand decide to refresh before one has begun.
		s.place.slow = time.Millisecond
		start := time.Now()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if g, refreshed, err := s.token(tokens.Want{}); err != nil || !refreshed || g.Access.Value.Reveal() != "at1" {
					t.Error(g.Access.ID, refreshed, err)
				}
			})
		}
		wg.Wait()
		// Claim, capture, success.
		if took := time.Since(start); s.up.calls != 1 || s.place.writes != 3 || took != 3002*time.Millisecond {
			t.Errorf("%d requests and %d writes in %s, want 1 and 3 in exactly 3.002s", s.up.calls, s.place.writes, took)
		}
	})
}

func TestThreeProcessesWithAThousandCallersCauseOneRequest(t *testing.T) {
	inBubble(t, []reply{{3 * time.Second, rotates}}, func(t *testing.T, s *scene) {
		processes := []*process{s.process, newProcess(s.place, s.up, &fates{}), newProcess(s.place, s.up, &fates{})}
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				p := processes[i%3]
				if g, _, _, err := p.engine.Token(t.Context(), p.replica, tokens.Want{}); err != nil || g.Access.Value.Reveal() != "at1" {
					t.Error(g.Access.ID, err)
				}
			})
		}
		wg.Wait()
		if s.up.calls != 1 {
			t.Errorf("%d requests, want 1", s.up.calls)
		}
	})
}

func TestACallerWhoCannotWaitIsToldToComeBackAndTheRefreshGoesOn(t *testing.T) {
	inBubble(t, []reply{{10 * time.Second, rotates}}, func(t *testing.T, s *scene) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, _, err := s.engine.Token(ctx, s.replica, tokens.Want{})
		p := refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderDown)
		if !errors.Is(err, context.DeadlineExceeded) || p.RetryAfter <= 0 {
			t.Errorf("%v, come back in %s", err, p.RetryAfter)
		}
		time.Sleep(10 * time.Second)
		g, refreshed, err := s.token(tokens.Want{})
		if err != nil || refreshed || g.Access.Value.Reveal() != "at1" || s.up.calls != 1 {
			t.Errorf("after the refresh: %s, refreshed %t, %v, %d requests", g.Access.ID, refreshed, err, s.up.calls)
		}
	})
}

func TestACallerOfAnotherProcessWhoCannotWaitIsToldToComeBack(t *testing.T) {
	inBubble(t, []reply{{10 * time.Second, rotates}}, func(t *testing.T, s *scene) {
		go s.token(tokens.Want{})
		synctest.Wait()
		other := newProcess(s.place, s.up, &fates{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, _, err := other.engine.Token(ctx, other.replica, tokens.Want{})
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderDown)
	})
}

func TestATokenIsRefreshedAheadWhileItIsLent(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *scene) {
		first := s.must(tokens.Want{})
		time.Sleep(46 * time.Minute)
		if g, refreshed, err := s.token(tokens.Want{}); err != nil || refreshed || g.Access.ID != first.Access.ID {
			t.Errorf("waited for a refresh ahead of time: %t, %v", refreshed, err)
		}
		synctest.Wait()
		if g := s.must(tokens.Want{}); g.Access.Value.Reveal() != "at2" || s.up.calls != 2 {
			t.Errorf("lent %s after %d requests", g.Access.Value.Reveal(), s.up.calls)
		}
	})
}

func TestATokenIsLentThroughAnOutageUntilItEnds(t *testing.T) {
	script := []reply{{0, rotates}}
	for range 40 {
		script = append(script, reply{time.Second, unavailable})
	}
	inBubble(t, script, func(t *testing.T, s *scene) {
		s.must(tokens.Want{})
		end := time.Now().Add(time.Hour)
		for time.Until(end) > policy.Margin {
			if _, _, err := s.token(tokens.Want{}); err != nil {
				t.Fatalf("withheld a token with %s left: %v", time.Until(end), err)
			}
			time.Sleep(7 * time.Second)
		}
		_, _, err := s.token(tokens.Want{})
		p := refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderDown)
		if p.RetryAfter <= 0 || p.RetryAfter > 15*time.Minute {
			t.Errorf("come back in %s", p.RetryAfter)
		}
	})
}

func TestAThrottleIsRespectedAndNamed(t *testing.T) {
	inBubble(t, []reply{{0, throttles}}, func(t *testing.T, s *scene) {
		_, _, err := s.token(tokens.Want{})
		p := refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderThrottled)
		if p.RetryAfter < 30*time.Second {
			t.Errorf("come back in %s, the provider asked for 30s", p.RetryAfter)
		}
		time.Sleep(p.RetryAfter)
		s.must(tokens.Want{})
	})
}

func TestAThrottleLastsAsLongAsTheTypeSaysAndLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := rotating()
		p.Limits.ThrottleBackoff = 10 * time.Minute
		at := newPlace(p, firstGrant())
		up := newUpstream(at, revokes, time.Hour, reply{0, throttles}, reply{0, throttles})
		one := newProcess(at, up, &fates{})
		for i, least := range []time.Duration{10 * time.Minute, 20 * time.Minute} {
			_, _, _, err := one.engine.Token(t.Context(), one.replica, tokens.Want{})
			problem := refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderThrottled)
			if problem.RetryAfter < least || problem.RetryAfter > least+2*time.Minute {
				t.Errorf("throttle %d: come back in %s, want about %s", i+1, problem.RetryAfter, least)
			}
			time.Sleep(problem.RetryAfter)
		}
		if _, _, _, err := one.engine.Token(t.Context(), one.replica, tokens.Want{}); err != nil {
			t.Error(err)
		}
	})
}

func TestARejectedClientRestsUntilItChanges(t *testing.T) {
	inBubble(t, []reply{{0, refusesThis}}, func(t *testing.T, s *scene) {
		_, _, err := s.token(tokens.Want{})
		p := refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeClientRejected)
		if p.Reason != authmethods.CodeClientRejected {
			t.Errorf("reason %q", p.Reason)
		}
		for range 50 {
			if _, _, err := s.token(tokens.Want{}); err == nil {
				t.Fatal("lent a token that cannot be")
			}
		}
		if s.up.calls != 1 {
			t.Errorf("%d requests with a client that is rejected", s.up.calls)
		}
		if s.place.grant.Broken != "" {
			t.Errorf("the grant was given up with %s", s.place.grant.Broken)
		}
		s.place.client++ // somebody enters the right secret
		s.place.rejected = nil
		if g := s.must(tokens.Want{}); g.Access.Value.Reveal() != "at1" {
			t.Errorf("lent %s", g.Access.Value.Reveal())
		}
	})
}

func TestARejectedClientIsTriedAgainInCaseTheProviderErred(t *testing.T) {
	inBubble(t, []reply{{0, refusesThis}}, func(t *testing.T, s *scene) {
		s.token(tokens.Want{})
		s.up.badClient = 0 // the provider mends itself
		time.Sleep(15 * time.Minute)
		if g := s.must(tokens.Want{}); g.ClientRejected != nil {
			t.Error("the client works and is still rejected")
		}
	})
}

func TestALostGrantNeedsAPersonAndIsNotAskedForAgain(t *testing.T) {
	inBubble(t, []reply{{0, rotates}, {0, revoked}}, func(t *testing.T, s *scene) {
		g := s.must(tokens.Want{})
		_, _, err := s.token(tokens.Want{Other: g.Access.ID})
		p := refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeReconnectRequired)
		if p.Reason != authmethods.CodeGrantLost {
			t.Errorf("reason %q", p.Reason)
		}
		if again := s.must(tokens.Want{}); again.Access.ID != g.Access.ID {
			t.Error("the token that still lives is not lent")
		}
		time.Sleep(2 * time.Hour)
		_, _, err = s.token(tokens.Want{})
		refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeReconnectRequired)
		if s.up.calls != 2 {
			t.Errorf("%d requests, want 2", s.up.calls)
		}
	})
}

func TestALostAnswerIsAskedForOnceMoreAtOnce(t *testing.T) {
	for _, c := range []struct {
		reuse reuse
		want  authmethods.Code
	}{{tolerates, ""}, {refuses, authmethods.CodeResponseLost}, {revokes, authmethods.CodeResponseLost}} {
		t.Run(string(c.reuse), func(t *testing.T) {
			inBubble(t, []reply{{0, gateway}}, func(t *testing.T, s *scene) {
				s.up.reuse = c.reuse
				_, _, err := s.token(tokens.Want{})
				if s.up.calls != 2 {
					t.Errorf("%d requests, want 2", s.up.calls)
				}
				if c.want == "" && err != nil {
					t.Error(err)
				} else if c.want != "" {
					if p := refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeReconnectRequired); p.Reason != c.want {
						t.Errorf("reason %q", p.Reason)
					}
				}
			})
		})
	}
}

func TestWhereTokensDoNotRotateALostAnswerIsNoUncertainty(t *testing.T) {
	inBubble(t, []reply{{0, silent}}, func(t *testing.T, s *scene) {
		s.place.provider.Refresh.Rotation = catalog.RotatesNever
		_, _, err := s.token(tokens.Want{})
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderDown)
		if g := s.place.grant; g.Attempt != nil || !g.RetryAt.After(time.Now()) || s.up.calls != 1 {
			t.Errorf("attempt %v, retry at %s after %d requests", g.Attempt, g.RetryAt, s.up.calls)
		}
	})
}

func TestAPromiseThatASlowProviderCannotKeepEndsAfterOneNewToken(t *testing.T) {
	slow := reply{20 * time.Second, rotates}
	inBubble(t, []reply{slow, slow, slow, slow, slow, slow}, func(t *testing.T, s *scene) {
		// 20 s of the hour are over when the token arrives.
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, _, _, err := s.engine.Token(ctx, s.replica, tokens.Want{MinTTL: time.Hour - 15*time.Second})
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderDown)
		if s.up.calls != 1 {
			t.Errorf("%d requests for a promise that none can keep", s.up.calls)
		}
		s.must(tokens.Want{MinTTL: 59 * time.Minute})
	})
}

func TestATokenThatDiesOnTheWayIsNotAskedForWithoutEnd(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *scene) {
		s.up.life = time.Minute
		s.engine.Policy.Margin = 2 * time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, _, _, err := s.engine.Token(ctx, s.replica, tokens.Want{}); err == nil || s.up.calls > 2 {
			t.Errorf("%d requests, %v", s.up.calls, err)
		}
	})
}

func TestALossOfStorageWithholdsNoTokenThatIsGood(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *scene) {
		s.must(tokens.Want{})
		s.fates.script = map[string][]fate{"claim": {refuse, refuse, refuse}}
		time.Sleep(time.Hour - 30*time.Second)
		if _, refreshed, err := s.token(tokens.Want{}); err != nil || refreshed {
			t.Errorf("refreshed %t, %v", refreshed, err)
		}
		if _, _, err := s.token(tokens.Want{MinTTL: time.Minute}); !errors.Is(err, errStorage) {
			t.Errorf("got %v, want the storage's error", err)
		}
	})
}

func TestAnswersAreCountedFromWhenTheyWereAskedFor(t *testing.T) {
	inBubble(t, []reply{{20 * time.Second, rotates}}, func(t *testing.T, s *scene) {
		asked := time.Now()
		if g := s.must(tokens.Want{}); !g.Access.IssuedAt.Equal(asked) || !g.Access.ExpiresAt.Equal(asked.Add(time.Hour)) {
			t.Errorf("lives from %s to %s", g.Access.IssuedAt, g.Access.ExpiresAt)
		}
	})
}

func TestAPanicOfOneRefreshIsTheEndOfThatRefreshOnly(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *scene) {
		s.engine.Upstream = panics{}
		if _, _, err := s.token(tokens.Want{}); err == nil {
			t.Error("a panic yielded a token")
		}
		s.engine.Upstream = wire{s.up, s.replica}
		time.Sleep(policy.Lease)
		s.must(tokens.Want{})
	})
}

type panics struct{}

func (panics) Send(context.Context, tokens.Request) (tokens.Answer, error) { panic("poison") }

func TestDrainingWaitsForWhatIsInFlight(t *testing.T) {
	inBubble(t, []reply{{10 * time.Second, rotates}}, func(t *testing.T, s *scene) {
		go s.token(tokens.Want{})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.engine.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drained with a refresh in flight: %v", err)
		}
		if err := s.engine.Drain(t.Context()); err != nil || s.place.grant.Access.Value.Reveal() != "at1" {
			t.Errorf("%v, and the token is not stored", err)
		}
	})
}

// TestEveryCrashIsSurvived ends a process at each operation of a refresh, before
// and after it takes effect, and has another one take over.
func TestEveryCrashIsSurvived(t *testing.T) {
	for _, op := range []string{"claim", "send", "capture", "succeed"} {
		for _, when := range []fate{crashBefore, crashAfter} {
			for _, r := range []reuse{tolerates, refuses, revokes} {
				t.Run(fmt.Sprintf("%s %s, the provider %s reuse", when, op, r), func(t *testing.T) {
					inBubble(t, nil, func(t *testing.T, s *scene) {
						s.up.reuse = r
						s.fates.script = map[string][]fate{op: {when}}
						if _, _, err := s.token(tokens.Want{}); err == nil {
							t.Fatal("the process lives")
						}
						time.Sleep(policy.Lease)
						next := newProcess(s.place, s.up, &fates{})
						g, _, _, err := next.engine.Token(t.Context(), next.replica, tokens.Want{})
						lostForGood := (op == "send" && when == crashAfter || op == "capture" && when == crashBefore) && r != tolerates
						switch {
						case lostForGood:
							if p := refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeReconnectRequired); p.Reason != authmethods.CodeResponseLost {
								t.Errorf("reason %q", p.Reason)
							}
						case err != nil:
							t.Error(err)
						case !s.up.living[g.RefreshToken.Reveal()]:
							t.Errorf("stored %s, the provider expects %s", g.RefreshToken.Reveal(), s.up.newest)
						}
					})
				})
			}
		}
	}
}

// TestALateAnswerBringsBackWhatAnotherProcessGaveUp has an answer captured later
// than its lease lasts, while another process is refused the token it used up.
func TestALateAnswerBringsBackWhatAnotherProcessGaveUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		latency time.Duration // of the refusal
		givenUp bool          // for a while
	}{
		{"captured after the grant was given up", 0, true},
		{"captured before the grant is given up", 15 * time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, []reply{{0, rotates}, {c.latency, rotates}}, func(t *testing.T, s *scene) {
				s.up.reuse = refuses
				s.fates.script = map[string][]fate{"capture": {dawdle}}
				go func() { // a caller who does not stay to see it
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					s.engine.Token(ctx, s.replica, tokens.Want{})
				}()
				time.Sleep(policy.Lease)
				next := newProcess(s.place, s.up, &fates{})
				go next.engine.Token(t.Context(), next.replica, tokens.Want{})
				time.Sleep(time.Minute)
				s.place.mu.Lock()
				defer s.place.mu.Unlock()
				if g := s.place.grant; g.Broken != "" || g.RefreshToken.Reveal() != "rt1" || s.place.everBroken != c.givenUp {
					t.Errorf("broken %q with %s, given up meanwhile: %t", g.Broken, g.RefreshToken.Reveal(), s.place.everBroken)
				}
			})
		})
	}
}

func TestAnAnswerThatNobodyAppliedBringsBackALostGrant(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *scene) {
		s.up.reuse = refuses
		s.fates.script = map[string][]fate{"capture": {dawdle}, "succeed": {crashBefore}}
		go s.token(tokens.Want{})
		time.Sleep(policy.Lease)
		next := newProcess(s.place, s.up, &fates{})
		_, _, _, err := next.engine.Token(t.Context(), next.replica, tokens.Want{})
		refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeReconnectRequired)
		time.Sleep(time.Minute) // meanwhile the first one captures its answer and dies
		if g, _, _, err := next.engine.Token(t.Context(), next.replica, tokens.Want{}); err != nil || g.RefreshToken.Reveal() != "rt1" || s.up.calls != 2 {
			t.Errorf("%s after %d requests, %v", g.RefreshToken.Reveal(), s.up.calls, err)
		}
	})
}

func TestAnAnswerIsStoredHoweverOftenThatFails(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, s *scene) {
		s.fates.script = map[string][]fate{"capture": {refuse, refuse, loseReply, refuse, refuse}}
		if g := s.must(tokens.Want{}); g.Access.Value.Reveal() != "at1" || s.up.calls != 1 {
			t.Errorf("%s after %d requests", g.Access.Value.Reveal(), s.up.calls)
		}
	})
}

func TestAnEngineHoldsItsTongue(t *testing.T) {
	var b lines
	inBubble(t, []reply{{0, cut}, {0, page}, {0, revoked}}, func(t *testing.T, s *scene) {
		s.engine.Log = slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s.fates.script = map[string][]fate{"capture": {refuse, refuse}, "set back": {refuse}}
		s.up.reuse = tolerates
		for range 3 {
			s.token(tokens.Want{})
			time.Sleep(20 * time.Minute)
		}
	})
	b.check(t, "rt0", "rt1", "at1")
}
