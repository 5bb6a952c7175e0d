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

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// rotating is a provider whose refresh tokens rotate.
func rotating() catalog.Provider {
	return catalog.Provider{Type: "rotating", Refresh: catalog.Refresh{Rotation: catalog.RotatesAlways}}
}

// firstGrant has a refresh token and no access token yet.
func firstGrant() tokens.Grant {
	return tokens.Grant{Lineage: "con_1", Epoch: 1, Version: 1, Renewable: true, RefreshToken: secret.New("rt0")}
}

// process is one Latchkey.
type process struct {
	*replica
	engine *tokens.Engine
}

func newProcess(at *place, u *upstream, f *fates) *process {
	r := &replica{place: at, fates: f}
	return &process{r, &tokens.Engine{Policy: policy, Upstream: wire{u, r}, Log: slog.New(slog.DiscardHandler)}}
}

// call is one caller.
type call struct {
	After    time.Duration
	Patience time.Duration
	Want     tokens.Want
	Replica  int
	Refused  bool // the caller's API refused the current token
}

// story is a drawn case.
type story struct {
	Replicas int
	Reuse    reuse
	Life     time.Duration
	Replies  []reply
	Fates    map[string][]fate
	Calls    []call
	Mends    []time.Duration // when the client's secret is changed
	Quota    int             // requests in ten minutes; 0: any number
}

var (
	someReply = rapid.Custom(func(t *rapid.T) reply {
		return reply{
			Latency: time.Duration(rapid.SampledFrom([]int{0, 5, 300, 4000, 19_000, 31_000}).Draw(t, "ms")) * time.Millisecond,
			Outcome: rapid.SampledFrom([]outcome{
				rotates, rotates, rotates, unavailable, throttles, revoked, refusesThis, silent, lost, gateway, page, cut,
			}).Draw(t, "outcome"),
		}
	})
	someFates = rapid.SliceOfN(rapid.SampledFrom([]fate{
		well, well, well, refuse, loseReply, dawdle, freeze, outage, crashBefore, crashAfter,
	}), 0, 6)
	someCall = rapid.Custom(func(t *rapid.T) call {
		return call{
			After:    time.Duration(rapid.IntRange(0, 1_800_000).Draw(t, "ms")) * time.Millisecond,
			Patience: time.Duration(rapid.SampledFrom([]int{1, 3, 10, 60, 3600}).Draw(t, "patience")) * time.Second,
			Want:     tokens.Want{MinTTL: time.Duration(rapid.SampledFrom([]int{0, 0, 0, 30, 120, 595}).Draw(t, "min_ttl")) * time.Second},
			Replica:  rapid.IntRange(0, 2).Draw(t, "replica"),
			Refused:  rapid.IntRange(0, 5).Draw(t, "refused") == 0,
		}
	})
	someStory = rapid.Custom(func(t *rapid.T) story {
		s := story{
			Replicas: rapid.IntRange(1, 3).Draw(t, "replicas"),
			Reuse:    rapid.SampledFrom([]reuse{tolerates, refuses, revokes}).Draw(t, "reuse"),
			Life:     time.Duration(rapid.SampledFrom([]int{70, 300, 600}).Draw(t, "life")) * time.Second,
			Replies:  rapid.SliceOfN(someReply, 0, 12).Draw(t, "replies"),
			Calls:    rapid.SliceOfN(someCall, 1, 40).Draw(t, "calls"),
			Fates:    map[string][]fate{},
			Quota:    rapid.SampledFrom([]int{0, 0, 2, 8}).Draw(t, "quota"),
		}
		if rapid.Bool().Draw(t, "faulty") {
			for _, op := range []string{"claim", "capture", "captured", "succeed", "set back", "stow"} {
				s.Fates[op] = someFates.Draw(t, op)
			}
			s.Fates["send"] = rapid.SliceOfN(rapid.SampledFrom([]fate{well, well, crashBefore, crashAfter}), 0, 6).Draw(t, "send")
		}
		for range rapid.IntRange(0, 2).Draw(t, "mends") {
			s.Mends = append(s.Mends, time.Duration(rapid.IntRange(0, 1800).Draw(t, "mend"))*time.Second)
		}
		return s
	})
)

// stage plays a story.
type stage struct {
	story
	place *place
	up    *upstream
	fates *fates

	mu        sync.Mutex
	processes []*process
	all       []*process // the dead ones, too
	faults    []string
}

func newStage(s story) *stage {
	st := &stage{story: s, place: newPlace(rotating(), firstGrant()), fates: &fates{script: map[string][]fate{}}}
	for op, list := range s.Fates {
		st.fates.script[op] = list
	}
	st.place.grant.Quota = tokens.Quota{Allowed: s.Quota, Window: 10 * time.Minute}
	st.up = newUpstream(st.place, s.Reuse, s.Life, s.Replies...)
	st.up.allowed = s.Quota
	st.processes = make([]*process, s.Replicas)
	return st
}

func (s *stage) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// process returns a living process in the place of number i.
func (s *stage) process(i int) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	i %= len(s.processes)
	if s.processes[i] == nil || !s.processes[i].alive() {
		if s.processes[i] != nil {
			s.processes[i].land()
		}
		s.processes[i] = newProcess(s.place, s.up, s.fates)
		s.all = append(s.all, s.processes[i])
	}
	return s.processes[i]
}

// grant is what is stored now.
func (s *stage) grant() tokens.Grant {
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	return s.place.read()
}

// record is what is stored now, with its past.
func (s *stage) record() (r struct {
	tokens.Grant
	everBroken bool
}) {
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	r.Grant, r.everBroken = s.place.read(), s.place.everBroken
	return r
}

// mend changes the client's secret.
func (s *stage) mend() {
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	s.place.client++
	s.place.rejected = nil
}

// ask is one call and everything that must hold of its answer.
func (s *stage) ask(ctx context.Context, p *process, w tokens.Want) (tokens.Grant, error) {
	before, began := s.grant(), time.Now()
	g, _, _, err := p.engine.Token(ctx, p.replica, w)
	ended := time.Now()
	lendable := func(g *tokens.Grant, at time.Time, margin time.Duration) bool {
		return g.Access.Usable(at, max(margin, w.MinTTL)) && g.Access.ID != w.Other && g.Broken != authmethods.CodeRevoked
	}
	if err == nil {
		s.checkLoan(&g, w, ended)
		return g, nil
	}
	var problem *authmethods.Problem
	after := s.record()
	switch {
	case !p.alive():
		return g, err
	case ctx.Err() == nil && after.Access.ID == before.Access.ID && lendable(&before, began, policy.Margin) && lendable(&after.Grant, ended, policy.Margin):
		s.fault("withheld a token with %s left: %v", after.Access.ExpiresAt.Sub(ended), err)
	case lendable(&before, began, policy.Comfort):
		s.fault("withheld a token with %s left, and no hurry: %v", before.Access.ExpiresAt.Sub(began), err)
	case ctx.Err() != nil && authmethods.KindOf(err) != authmethods.Unavailable && !after.everBroken && after.ClientRejected == nil:
		s.fault("a caller out of patience was told %v", err)
	case errors.As(err, &problem) && problem.Code == authmethods.CodeReconnectRequired && !after.everBroken:
		s.fault("told to reconnect a grant that lives")
	case errors.As(err, &problem) && problem.Kind == authmethods.Unavailable && problem.RetryAfter <= 0 && ctx.Err() == nil && w.MinTTL == 0:
		s.fault("told to come back at no time: %v", err)
	}
	return g, err
}

func (s *stage) checkLoan(g *tokens.Grant, w tokens.Want, now time.Time) {
	left := g.Access.ExpiresAt.Sub(now)
	if left <= policy.Margin || left <= w.MinTTL && w.MinTTL > 0 {
		s.fault("lent a token with %s left, wanted %s", left, w.MinTTL)
	}
	if g.Access.ID == w.Other {
		s.fault("lent the token that was refused")
	}
	s.up.mu.Lock()
	born := s.up.born[g.Access.Value.Reveal()]
	s.up.mu.Unlock()
	if end := born.Add(s.Life); g.Access.ExpiresAt.After(end) {
		s.fault("lent %s as living %s longer than it does", g.Access.Value.Reveal(), g.Access.ExpiresAt.Sub(end))
	}
}

// play runs the story to its end and lets everything come to rest.
func (s *stage) play(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range s.Calls {
		wg.Go(func() {
			time.Sleep(c.After)
			ctx, cancel := context.WithTimeout(ctx, c.Patience)
			defer cancel()
			w := c.Want
			if c.Refused {
				w.Other = s.grant().Access.ID
			}
			s.ask(ctx, s.process(c.Replica), w)
		})
	}
	for _, after := range s.Mends {
		wg.Go(func() { time.Sleep(after); s.mend() })
	}
	wg.Wait()
	s.fates.stop()
	s.up.calm()
	for _, p := range s.all {
		if err := p.engine.Drain(ctx); err != nil {
			s.fault("%v", err)
		}
	}
	s.settle(ctx)
}

// settle is the end of all faults: what lives must be lent from.
func (s *stage) settle(ctx context.Context) {
	s.mend()
	time.Sleep(20 * time.Minute) // longer than any token lives
	for _, p := range s.all {
		p.land()
	}
	p := newProcess(s.place, s.up, s.fates)
	var err error
	for range 4 {
		if _, err = s.ask(ctx, p, tokens.Want{Other: s.grant().Access.ID}); err == nil {
			break
		}
		time.Sleep(16 * time.Minute) // beyond the longest backoff
	}
	if e := p.engine.Drain(ctx); e != nil {
		s.fault("%v", e)
	}
	g := s.grant()
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	s.up.mu.Lock()
	defer s.up.mu.Unlock()
	unapplied := s.place.holding("at" + s.up.newest[len("rt"):])
	switch {
	case s.up.gone && (err == nil || g.Broken == ""):
		s.fault("the grant is gone, and the end is %v with %q", err, g.Broken)
	case s.up.gone:
	case err == nil && !s.up.living[g.RefreshToken.Reveal()]:
		s.fault("stored %s, the provider expects %s", g.RefreshToken.Reveal(), s.up.newest)
	case err != nil && g.Broken != authmethods.CodeResponseLost:
		s.fault("the grant lives and nothing is lent: %v", err)
	case err != nil && unapplied != nil:
		s.fault("given up, and the answer with %s was captured", s.up.newest)
	}
}

// perform plays a story in a bubble of its own time. Faults are collected there
// and reported outside: a Fatal inside would end the bubble, and rapid could not
// make the case smaller.
func perform(t *testing.T, s story) []string {
	var faults []string
	synctest.Test(t, func(t *testing.T) {
		st := newStage(s)
		st.play(t.Context())
		synctest.Wait()
		faults = append(append(st.faults, st.up.faults...), st.place.faults...)
	})
	return faults
}

// TestTokensSurviveEverything plays drawn stories. Bugs that were planted in the
// engine to try these tests, and what noticed them; "stories" is this one.
//
//	the lease is ignored                    Decide, stories (never ends)
//	the backoff is ignored                  Decide, stories, ATokenIsLentThroughAnOutage
//	the rejection of a client is ignored    Decide
//	a grant that was given up is refreshed  Decide, stories (never ends)
//	a final refusal is taken for temporary  stories, ALostGrantNeedsAPerson
//	the margin is ignored                   Decide, ATokenIsLentThroughAnOutage
//	a refused token is lent                 Decide, stories, TwoHundredReports
//	the result of a claim is ignored        stories
//	the lock is shorter than the work       stories
//	requests are sent after their time      stories
//	a refresh ends with its caller          ACallerWhoCannotWait
//	a rotated refresh token is dropped      stories, EveryCrashIsSurvived
//	answers are not captured                EveryCrashIsSurvived
//	one failed capture is the last          AnAnswerIsStoredHoweverOften
//	captured answers are not looked for     stories, EveryCrashIsSurvived
//	they are looked for before the lease    stories
//	a retry is not marked as one            stories, ALostAnswerIsAskedForOnceMore
//	a lost answer leaves no uncertainty     stories, ALostAnswerIsAskedForOnceMore
//	a failed retry ends the uncertainty     stories
//	a retry is not made at once             ALostAnswerIsAskedForOnceMore
//	a late answer is not looked for         ALateAnswerBringsBack
//	a late answer is not applied            ALateAnswerBringsBack
//	a lost grant is never looked at again   AnAnswerThatNobodyApplied, stories (of many)
//	no single flight                        AThousandCallers
//	a rejected client ends the grant        stories, ARejectedClientRests
//	a good token is withheld on an error    ALossOfStorage, stories (of many)
//	life is counted from the answer         stories, AnswersAreCounted
//	Retry-After is ignored                  stories, AThrottleIsRespected
//	the quota is ignored                    stories
//	nothing is put into the lifeboat        stories
//	refreshes without end                   APromiseThatASlowProvider, ATokenThatDies
func TestTokensSurviveEverything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		if faults := perform(t, someStory.Draw(rt, "story")); len(faults) > 0 {
			rt.Fatalf("%q", faults)
		}
	})
}
