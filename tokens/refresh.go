package tokens

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/token"
)

// refresh waits for its turn, takes the lease, asks the provider once and stores
// what came of it. A lost race is not an error: Token looks again.
func (e *Engine) refresh(ctx context.Context, s Slot, j *job, demanded <-chan struct{}) error {
	if j.g.lost() {
		// An answer that was captured too late for anybody to see may bring it back.
		_, err := e.adopt(ctx, s, j, j.g.Epoch, func(Capture) bool { return true })
		return err
	}
	var became Departure
	if e.Gate != nil {
		errand := s.Errand()
		errand.Demanded = demanded
		leave, err := e.Gate.Enter(ctx, errand)
		if err != nil {
			return err
		}
		defer func() { leave(became) }()
	}
	reg, err := s.Registration(ctx) // not before the queue: it may change meanwhile
	if err != nil {
		return err
	}
	now := j.time()
	a := Attempt{
		ID: token.NewID("att"), Version: j.g.Version, Token: token.Fingerprint(j.g.RefreshToken),
		At: now, Sent: j.g.Quota.With(now), Retry: j.g.Attempt != nil,
	}
	claimed := time.Now()
	if ok, err := s.Claim(ctx, j.g.Epoch, a, e.Policy.Lease); err != nil || !ok {
		return err
	}
	if a.Retry {
		// Under the lease, so that what is adopted is nobody else's any more.
		if done, err := e.adopt(ctx, s, j, j.g.Epoch+1, func(c Capture) bool { return c.Version == j.g.Version }); done || err != nil {
			return err
		}
	}
	became, err = e.ask(ctx, s, j, &reg, a, claimed)
	return err
}

// ask sends the one request of an attempt and stores what came of it.
func (e *Engine) ask(ctx context.Context, s Slot, j *job, reg *Registration, a Attempt, claimed time.Time) (Departure, error) {
	call, cancel := context.WithDeadline(ctx, claimed.Add(e.Policy.Call))
	defer cancel()
	sent, asked := j.time(), time.Now()
	answer, err := e.Upstream.Send(call, Request{
		Registration: *reg, RefreshToken: j.g.RefreshToken, NotAfter: claimed.Add(e.Policy.Call),
	})
	took := time.Since(asked)
	became := Departure{Sent: true}
	if e.Asked != nil {
		defer func() { e.Asked(became.Failure, took) }()
	}
	if err != nil {
		e.Log.Warn("token request", "grant", s.Key(), "error", err)
		if !errors.As(err, &became.Failure) {
			became.Failure = &Failure{Code: authmethods.CodeProviderDown, Unanswered: true}
		}
	} else {
		var done bool
		if done, became.Failure, err = e.receive(ctx, s, j, reg, a, claimed, sent, answer); done || err != nil {
			return became, err
		}
	}
	return became, e.setBack(ctx, s, j, reg, a, claimed, became.Failure)
}

// receive captures an answer before it is understood, and applies it if it is a
// success.
func (e *Engine) receive(ctx context.Context, s Slot, j *job, reg *Registration, a Attempt, claimed, sent time.Time, answer Answer) (bool, *Failure, error) {
	c := Capture{AttemptID: a.ID, Lineage: j.g.Lineage, Epoch: j.g.Epoch + 1, Version: a.Version, SentAt: sent, Answer: answer}
	if answer.Success() {
		if err := e.capture(ctx, s, c, claimed); err != nil {
			return false, nil, err
		}
	}
	renewal, failure := Read(&reg.Provider, answer)
	if failure != nil {
		return false, failure, nil
	}
	result := success(c, j.g.Epoch+1, renewal, j.g.Access.Scopes)
	applied := false
	err := e.insist(ctx, s, claimed, func() (err error) { applied, err = s.Succeed(ctx, result); return err })
	if answer.WithNext {
		e.promote(ctx, s, reg.Client.Version)
	}
	if applied || err != nil {
		return true, nil, err
	}
	return true, nil, e.rescue(ctx, s, j, result)
}

// insist repeats a write that the storage could not take, as long as the lease
// holds: otherwise all would wait for its end. The epoch makes a repeat harmless.
func (e *Engine) insist(ctx context.Context, s Slot, claimed time.Time, write func() error) error {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := write()
		if authmethods.KindOf(err) != authmethods.Unavailable || time.Since(claimed) > e.Policy.Lease/2 || e.draining.Load() {
			return err
		}
		e.Log.Warn("storing what came of a refresh, trying again", "grant", s.Key(), "error", err)
		time.Sleep(wait)
	}
}

// rescue applies a success that came too late for its epoch, if the grant was
// given up meanwhile: it holds the token that everybody else thinks is lost.
func (e *Engine) rescue(ctx context.Context, s Slot, j *job, late Success) error {
	g, _, err := s.Load(ctx)
	if err != nil || g.Lineage != j.g.Lineage || !g.lost() {
		return err // it stays captured
	}
	late.Epoch = g.Epoch
	_, err = s.Succeed(ctx, late)
	return err
}

// capture insists: the answer may hold the only copy of a rotated refresh token.
// While the storage is away a copy is kept in the lifeboat, from where it is brought
// ashore half a lease after it was asked for. Only if nothing takes it does it go on
// for longer than a lease.
func (e *Engine) capture(ctx context.Context, s Slot, c Capture, claimed time.Time) error {
	e.holding.Add(1)
	safe := sync.OnceFunc(func() { e.holding.Add(-1) })
	defer safe()
	stowed, end := false, time.Now().Add(10*e.Policy.Lease)
	wait := 10 * time.Millisecond
	for ; ; wait = min(2*wait, time.Second) {
		err := s.Capture(ctx, c)
		if err == nil {
			return nil
		}
		if !stowed {
			if lost := s.Stow(c); lost == nil {
				stowed, end = true, claimed.Add(e.Policy.Lease/2)
				safe()
			} else {
				e.Log.Error("putting a provider's answer into the lifeboat", "grant", s.Key(), "error", lost)
			}
		}
		if time.Now().After(end) || stowed && e.draining.Load() {
			return fmt.Errorf("tokens: an answer could not be captured (in the lifeboat: %t): %w", stowed, err)
		}
		e.Log.Error("storing a provider's answer, trying again", "grant", s.Key(), "in_lifeboat", stowed, "error", err)
		time.Sleep(wait)
	}
}

// adopt applies the newest captured answer that want accepts and that holds
// tokens, and reports whether there was one.
func (e *Engine) adopt(ctx context.Context, s Slot, j *job, epoch int64, want func(Capture) bool) (bool, error) {
	captured, err := s.Captured(ctx, j.g.Lineage)
	if err != nil {
		return false, err
	}
	reg, err := s.Registration(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range captured {
		if !want(c) {
			continue
		}
		if renewal, failure := Read(&reg.Provider, c.Answer); failure == nil {
			_, err := s.Succeed(ctx, success(c, epoch, renewal, j.g.Access.Scopes))
			return true, err
		}
	}
	return false, nil
}

// success turns an answer into what is stored. A token's life is counted from
// when it was asked for, not from when the answer came.
func success(c Capture, epoch int64, r *Renewal, scopes []string) Success {
	out := Success{
		Epoch: epoch, AttemptID: c.AttemptID, RefreshToken: r.RefreshToken,
		Access: NewAccessToken(r, c.SentAt, scopes),
	}
	if r.RefreshLife > 0 {
		out.RefreshExpiresAt = c.SentAt.Add(r.RefreshLife)
	}
	return out
}

// NewAccessToken is the access token of r, asked for at sent. An answer without
// scopes granted what was requested (RFC 6749 section 5.1).
func NewAccessToken(r *Renewal, sent time.Time, requested []string) AccessToken {
	t := AccessToken{
		ID: authmethods.ID(token.NewID("tok")), Value: r.AccessToken, Type: r.TokenType,
		Scopes: r.Scopes, IssuedAt: sent,
	}
	if len(t.Scopes) == 0 {
		t.Scopes = requested
	}
	if r.ExpiresIn > 0 {
		t.ExpiresAt = sent.Add(r.ExpiresIn)
	}
	return t
}

// setBack records what a failure means for the grant.
func (e *Engine) setBack(ctx context.Context, s Slot, j *job, reg *Registration, a Attempt, claimed time.Time, f *Failure) error {
	now := j.time()
	rotates := reg.Provider.Refresh.Rotation != catalog.RotatesNever
	b := Setback{
		Epoch: j.g.Epoch + 1, Failure: *f,
		RetryAt: now.Add(backoff(j.g.Failures+1, f, reg.Provider.Limits.ThrottleBackoff, rand.Float64())), // #nosec G404 -- spreads retries
		// Where refresh tokens rotate, a lost answer may have replaced the one we
		// hold, and stays lost whatever else a retry meets with. Elsewhere asking
		// again is all there is to it.
		Uncertain: rotates && (f.Unanswered || a.Retry && f.Verdict != GrantLost),
	}
	switch {
	case f.Verdict == ClientRejected:
		b.ClientVersion = reg.Client.Version
	case f.Verdict == GrantLost:
		// A success that lost its race may still hold a living token.
		if done, err := e.adopt(ctx, s, j, j.g.Epoch+1, func(c Capture) bool { return c.AttemptID != a.ID }); done || err != nil {
			return err
		}
		b.Broken = authmethods.CodeGrantLost
		if a.Retry && rotates {
			b.Broken = authmethods.CodeResponseLost
		}
	case b.Uncertain && !a.Retry:
		b.RetryAt = now // at once: providers tolerate a repeat for seconds only
	}
	return e.insist(ctx, s, claimed, func() error { _, err := s.SetBack(ctx, b); return err })
}
