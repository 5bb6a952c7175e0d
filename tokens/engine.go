package tokens

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/token"
)

// Engine carries out what [Decide] decides: one refresh per grant at a time, in
// this process by a flight that callers join, among processes by the lease.
type Engine struct {
	Policy   Policy
	Upstream Upstream
	Log      *slog.Logger

	mu      sync.Mutex // guards flights; never held across I/O
	flights map[string]*flight
	running sync.WaitGroup
}

// flight is a refresh in progress in this process.
type flight struct {
	done chan struct{}
	err  error // of the machinery; the outcome is in the storage
}

// Token returns the grant of s with an access token that satisfies w, and
// whether a refresh was needed for it. now is the storage's time at which it was
// read.
func (e *Engine) Token(ctx context.Context, s Slot, w Want) (g Grant, now time.Time, refreshed bool, err error) {
	var began time.Time // by the storage's clock
	for revived := false; ; {
		g, now, err = s.Load(ctx)
		loaded := time.Now() // for its monotonic reading only
		if err != nil {
			return g, now, false, err
		}
		if began.IsZero() {
			began = now
		}
		d := Decide(e.Policy, &g, w, now)
		asks := d.Step == Refresh || d.Step == Recover
		if asks && refreshed && !g.Access.IssuedAt.Before(began) {
			// This token was got for us, and the next one would be no better.
			d, asks = Decision{Step: Unmeetable}, false
		}
		switch {
		case d.Step == Serve:
			if d.Ahead {
				e.fly(ctx, s, &job{g, now, loaded})
			}
			return g, now, refreshed, nil
		case d.Step == Wait:
			refreshed = true
			err = e.waitForLease(ctx, s, d.At.Sub(now))
		case asks:
			refreshed = true
			err = e.fly(ctx, s, &job{g, now, loaded}).wait(ctx)
		case d.Step == Fail && g.lost() && !revived:
			revived = true
			err = e.fly(ctx, s, &job{g, now, loaded}).wait(ctx)
		default:
			return g, now, false, refusalOf(&g, d, w, now)
		}
		if now = now.Add(time.Since(loaded)); err != nil && ctx.Err() == nil && lendable(e.Policy, &g, w, now) {
			return g, now, false, nil // whatever became of the refresh
		}
		if err != nil {
			return g, now, false, err
		}
	}
}

// waitForLease waits for the answer itself if the lease is this process's own.
// Otherwise another has it, and all there is to do is to look again.
func (e *Engine) waitForLease(ctx context.Context, s Slot, left time.Duration) error {
	if f := e.fly(ctx, s, nil); f != nil {
		return f.wait(ctx)
	}
	t := time.NewTimer(min(left, e.Policy.Poll) + time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return waited(ctx)
	case <-t.C:
		return nil
	}
}

// job is a grant to refresh, as it was loaded.
type job struct {
	g      Grant
	now    time.Time // by the storage's clock
	loaded time.Time // the same moment by this process's monotonic clock
}

// since returns the storage's time now.
func (j *job) time() time.Time { return j.now.Add(time.Since(j.loaded)) }

// fly returns the flight of s in this process. If there is none it starts one for
// j, or returns nil if j is nil.
func (e *Engine) fly(ctx context.Context, s Slot, j *job) *flight {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f := e.flights[s.Key()]; f != nil || j == nil {
		return f
	}
	f := &flight{done: make(chan struct{})}
	if e.flights == nil {
		e.flights = map[string]*flight{}
	}
	e.flights[s.Key()] = f
	e.running.Go(func() {
		defer func() {
			if r := recover(); r != nil {
				f.err = fmt.Errorf("tokens: panic in a refresh: %v", r)
			}
			e.mu.Lock()
			delete(e.flights, s.Key())
			e.mu.Unlock()
			if f.err != nil {
				e.Log.Error("refresh ended abnormally", "grant", s.Key(), "error", f.err)
			}
			close(f.done)
		}()
		// The caller may hang up. The rotation must not: the provider may already
		// have replaced the token that we hold.
		f.err = e.refresh(context.WithoutCancel(ctx), s, j)
	})
	return f
}

func (f *flight) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return waited(ctx)
	case <-f.done:
		return f.err
	}
}

// waited is the answer to a caller whose patience ended before the refresh did.
// The refresh goes on.
func waited(ctx context.Context) error {
	return &authmethods.Problem{
		Kind: authmethods.Unavailable, Code: authmethods.CodeProviderDown,
		Detail: "The provider has not answered yet.", RetryAfter: time.Second, Err: ctx.Err(),
	}
}

// Drain waits until no refresh is in flight, or until ctx ends.
func (e *Engine) Drain(ctx context.Context) error {
	done := make(chan struct{})
	go func() { e.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("tokens: waiting for refreshes in flight: %w", ctx.Err())
	}
}

// refresh takes the lease, asks the provider once and stores what came of it. A
// lost race is not an error: Token looks again.
func (e *Engine) refresh(ctx context.Context, s Slot, j *job) error {
	if j.g.lost() {
		// An answer that was captured too late for anybody to see may bring it back.
		_, err := e.adopt(ctx, s, j, j.g.Epoch, func(Capture) bool { return true })
		return err
	}
	reg, err := s.Registration(ctx)
	if err != nil {
		return err
	}
	a := Attempt{
		ID: token.NewID("att"), Version: j.g.Version, Token: token.Fingerprint(j.g.RefreshToken),
		At: j.time(), Retry: j.g.Attempt != nil,
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
	call, cancel := context.WithDeadline(ctx, claimed.Add(e.Policy.Call))
	defer cancel()
	sent := j.time()
	answer, err := e.Upstream.Send(call, Request{
		Registration: reg, RefreshToken: j.g.RefreshToken, NotAfter: claimed.Add(e.Policy.Call),
	})
	var failure *Failure
	switch {
	case errors.As(err, &failure):
		e.Log.Warn("token request", "grant", s.Key(), "error", err)
	case err != nil:
		failure = &Failure{Code: authmethods.CodeProviderDown, Unanswered: true}
		e.Log.Warn("token request", "grant", s.Key(), "error", err)
	default:
		var done bool
		if done, failure, err = e.receive(ctx, s, j, &reg, a, sent, answer); done || err != nil {
			return err
		}
	}
	return e.setBack(ctx, s, j, &reg, a, failure)
}

// receive captures an answer before it is understood, and applies it if it is a
// success.
func (e *Engine) receive(ctx context.Context, s Slot, j *job, reg *Registration, a Attempt, sent time.Time, answer Answer) (bool, *Failure, error) {
	c := Capture{AttemptID: a.ID, Lineage: j.g.Lineage, Epoch: j.g.Epoch + 1, Version: a.Version, SentAt: sent, Answer: answer}
	if answer.Success() {
		if err := e.capture(ctx, s, c); err != nil {
			return false, nil, err
		}
	}
	renewal, failure := Read(&reg.Provider, answer)
	if failure != nil {
		return false, failure, nil
	}
	result := success(c, j.g.Epoch+1, renewal, j.g.Access.Scopes)
	if applied, err := s.Succeed(ctx, result); applied || err != nil {
		return true, nil, err
	}
	return true, nil, e.rescue(ctx, s, j, result)
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
// It gives up when the lease is long over and another process may have gone on.
func (e *Engine) capture(ctx context.Context, s Slot, c Capture) error {
	wait := 10 * time.Millisecond
	for started := time.Now(); ; wait = min(2*wait, 5*time.Second) {
		err := s.Capture(ctx, c)
		if err == nil {
			return nil
		}
		if time.Since(started) > 10*e.Policy.Lease {
			return fmt.Errorf("tokens: an answer could not be stored: %w", err)
		}
		e.Log.Error("storing a provider's answer, trying again", "grant", s.Key(), "error", err)
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
func (e *Engine) setBack(ctx context.Context, s Slot, j *job, reg *Registration, a Attempt, f *Failure) error {
	now := j.time()
	rotates := reg.Provider.Refresh.Rotation != catalog.RotatesNever
	b := Setback{
		Epoch: j.g.Epoch + 1, Failure: *f,
		RetryAt: now.Add(backoff(j.g.Failures+1, f, reg.Provider.Limits.ThrottleBackoff, rand.Float64())),
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
	_, err := s.SetBack(ctx, b)
	return err
}
