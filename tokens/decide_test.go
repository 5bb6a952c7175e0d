package tokens_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// policy refreshes ahead at an exact moment.
var policy = func() tokens.Policy {
	p := tokens.DefaultPolicy
	p.Spread = 0
	return p
}()

// ten is ten o'clock, when the tokens of these stories are issued; they live an
// hour.
var ten = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// clock returns the time that is written as hh:mm or hh:mm:ss.
func clock(s string) time.Time {
	layout := "15:04"
	if len(s) > len(layout) {
		layout = "15:04:05"
	}
	at, err := time.Parse(layout, s)
	if err != nil {
		panic(err)
	}
	return ten.Truncate(24 * time.Hour).Add(at.Sub(at.Truncate(24 * time.Hour)))
}

func issuedAtTen() tokens.Grant {
	return tokens.Grant{
		Lineage: "con_1", Epoch: 4, Version: 2, Renewable: true, RefreshToken: secret.New("rt"),
		Access: tokens.AccessToken{ID: "tok_1", Value: secret.New("at"), IssuedAt: ten, ExpiresAt: ten.Add(time.Hour)},
	}
}

func TestDecide(t *testing.T) {
	type g = tokens.Grant
	serve, ahead := tokens.Decision{Step: tokens.Serve}, tokens.Decision{Step: tokens.Serve, Ahead: true}
	refresh, again := tokens.Decision{Step: tokens.Refresh}, tokens.Decision{Step: tokens.Recover}
	fail, unmeetable := tokens.Decision{Step: tokens.Fail}, tokens.Decision{Step: tokens.Unmeetable}
	wait := func(s string) tokens.Decision { return tokens.Decision{Step: tokens.Wait, At: clock(s)} }
	backoff := func(s string) tokens.Decision { return tokens.Decision{Step: tokens.Backoff, At: clock(s)} }
	leased := func(until string) func(*g) { return func(g *g) { g.LeaseUntil = clock(until) } }
	resting := func(until string) func(*g) { return func(g *g) { g.RetryAt, g.Failures = clock(until), 1 } }
	attempted := func(g *g) { g.Attempt = &tokens.Attempt{ID: "att_1", Version: 2} }
	broken := func(c authmethods.Code) func(*g) { return func(g *g) { g.Broken = c } }
	forEver := func(g *g) { g.Access.ExpiresAt = time.Time{} }
	none := func(g *g) { g.Access = tokens.AccessToken{} }
	lasting := func(life time.Duration) func(*g) { return func(g *g) { g.Access.ExpiresAt = ten.Add(life) } }
	rejected := func(until string) func(*g) {
		return func(g *g) {
			g.ClientRejected = &authmethods.Rejection{Code: authmethods.CodeClientRejected, RetryAt: clock(until)}
		}
	}
	all := func(changes ...func(*g)) func(*g) {
		return func(g *g) {
			for _, change := range changes {
				change(g)
			}
		}
	}
	asIs := func(*g) {}
	minutes := func(n time.Duration) tokens.Want { return tokens.Want{MinTTL: n * time.Minute} }
	for _, c := range []struct {
		name  string
		grant func(*g)
		want  tokens.Want
		at    string
		do    tokens.Decision
	}{
		{"at 10:01 a token issued at 10:00 is lent", asIs, tokens.Want{}, "10:01", serve},
		{"at 10:44:59 it is lent and left alone", asIs, tokens.Want{}, "10:44:59", serve},
		{"at 10:45, three quarters of its life over, it is lent and refreshed ahead", asIs, tokens.Want{}, "10:45", ahead},
		{"at 10:58:59 it is still lent at once", asIs, tokens.Want{}, "10:58:59", ahead},
		{"at 10:59, a minute before its end, it is refreshed first", asIs, tokens.Want{}, "10:59", refresh},
		{"at 11:00 it is over and refreshed", asIs, tokens.Want{}, "11:00", refresh},
		{"a token of the future, by a clock that was set back, is lent", asIs, tokens.Want{}, "09:30", serve},

		{"at 10:50 ten minutes are promised only with more than ten left", asIs, minutes(10), "10:50", refresh},
		{"at 10:49:59 ten minutes can be promised", asIs, minutes(10), "10:49:59", ahead},
		{"at 10:59:30 a promise of 20 seconds is kept without a refresh first", asIs, tokens.Want{MinTTL: 20 * time.Second}, "10:59:30", ahead},
		{"at 10:59:50 a promise of a second still needs ten in hand", asIs, tokens.Want{MinTTL: time.Second}, "10:59:50", refresh},
		{"two hours cannot be had of a token that lives one", asIs, minutes(120), "10:01", unmeetable},
		{"the whole hour cannot be had either, it takes time to get one", asIs, minutes(60), "10:01", unmeetable},
		{"59 minutes at 10:02 take a new token", asIs, minutes(59), "10:02", refresh},
		{"two hours of a dead token are tried for: a new one may live longer", asIs, minutes(120), "11:00", refresh},
		{"two hours of a grant that needs a person fail as such", broken(authmethods.CodeGrantLost), minutes(120), "10:01", fail},

		{"a token that was refused at 10:01 is replaced", asIs, tokens.Want{Other: "tok_1"}, "10:01", refresh},
		{"a token that is not the refused one is lent", asIs, tokens.Want{Other: "tok_0"}, "10:01", serve},
		{"a refused token is not lent while somebody replaces it", leased("10:02"), tokens.Want{Other: "tok_1"}, "10:01", wait("10:02")},

		{"at 10:46 under somebody's lease it is lent, and nobody else refreshes ahead", leased("10:47"), tokens.Want{}, "10:46", serve},
		{"at 10:59:30 under somebody's lease it is lent", leased("11:00"), tokens.Want{}, "10:59:30", serve},
		{"at 10:59:50 under a lease there is nothing left to lend", leased("11:00:10"), tokens.Want{}, "10:59:50", wait("11:00:10")},
		{"at 11:05 after a lease until 11:05 somebody else may go", leased("11:05"), tokens.Want{}, "11:05", refresh},

		{"at 10:50 in a backoff until 10:55 it is lent", resting("10:55"), tokens.Want{}, "10:50", serve},
		{"at 10:59:30 in a backoff it is lent", resting("11:15"), tokens.Want{}, "10:59:30", serve},
		{"at 11:01 in a backoff until 11:15 there is nothing to do", resting("11:15"), tokens.Want{}, "11:01", backoff("11:15")},
		{"at 11:15 the backoff until 11:15 is over", resting("11:15"), tokens.Want{}, "11:15", refresh},
		{"a refused token in a backoff is not lent", resting("10:15"), tokens.Want{Other: "tok_1"}, "10:01", backoff("10:15")},

		{"an answer that is owed is looked for while the token is lent", attempted, tokens.Want{}, "10:01", ahead},
		{"an answer that is owed is looked for before a dying token is lent", attempted, tokens.Want{}, "10:59:30", again},
		{"an answer that is owed is looked for at 11:01", attempted, tokens.Want{}, "11:01", again},
		{"an attempt under its lease is somebody's work", all(attempted, leased("11:02")), tokens.Want{}, "11:01", wait("11:02")},
		{"an attempt in a backoff waits too", all(attempted, resting("11:02")), tokens.Want{}, "11:01", backoff("11:02")},

		{"a lost grant is lent from until its token dies", broken(authmethods.CodeGrantLost), tokens.Want{}, "10:59:40", serve},
		{"a lost grant with a dead token needs a person", broken(authmethods.CodeGrantLost), tokens.Want{}, "11:00", fail},
		{"a revoked grant is not lent from at all", broken(authmethods.CodeRevoked), tokens.Want{}, "10:01", fail},
		{"a revoked grant is not lent from under a lease either", all(broken(authmethods.CodeRevoked), leased("10:02")), tokens.Want{}, "10:01", fail},

		{"a rejected client does not stop a loan", rejected("11:30"), tokens.Want{}, "10:59:40", serve},
		{"a rejected client is not tried before its time", rejected("11:30"), tokens.Want{}, "11:10", backoff("11:30")},
		{"a rejected client is tried again at its time", rejected("11:30"), tokens.Want{}, "11:30", refresh},

		{"a token without an end is lent at any time", forEver, tokens.Want{}, "23:00", serve},
		{"a token without an end meets any promise", forEver, minutes(100_000), "23:00", serve},
		{"a token without an end that was refused is replaced", forEver, tokens.Want{Other: "tok_1"}, "10:01", refresh},

		{"no token yet, and something to get one with", none, tokens.Want{}, "10:01", refresh},
		{"nothing to get a token with", all(none, func(g *g) { g.Renewable = false }), tokens.Want{}, "10:01", fail},
		{"a token that cannot be renewed is lent while it lasts", func(g *g) { g.Renewable = false }, tokens.Want{}, "10:59:40", serve},

		{"a token of two minutes is lent until its last quarter", lasting(2 * time.Minute), tokens.Want{}, "10:01:20", serve},
		{"a token of two minutes is refreshed first in its last quarter", lasting(2 * time.Minute), tokens.Want{}, "10:01:30", refresh},
		{"a token shorter than the margin is never lent", lasting(9 * time.Second), tokens.Want{}, "10:00", refresh},
	} {
		t.Run(c.name, func(t *testing.T) {
			grant := issuedAtTen()
			c.grant(&grant)
			if got := tokens.Decide(policy, &grant, c.want, clock(c.at)); got != c.do {
				t.Errorf("got %s, want %s", describe(got), describe(c.do))
			}
		})
	}
}

func describe(d tokens.Decision) string {
	s := [...]string{"serve", "refresh", "recover", "wait", "back off", "unmeetable", "fail"}[d.Step]
	if d.Ahead {
		s += " and refresh ahead"
	}
	if !d.At.IsZero() {
		s += " until " + d.At.Format(time.TimeOnly)
	}
	return s
}

// around draws a time near ten o'clock, or none.
func around(t *rapid.T, what string) time.Time {
	if rapid.Bool().Draw(t, "no "+what) {
		return time.Time{}
	}
	return ten.Add(time.Duration(rapid.IntRange(-5000, 5000).Draw(t, what)) * time.Second)
}

// anyGrant draws a grant of any state, sound or not.
func anyGrant(t *rapid.T) tokens.Grant {
	g := tokens.Grant{
		Version: 1, Renewable: rapid.Bool().Draw(t, "renewable"),
		LeaseUntil: around(t, "lease"), RetryAt: around(t, "retry"),
		Broken: rapid.SampledFrom([]authmethods.Code{"", "", "", authmethods.CodeGrantLost, authmethods.CodeResponseLost, authmethods.CodeRevoked}).Draw(t, "broken"),
	}
	if rapid.Bool().Draw(t, "has token") {
		g.Access = tokens.AccessToken{ID: "tok_1", Value: secret.New("at"), IssuedAt: ten, ExpiresAt: around(t, "expiry")}
		if !g.Access.ExpiresAt.IsZero() {
			g.Access.IssuedAt = g.Access.ExpiresAt.Add(-time.Duration(rapid.IntRange(1, 7200).Draw(t, "life")) * time.Second)
		}
	}
	if rapid.Bool().Draw(t, "attempted") {
		g.Attempt = &tokens.Attempt{ID: "att_1"}
	}
	if rapid.IntRange(0, 3).Draw(t, "rejected") == 0 {
		g.ClientRejected = &authmethods.Rejection{RetryAt: around(t, "client retry")}
	}
	return g
}

func anyWant(t *rapid.T) tokens.Want {
	return tokens.Want{
		MinTTL: time.Duration(rapid.SampledFrom([]int{0, 0, 1, 9, 10, 11, 60, 600, 3600, 9000}).Draw(t, "min_ttl")) * time.Second,
		Other:  rapid.SampledFrom([]authmethods.ID{"", "", "tok_0", "tok_1"}).Draw(t, "other"),
	}
}

// forbidden reports whether the grant may not be refreshed at now.
func forbidden(g *tokens.Grant, now time.Time) bool {
	return now.Before(g.LeaseUntil) || now.Before(g.RetryAt) || g.Broken != "" || !g.Renewable ||
		g.ClientRejected != nil && now.Before(g.ClientRejected.RetryAt)
}

func TestDecideKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, w, now := anyGrant(t), anyWant(t), ten
		d := tokens.Decide(policy, &g, w, now)
		lendable := !g.Access.Value.IsZero() && g.Access.ID != w.Other && g.Broken != authmethods.CodeRevoked
		left := g.Access.ExpiresAt.Sub(now)
		if g.Access.ExpiresAt.IsZero() {
			left = 1 << 62
		}
		acts := d.Step == tokens.Refresh || d.Step == tokens.Recover || d.Ahead
		switch {
		case d.Step == tokens.Serve && (!lendable || left <= policy.Margin || left <= w.MinTTL):
			t.Errorf("served a token with %s left", left)
		case lendable && left > policy.Comfort && left > w.MinTTL && d.Step != tokens.Serve:
			t.Errorf("withheld a token with %s left: %s", left, describe(d))
		case lendable && left > policy.Margin && left > w.MinTTL && d.Step != tokens.Serve && forbidden(&g, now):
			t.Errorf("withheld a token with %s left when no better one can be had: %s", left, describe(d))
		case acts && forbidden(&g, now):
			t.Errorf("asks the provider when it may not: %s", describe(d))
		case d.Step == tokens.Refresh && g.Attempt != nil, d.Step == tokens.Recover && g.Attempt == nil:
			t.Errorf("%s with attempt %v", describe(d), g.Attempt)
		case d.Step == tokens.Unmeetable && w.MinTTL <= g.Access.ExpiresAt.Sub(g.Access.IssuedAt)-policy.Margin:
			t.Errorf("gives up on a promise that a new token may keep")
		case (d.Step == tokens.Wait || d.Step == tokens.Backoff) != d.At.After(now):
			t.Errorf("%s at %s", describe(d), now.Format(time.TimeOnly))
		case d.Ahead && d.Step != tokens.Serve:
			t.Errorf("%s", describe(d))
		}
	})
}

func TestDecideIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, w, now := anyGrant(t), anyWant(t), ten
		later := now.Add(time.Duration(rapid.IntRange(1, 9000).Draw(t, "later")) * time.Second)
		before, after := tokens.Decide(policy, &g, w, now), tokens.Decide(policy, &g, w, later)
		if forbidden(&g, now) && forbidden(&g, later) && before.Step != tokens.Serve && after.Step == tokens.Serve {
			t.Errorf("a token that was withheld came to life by itself")
		}
		more := w
		more.MinTTL += time.Duration(rapid.IntRange(1, 3600).Draw(t, "more")) * time.Second
		if w.MinTTL > 0 && before.Step != tokens.Serve && tokens.Decide(policy, &g, more, now).Step == tokens.Serve {
			t.Errorf("asking for more life got a token that asking for less did not")
		}
		if before.Step == tokens.Wait || before.Step == tokens.Backoff {
			if at := tokens.Decide(policy, &g, w, before.At); at.Step == before.Step && !at.At.After(before.At) {
				t.Errorf("%s, and then again", describe(before))
			}
		}
	})
}
