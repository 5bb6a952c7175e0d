package tokens_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

func TestUpkeep(t *testing.T) {
	type g = tokens.Grant
	later := func(s string) tokens.Decision { return tokens.Decision{Step: tokens.Serve, At: clock(s)} }
	never, refresh := tokens.Decision{Step: tokens.Serve}, tokens.Decision{Step: tokens.Refresh}
	lent := func(at string) func(*g) { return func(g *g) { g.LastLentAt = clock(at) } }
	asIs := func(*g) {}
	for _, c := range []struct {
		name  string
		grant func(*g)
		idle  time.Duration
		at    string
		do    tokens.Decision
	}{
		{"a token that was lent at 10:40 is refreshed at 10:45", lent("10:40"), 0, "10:45", refresh},
		{"at 10:44:59 it is too early", lent("10:40"), 0, "10:44:59", later("10:45")},
		{"a token that was never lent is left to a loan", asIs, 0, "10:45", never},
		{"a token that was lent within its life is warm", lent("09:45"), 0, "10:45", refresh},
		{"a token that was lent before that is not", lent("09:44:59"), 0, "10:45", never},
		{"a token that died long ago is left to a loan", lent("10:40"), 0, "20:00", never},

		{"a refresh token that ends after ten idle hours is used in time", asIs, 10 * time.Hour, "17:00", refresh},
		{"no refresh token can idle out", func(g *g) { g.RefreshToken = secret.Text{} }, 10 * time.Hour, "17:00", never},

		{"an answer that is owed is looked for, though nobody borrows", func(g *g) { g.Attempt = &tokens.Attempt{ID: "att_1"} }, 0, "10:01", tokens.Decision{Step: tokens.Recover}},
		{"a lease is waited for", func(g *g) { g.LeaseUntil = clock("10:46") }, 0, "10:45", tokens.Decision{Step: tokens.Wait, At: clock("10:46")}},
		{"a failure is waited for", func(g *g) { g.RetryAt = clock("10:50") }, 0, "10:45", tokens.Decision{Step: tokens.Backoff, At: clock("10:50")}},
		{"a lost grant needs a person", func(g *g) { g.Broken = authmethods.CodeGrantLost }, 0, "10:45", tokens.Decision{Step: tokens.Fail}},
		{"what cannot be renewed is left alone", func(g *g) { g.Renewable = false }, 0, "10:45", tokens.Decision{Step: tokens.Fail}},
		{"a token without an end is left alone", func(g *g) { g.Access.ExpiresAt = time.Time{} }, 0, "10:45", never},
		{"a spent quota is waited for", func(g *g) {
			g.Quota = tokens.Quota{Allowed: 1, Window: 10 * time.Minute, Sent: []time.Time{clock("10:40")}}
		}, 0, "10:45", tokens.Decision{Step: tokens.Backoff, At: clock("10:50")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			grant := issuedAtTen()
			c.grant(&grant)
			if got := tokens.Upkeep(policy, &grant, &catalog.Refresh{RefreshTokenIdleLimit: c.idle}, clock(c.at)); got != c.do {
				t.Errorf("got %s, want %s", describe(got), describe(c.do))
			}
		})
	}
}

func TestIdleRefreshTokensAreUsedAtMomentsOfTheirOwn(t *testing.T) {
	rules, seen := catalog.Refresh{RefreshTokenIdleLimit: 10 * time.Hour}, map[time.Time]bool{}
	for _, lineage := range []string{"con_1", "con_2", "con_3"} {
		grant := issuedAtTen()
		grant.Lineage = lineage
		d := tokens.Upkeep(policy, &grant, &rules, clock("11:00"))
		if d.Step != tokens.Serve || d.At.Before(clock("15:00")) || d.At.After(clock("17:00")) || seen[d.At] {
			t.Errorf("%s: %s, after %v", lineage, describe(d), seen)
		}
		seen[d.At] = true
	}
}

func TestUpkeepNeverComesBackAtOnceNorAsksWhenItMayNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGrant(t)
		g.LastLentAt, g.RefreshToken = around(t, "lent"), secret.New("rt")
		rules := catalog.Refresh{RefreshTokenIdleLimit: time.Duration(rapid.SampledFrom([]int{0, 1, 100}).Draw(t, "idle")) * time.Hour}
		d := tokens.Upkeep(policy, &g, &rules, ten)
		switch acts := d.Step == tokens.Refresh || d.Step == tokens.Recover; {
		case acts && forbidden(&g, ten):
			t.Errorf("asks the provider when it may not: %s", describe(d))
		case !acts && !d.At.IsZero() && !d.At.After(ten):
			t.Errorf("%s, which is at once", describe(d))
		}
	})
}
