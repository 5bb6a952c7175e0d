package web

import (
	"net/http"
	"net/netip"
	"time"

	"latchkey/authmethods"
	"latchkey/web/limit"
	"latchkey/web/route"
)

// limits bound what is asked for before it costs anything: a look-up, a hash, a call
// to a provider. They are those of this process alone; how often somebody may try a
// password or a code is counted in the database, for all processes.
type limits struct {
	addresses map[route.Limit]*limit.Rate[netip.Addr]
	tenants   *limit.Rate[authmethods.TenantID]
	callers   *limit.Rate[authmethods.ID] // people and service accounts
	tickets   *limit.Rate[authmethods.ID] // service accounts that exchange them
	guesses   *limit.Guesses
}

// How the one number that is configured becomes the others: requests a minute of one
// address that prove nothing about who sends them.
const (
	signInPart   = 5  // this part of them may begin a sign-in or try a password
	callbackPart = 10 // this part may come back from a provider or guess wrongly
	tenantTimes  = 10 // so much of it may come to one tenant from everywhere
)

// newLimits makes the limits of perMinute requests a minute from one address; 0: none.
func newLimits(perMinute int) *limits {
	part := func(n int) int { return (perMinute + n - 1) / n }
	return &limits{
		addresses: map[route.Limit]*limit.Rate[netip.Addr]{
			route.Usual:    limit.PerMinute[netip.Addr](perMinute),
			route.SignIn:   limit.PerMinute[netip.Addr](part(signInPart)),
			route.Callback: limit.PerMinute[netip.Addr](part(callbackPart)),
		},
		tenants: limit.PerMinute[authmethods.TenantID](perMinute * tenantTimes),
		callers: limit.PerMinute[authmethods.ID](perMinute),
		tickets: limit.PerMinute[authmethods.ID](perMinute * tenantTimes),
		guesses: limit.GuessesPerMinute(part(callbackPart)),
	}
}

// fromAddress is where a request comes from; the zero address if that is not known, as
// on a socket.
func fromAddress(c *route.Call) netip.Addr {
	a, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Addr{}
	}
	return limit.Network(a)
}

func tooMany(detail string, wait time.Duration) error {
	return &authmethods.Problem{Kind: authmethods.Exhausted, Code: authmethods.CodeTooManyRequests, Detail: detail, RetryAfter: wait}
}

// unproven counts a request to a route that asks for no proof of who sends it.
// On the internal listener there is none but health and metrics.
func (l *limits) unproven(c *route.Call, on route.Listener, kind route.Limit) error {
	rate, ok := l.addresses[kind]
	if !ok || on == route.Internal {
		return nil
	}
	if wait, ok := rate.Take(fromAddress(c)); !ok {
		return tooMany("Too many requests come from your address. Wait before the next.", wait)
	}
	if c.Tenant.ID == "" {
		return nil
	}
	if wait, ok := l.tenants.Take(c.Tenant.ID); !ok {
		return tooMany("Too many requests by people who are not signed in come at this moment.", wait)
	}
	return nil
}

// caller counts a request of somebody who has proved who they are. Loans are not
// counted: most are answered from memory, and the others wait their tenant's turn.
func (l *limits) caller(on route.Listener, kind route.Limit, id authmethods.ID) error {
	rate := l.callers
	if on == route.Internal {
		rate = nil
		if kind == route.SignIn {
			rate = l.tickets
		}
	}
	if wait, ok := rate.Take(id); !ok {
		return tooMany("You sent too many requests within a minute.", wait)
	}
	return nil
}

// guess looks up what somebody presents, unless too much that came from their address
// was wrong. What was right lately is always looked up.
func (l *limits) guess(c *route.Call, presented string, lookUp func() error) error {
	from := fromAddress(c)
	if wait, ok := l.guesses.May(from, presented); !ok {
		return tooMany("Too much that came from your address was wrong. Wait before you try again.", wait)
	}
	err := lookUp()
	switch {
	case err == nil:
		l.guesses.Right(presented)
	case authmethods.KindOf(err) == authmethods.Unauthenticated, isUnknownHost(err):
		l.guesses.Wrong(from)
	}
	return err
}

// guessSession is the guess of who has a session: its cookie, in its tenant.
func (s *server) guessSession(c *route.Call, lookUp func() error) error {
	cookie := s.sessionCookie(c)
	if cookie == "" {
		return lookUp() // which looks nothing up
	}
	err := s.limits.guess(c, string(c.Tenant.ID)+"\x00"+cookie, lookUp)
	if err == errSentAway {
		return nil
	}
	return err
}

// errSentAway says that whoever has no session was answered already.
var errSentAway error = &authmethods.Problem{Kind: authmethods.Unauthenticated, Code: authmethods.CodeNotSignedIn}

// answered returns what became of a look-up for a session that answers by itself.
func answered(c *route.Call, err error) error {
	if err == nil && c.Response().Status != http.StatusOK {
		return errSentAway
	}
	return err
}
