package tokens_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// reuse is what a provider does about a refresh token that was used before.
type reuse string

const (
	tolerates reuse = "tolerates" // the last one yields another successor, as long as none was used
	refuses   reuse = "refuses"   // invalid_grant, and the newest token lives on
	revokes   reuse = "revokes"   // invalid_grant, and the whole grant is gone (RFC 9700 section 4.14.2)
)

// reply is what becomes of one token request.
type reply struct {
	Latency time.Duration
	Outcome outcome
}

type outcome string

const (
	rotates     outcome = "ok"
	unavailable outcome = "503"
	throttles   outcome = "429"
	revoked     outcome = "invalid_grant"
	refusesThis outcome = "invalid_client" // from now on, until the client changes
	silent      outcome = "timeout"
	lost        outcome = "lost" // it rotates, and the answer never comes
	gateway     outcome = "502"  // likewise, and a gateway says so
	page        outcome = "html"
	cut         outcome = "truncated"
)

// upstream is a provider that rotates refresh tokens, and notes every request
// that a sound engine would not have made.
type upstream struct {
	life  time.Duration
	reuse reuse
	at    *place

	mu         sync.Mutex
	replies    []reply
	issued     int
	born       map[string]time.Time // access token → when it was issued
	living     map[string]bool      // the tokens it will take
	newest     string               // of them
	previous   string               // the last one used
	spent      map[string]string    // refresh token used → access token that it yielded
	saidGone   map[string]bool      // tokens that got invalid_grant
	gone       bool                 // the grant does not exist any more
	badClient  int64                // this version and those before are refused
	open       int                  // requests in progress
	calls      int
	allowed    int         // requests in ten minutes; 0: any number
	sent       []time.Time // when requests came
	faults     []string
	afterReuse bool // the grant is gone because of reuse
}

func newUpstream(at *place, r reuse, life time.Duration, script ...reply) *upstream {
	u := &upstream{life: life, reuse: r, at: at, replies: script, living: map[string]bool{"rt0": true}, newest: "rt0", born: map[string]time.Time{}, spent: map[string]string{}, saidGone: map[string]bool{}}
	at.watch = u
	return u
}

func (u *upstream) refused(rt string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.saidGone[rt]
}

func (u *upstream) isGone() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.gone
}

func (u *upstream) calm() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.replies = nil
}

func (u *upstream) fault(format string, args ...any) {
	u.faults = append(u.faults, fmt.Sprintf(format, args...))
}

// exchange is one request from its arrival to its answer, which the caller may
// not live to see.
func (u *upstream) exchange(ctx context.Context, r tokens.Request) (tokens.Answer, error) {
	if !time.Now().Before(r.NotAfter) {
		return tokens.Answer{}, &tokens.Failure{Code: authmethods.CodeProviderDown}
	}
	u.checkPlace(r)
	latency, answer := u.arrive(r)
	defer func() {
		u.mu.Lock()
		u.open--
		u.mu.Unlock()
	}()
	unanswered := &tokens.Failure{Code: authmethods.CodeProviderDown, Unanswered: true}
	if answer == nil {
		<-ctx.Done()
		return tokens.Answer{}, unanswered
	}
	select {
	case <-ctx.Done():
		return tokens.Answer{}, unanswered
	case <-time.After(latency):
		return *answer, nil
	}
}

// checkPlace holds a request against what is on record.
func (u *upstream) checkPlace(r tokens.Request) {
	u.at.mu.Lock()
	defer u.at.mu.Unlock()
	g, now := u.at.read(), time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	rt := r.RefreshToken.Reveal()
	switch {
	case g.Broken != "":
		u.fault("called after the grant was given up")
	case u.at.condemned[token.Fingerprint(r.RefreshToken)]:
		u.fault("shown %s after it was refused for good", rt)
	case now.Before(g.RetryAt):
		u.fault("called %s before the backoff ends", g.RetryAt.Sub(now))
	case g.ClientRejected != nil && now.Before(g.ClientRejected.RetryAt):
		u.fault("called while the client is rejected")
	case !now.Before(g.LeaseUntil):
		u.fault("called without a lease")
	case g.Attempt == nil || g.Attempt.Token != token.Fingerprint(r.RefreshToken):
		u.fault("called without an intent on record")
	}
	access, used := u.spent[rt]
	if !used {
		return
	}
	if k := u.at.holding(access); k != nil && k.at.Before(now) {
		u.fault("shown %s twice, and its answer was captured", rt)
	}
	if g.Attempt != nil && !g.Attempt.Retry {
		u.fault("shown %s twice without knowing it", rt)
	}
}

// arrive decides what a request does, at the moment it comes in. A nil answer
// never leaves.
func (u *upstream) arrive(r tokens.Request) (time.Duration, *tokens.Answer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f := reply{Outcome: rotates}
	if len(u.replies) > 0 {
		f, u.replies = u.replies[0], u.replies[1:]
	}
	if u.open++; u.open > 1 {
		u.fault("%d requests at once", u.open)
	}
	u.calls++
	u.checkQuota()
	if f.Outcome == refusesThis {
		u.badClient = r.Client.Version
	}
	switch {
	case f.Outcome == unavailable:
		return f.Latency, answered(503, `{"error":"temporarily_unavailable"}`)
	case f.Outcome == throttles:
		a := answered(429, ``)
		a.RetryAfter = 30 * time.Second
		return f.Latency, a
	case f.Outcome == page:
		return f.Latency, answered(200, `<html>maintenance</html>`)
	case f.Outcome == silent:
		return f.Latency, nil
	case r.Client.Version <= u.badClient:
		return f.Latency, answered(401, `{"error":"invalid_client"}`)
	}
	return f.Latency, u.grant(f.Outcome, r.RefreshToken.Reveal())
}

// checkQuota holds the number of requests against what the provider allows.
func (u *upstream) checkQuota() {
	now, recent := time.Now(), 0
	u.sent = append(u.sent, now)
	for _, at := range u.sent {
		if now.Sub(at) < 10*time.Minute {
			recent++
		}
	}
	if allowed := u.allowed; allowed > 0 && recent > allowed {
		u.fault("%d requests in ten minutes, allowed are %d", recent, allowed)
	}
}

func (u *upstream) grant(o outcome, rt string) *tokens.Answer {
	if o == revoked {
		u.gone = true
	}
	again := u.reuse == tolerates && rt == u.previous && rt != ""
	if _, used := u.spent[rt]; used && u.reuse == revokes {
		u.gone, u.afterReuse = true, true
	}
	if u.gone || !u.living[rt] && !again {
		u.saidGone[rt] = true
		return answered(400, `{"error":"invalid_grant"}`)
	}
	u.issued++
	access := fmt.Sprint("at", u.issued)
	u.born[access] = time.Now()
	if !again {
		clear(u.living)
	}
	u.spent[rt], u.previous, u.newest = access, rt, fmt.Sprint("rt", u.issued)
	u.living[u.newest] = true
	body := fmt.Sprintf(`{"access_token":%q,"refresh_token":%q,"expires_in":%d}`, access, u.newest, int(u.life.Seconds()))
	switch o {
	case lost:
		return nil
	case gateway:
		return answered(502, `<html>bad gateway</html>`)
	case cut:
		a := answered(200, body[:len(body)/2])
		a.Truncated = true
		return a
	}
	return answered(200, body)
}

func answered(status int, body string) *tokens.Answer {
	return &tokens.Answer{Status: status, Body: secret.New(body)}
}

// wire is a process's way to the provider.
type wire struct {
	*upstream
	from *replica
}

func (w wire) Send(ctx context.Context, r tokens.Request) (tokens.Answer, error) {
	if !w.from.alive() {
		w.from.end()
	}
	f := w.from.fates.next("send")
	if f == crashBefore {
		w.from.end()
	}
	a, err := w.exchange(ctx, r)
	if f == crashAfter {
		w.from.end()
	}
	return a, err
}
