package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/token"
	"latchkey/tokens"
)

// place is where one grant is stored: tokens/store in memory, with the same
// guards. Processes reach it through a replica each.
type place struct {
	provider catalog.Provider
	slow     time.Duration // how long the answer to a Load takes

	mu            sync.Mutex
	grant         tokens.Grant
	captures      []*kept
	client        int64 // version of the client that methods hold
	refusedClient int64 // that the last failure was about; 0: about none
	rejected      *authmethods.Rejection
	condemned     map[string]bool // fingerprints of tokens that are on record as lost
	everBroken    bool
	writes        int
	watch         *upstream // whom to ask whether a verdict is true; nil: nobody
	faults        []string  // what a sound engine would not have done
}

// kept is a captured answer.
type kept struct {
	tokens.Capture
	at      time.Time
	applied bool
}

func newPlace(p catalog.Provider, g tokens.Grant) *place {
	return &place{provider: p, grant: g, client: 1, condemned: map[string]bool{}}
}

func (p *place) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}

// read is the grant as a process sees it.
func (p *place) read() tokens.Grant {
	g := p.grant
	if p.refusedClient != 0 && p.refusedClient != p.client {
		g.FailureCode, g.Failures, g.RetryAt = "", 0, time.Time{}
	}
	g.ClientRejected = p.rejected
	return g
}

func (p *place) claim(epoch int64, a tokens.Attempt, lease time.Duration) bool {
	p.writes++
	if p.grant.Epoch != epoch || time.Now().Before(p.grant.LeaseUntil) {
		return false
	}
	p.grant.Epoch++
	p.grant.LeaseUntil, p.grant.Attempt, p.grant.Quota.Sent = time.Now().Add(lease), &a, a.Sent
	return true
}

func (p *place) capture(c tokens.Capture) {
	p.writes++
	if !slices.ContainsFunc(p.captures, func(k *kept) bool { return k.AttemptID == c.AttemptID }) {
		p.captures = append(p.captures, &kept{Capture: c, at: time.Now()})
	}
}

func (p *place) captured(lineage string) (list []tokens.Capture) {
	for _, k := range slices.Backward(p.captures) {
		if k.Lineage == lineage && !k.applied {
			list = append(list, k.Capture)
		}
	}
	return list
}

// holding returns the captured answer that holds the access token.
func (p *place) holding(access string) *kept {
	for _, k := range p.captures {
		if !k.Answer.Truncated && strings.Contains(k.Answer.Body.Reveal(), `"`+access+`"`) {
			return k
		}
	}
	return nil
}

func (p *place) succeed(s tokens.Success) bool {
	p.writes++
	if p.grant.Epoch != s.Epoch {
		return false
	}
	g := &p.grant
	if g.Access.ID == s.Access.ID {
		return true // an earlier try got through after all
	}
	g.Version++
	g.Access, g.LeaseUntil, g.Attempt = s.Access, time.Time{}, nil
	g.Failures, g.FailureCode, g.RetryAt, g.Broken, p.refusedClient = 0, "", time.Time{}, "", 0
	if !s.RefreshToken.IsZero() {
		g.RefreshToken = s.RefreshToken
	}
	p.rejected = nil
	for _, k := range p.captures {
		if k.AttemptID == s.AttemptID {
			k.applied = true
		}
	}
	return true
}

func (p *place) setBack(b tokens.Setback) bool {
	p.writes++
	if p.grant.Epoch != b.Epoch {
		return false
	}
	p.judge(b)
	g := &p.grant
	g.LeaseUntil, g.RetryAt = time.Time{}, b.RetryAt
	if !b.Uncertain {
		g.Attempt = nil
	}
	g.Failures, g.FailureCode, p.refusedClient = g.Failures+1, b.Failure.Code, b.ClientVersion
	if b.Broken != "" {
		g.Broken, p.everBroken = b.Broken, true
	}
	if b.ClientVersion == p.client {
		p.rejected = &authmethods.Rejection{Code: b.Failure.Code, At: time.Now(), RetryAt: b.RetryAt}
	}
	return true
}

// judge holds a setback against the invariants.
func (p *place) judge(b tokens.Setback) {
	f := b.Failure
	if (f.Verdict == tokens.ClientRejected) != (b.ClientVersion != 0) {
		p.fault("client version %d on record for %s", b.ClientVersion, f.Code)
	}
	if f.Verdict == tokens.GrantLost {
		p.condemned[token.Fingerprint(p.grant.RefreshToken)] = true
	}
	if b.Broken == "" || p.watch == nil {
		return
	}
	switch rt := p.grant.RefreshToken.Reveal(); {
	case !p.watch.refused(rt):
		p.fault("given up with %s, and the provider never refused %s", b.Broken, rt)
	case b.Broken == authmethods.CodeGrantLost && !p.watch.isGone():
		p.fault("given up with %s, and the provider has the grant", b.Broken)
	case p.grant.ClientRejected != nil:
		p.fault("given up because of the client")
	}
}

// fate is what becomes of one operation of a process.
type fate string

const (
	well        fate = ""
	refuse      fate = "refuse"       // an error, and nothing happened
	loseReply   fate = "lose reply"   // an error, and it happened all the same
	dawdle      fate = "dawdle"       // it happens after longer than a lease
	freeze      fate = "freeze"       // it happens, and the process stops for longer than a lease
	outage      fate = "outage"       // an error, and for two minutes more
	crashBefore fate = "crash before" // the process ends, and nothing happened
	crashAfter  fate = "crash after"  // the process ends, and it happened
)

// replica is a process's way to a place, and the end of the process.
type replica struct {
	*place
	fates *fates

	mu    sync.Mutex
	dead  bool
	until time.Time        // of an outage
	boat  []tokens.Capture // stowed and not landed

	setBackOf int64 // the epoch of the last set-back
	setBackAt time.Time
}

var (
	errStorage = &authmethods.Problem{Kind: authmethods.Unavailable, Code: authmethods.CodeStorageUnavailable, RetryAfter: time.Second}
	errDead    = errors.New("this process is dead")
)

func (r *replica) Key() string { return "conn_1" }

func (r *replica) Errand() tokens.Errand {
	return tokens.Errand{Party: "tn_A", Grant: r.Key(), Host: "provider.example", Client: "client"}
}

func (r *replica) alive() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.dead
}

// end kills the process. The panic takes the goroutine of its refresh with it.
func (r *replica) end() {
	r.mu.Lock()
	r.dead = true
	r.mu.Unlock()
	panic(errDead)
}

// do runs f with the next fate of such operations.
func (r *replica) do(op string, f func()) error {
	if !r.alive() {
		r.end()
	}
	r.mu.Lock()
	down := time.Now().Before(r.until)
	r.mu.Unlock()
	if down {
		return errStorage
	}
	run := func() {
		r.place.mu.Lock()
		defer r.place.mu.Unlock()
		f()
	}
	switch r.fates.next(op) {
	case refuse:
		return errStorage
	case outage:
		r.mu.Lock()
		r.until = time.Now().Add(2 * time.Minute)
		r.mu.Unlock()
		return errStorage
	case loseReply:
		run()
		return errStorage
	case dawdle:
		time.Sleep(70 * time.Second)
	case freeze:
		run()
		time.Sleep(70 * time.Second)
		return nil
	case crashBefore:
		r.end()
	case crashAfter:
		run()
		r.end()
	}
	run()
	return nil
}

func (r *replica) Load(context.Context) (tokens.Grant, time.Time, error) {
	if !r.alive() {
		return tokens.Grant{}, time.Now(), errDead
	}
	r.place.mu.Lock()
	g, now := r.read(), time.Now()
	r.place.mu.Unlock()
	time.Sleep(r.slow)
	return g, now, nil
}

func (r *replica) Registration(context.Context) (tokens.Registration, error) {
	r.place.mu.Lock()
	defer r.place.mu.Unlock()
	return tokens.Registration{Provider: r.provider, Client: authmethods.Client{ID: "client", Version: r.client}, Mode: authmethods.ModeOAuth}, nil
}

func (r *replica) Claim(_ context.Context, epoch int64, a tokens.Attempt, lease time.Duration) (ok bool, err error) {
	err = r.do("claim", func() { ok = r.claim(epoch, a, lease) })
	return ok && err == nil, err
}

func (r *replica) Promote(_ context.Context, version int64) error {
	return r.do("promote", func() {
		if r.client == version {
			r.client++
		}
	})
}

// Stow needs no storage; it meets its own fates.
func (r *replica) Stow(c tokens.Capture) error {
	if !r.alive() {
		r.end()
	}
	f := r.fates.next("stow")
	if f == crashBefore {
		r.end()
	}
	if f == refuse || f == outage {
		return errStorage
	}
	r.mu.Lock()
	r.boat = append(r.boat, c)
	r.mu.Unlock()
	if f == crashAfter {
		r.end()
	}
	return nil
}

// land brings what a process has in its lifeboat ashore, as its successor does, or
// it does itself when nobody else is at it any more.
func (r *replica) land() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place.mu.Lock()
	defer r.place.mu.Unlock()
	for _, c := range r.boat {
		r.capture(c)
	}
	r.boat = nil
}

func (r *replica) Capture(_ context.Context, c tokens.Capture) error {
	return r.do("capture", func() {
		r.capture(c)
		r.mu.Lock()
		r.boat = slices.DeleteFunc(r.boat, func(k tokens.Capture) bool { return k.AttemptID == c.AttemptID })
		r.mu.Unlock()
	})
}

func (r *replica) Captured(_ context.Context, lineage string) (list []tokens.Capture, err error) {
	err = r.do("captured", func() { list = r.captured(lineage) })
	return list, err
}

func (r *replica) Succeed(_ context.Context, s tokens.Success) (ok bool, err error) {
	err = r.do("succeed", func() { ok = r.succeed(s) })
	return ok && err == nil, err
}

func (r *replica) SetBack(_ context.Context, b tokens.Setback) (ok bool, err error) {
	r.mu.Lock()
	if r.setBackOf != b.Epoch {
		r.setBackOf, r.setBackAt = b.Epoch, time.Now() // what follows are repeats
	}
	since := r.setBackAt
	r.mu.Unlock()
	if least := max(b.Failure.RetryAfter, time.Second); b.Broken == "" && !b.Failure.Unanswered && b.RetryAt.Before(since.Add(least)) {
		r.place.mu.Lock()
		r.fault("%s is tried again in %s", b.Failure.Code, b.RetryAt.Sub(since))
		r.place.mu.Unlock()
	}
	err = r.do("set back", func() { ok = r.setBack(b) })
	return ok && err == nil, err
}

// fates deals out what becomes of operations, in the order they come.
type fates struct {
	mu     sync.Mutex
	script map[string][]fate
	out    int // outages so far; too many in a row would be the end of every engine
	off    bool
}

func (f *fates) next(op string) fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.script[op]
	if f.off || len(list) == 0 {
		return well
	}
	f.script[op] = list[1:]
	if list[0] == outage {
		if f.out++; f.out > 3 {
			return refuse
		}
	}
	return list[0]
}

func (f *fates) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
}
