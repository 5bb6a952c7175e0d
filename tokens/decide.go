package tokens

import (
	"time"

	"latchkey/authmethods"
)

// Policy holds the numbers of the refresh policy.
type Policy struct {
	// Margin is the least life of a token that is lent: shorter ones die on the
	// way.
	Margin time.Duration
	// Comfort is the life that a token should have when the caller names none. A
	// token with less is refreshed first, and lent all the same if that fails.
	Comfort time.Duration
	// Early is the fraction of a token's life after which it is refreshed before
	// anybody waits for it. The rest of its life is time to survive an outage.
	Early float64
	// Spread is the part of a token's life, around Early, over which such refreshes
	// are spread, so that tokens that were got together are not refreshed together.
	Spread float64
	// Lease is how long a claim holds; Call is the deadline of one request and
	// must be well under it, so that no lease lapses under a running request.
	Lease, Call time.Duration
	// Patience bounds the wait of a caller. A refresh that takes longer goes on by
	// itself, and the caller is told to come again.
	Patience time.Duration
	// Poll is how often a lease that another process holds is looked at, at least.
	Poll time.Duration
}

// DefaultPolicy suits providers whose tokens live for minutes to hours.
var DefaultPolicy = Policy{
	Margin:   10 * time.Second,
	Comfort:  time.Minute,
	Early:    0.75,
	Spread:   0.1,
	Lease:    60 * time.Second,
	Call:     25 * time.Second,
	Patience: 25 * time.Second,
	Poll:     100 * time.Millisecond,
}

// Want is what a caller needs of a token.
type Want struct {
	// MinTTL is the life it must have left, a promise that is kept or refused.
	// Zero: as much as the policy finds comfortable, less when nothing better can
	// be had.
	MinTTL time.Duration
	// Other asks for a token other than this one: a provider refused it.
	Other authmethods.ID
}

// Step is what is to be done next.
type Step int

// The steps.
const (
	Serve      Step = iota // the access token is good: lend it
	Refresh                // claim the lease and ask the provider
	Recover                // an earlier request has no applied answer: find or repeat it
	Wait                   // somebody holds the lease; look again at Decision.At
	Backoff                // not before Decision.At
	Unmeetable             // no token of this provider lives as long as was asked
	Fail                   // only a person can help
)

// Decision is the outcome of [Decide].
type Decision struct {
	Step Step
	At   time.Time
	// Ahead, with Serve, asks for a refresh in the background.
	Ahead bool
}

// Decide is the whole refresh policy.
func Decide(p Policy, g *Grant, w Want, now time.Time) Decision {
	usable := lendable(p, g, Want{Other: w.Other}, now)
	enough := lendable(p, g, w, now)
	next := renew(g, now)
	acts := next.Step == Refresh || next.Step == Recover
	switch {
	case enough && comfortable(p, g, w, now):
		return Decision{Step: Serve, Ahead: next.Step == Recover || acts && due(p, g, now)}
	case usable && !enough && next.Step != Fail && w.MinTTL > life(g)-p.Margin:
		// A new token would live no longer, so refreshing only burns the budget.
		return Decision{Step: Unmeetable}
	case acts:
		return next
	case enough:
		// Nothing better can be had now, and a token that is still good is never
		// withheld.
		return Decision{Step: Serve}
	}
	return next
}

// lendable reports whether the token meets w as it is.
func lendable(p Policy, g *Grant, w Want, now time.Time) bool {
	return g.Access.Usable(now, max(p.Margin, w.MinTTL)) && g.Access.ID != w.Other && g.Broken != authmethods.CodeRevoked
}

// renew says what stands between the grant and a new access token.
func renew(g *Grant, now time.Time) Decision {
	switch {
	case g.Broken != "" || !g.Renewable:
		return Decision{Step: Fail}
	case now.Before(g.LeaseUntil):
		return Decision{Step: Wait, At: g.LeaseUntil}
	case g.ClientRejected != nil && now.Before(g.ClientRejected.RetryAt):
		return Decision{Step: Backoff, At: g.ClientRejected.RetryAt}
	case now.Before(g.RetryAt):
		return Decision{Step: Backoff, At: g.RetryAt}
	case !g.Quota.FreeAt(now).IsZero():
		return Decision{Step: Backoff, At: g.Quota.FreeAt(now)}
	case g.Attempt != nil:
		return Decision{Step: Recover}
	}
	return Decision{Step: Refresh}
}

// comfortable reports whether a token need not be refreshed before it is lent.
func comfortable(p Policy, g *Grant, w Want, now time.Time) bool {
	if w.MinTTL > 0 {
		return true // enough is what was asked for
	}
	// A short-lived token would never be comfortable by the clock alone.
	comfort := p.Comfort
	if l := life(g); l > 0 {
		comfort = min(comfort, l/4)
	}
	return g.Access.Usable(now, comfort)
}

// due reports whether so much of a token's life is over that it should be
// refreshed before anybody waits for it.
func due(p Policy, g *Grant, now time.Time) bool {
	at := p.RefreshAt(&g.Access)
	return !at.IsZero() && !now.Before(at)
}

// RefreshAt is when a token should be refreshed before anybody waits for it: at a
// fraction of its life around Early that follows from its id, so that all
// processes agree. It is zero for a token that never expires.
func (p Policy) RefreshAt(t *AccessToken) time.Time {
	if t.ExpiresAt.IsZero() || t.Value.IsZero() {
		return time.Time{}
	}
	at := p.Early + p.Spread*(share(string(t.ID))-0.5)
	return t.IssuedAt.Add(time.Duration(float64(t.ExpiresAt.Sub(t.IssuedAt)) * at))
}

// life is the whole life of the grant's access token; zero if it never expires.
func life(g *Grant) time.Duration {
	if g.Access.ExpiresAt.IsZero() {
		return 0
	}
	return g.Access.ExpiresAt.Sub(g.Access.IssuedAt)
}
