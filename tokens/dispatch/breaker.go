package dispatch

import (
	"math/rand/v2"
	"time"
)

// breaker stops requests to somewhere that keeps failing, and lets one through now
// and then to see whether that is over. Only that one's outcome counts while the
// breaker is not closed: all others left before. It is guarded by its owner.
type breaker struct {
	threshold int // failures in a row that open it
	witnesses int // different ones that must have failed
	most      time.Duration

	using   int // errands on their way past it
	streak  int
	failing map[string]bool // who failed in the streak
	opened  int             // times in a row
	until   time.Time       // open until then; then a probe may pass; zero: closed
	probing bool
	last    time.Time // of the failures
	// shared says that other processes say so too.
	shared bool
}

// wait returns how long nothing may pass; 0 if something may. While it is neither
// closed nor open, a single probe may.
func (b *breaker) wait(now time.Time) time.Duration {
	switch {
	case b.until.IsZero():
		return 0
	case now.Before(b.until):
		return b.until.Sub(now)
	case b.probing:
		return time.Second
	}
	return 0
}

// begin notes that something passed, and reports whether it is the probe.
func (b *breaker) begin() bool {
	if b.until.IsZero() || b.probing {
		return false
	}
	b.probing = true
	return true
}

// succeed ends a streak of failures, and closes the breaker if somebody answered to
// the probe. It reports whether it did.
func (b *breaker) succeed(probe bool) bool {
	b.streak = 0
	clear(b.failing)
	if !probe {
		return false
	}
	b.opened, b.until, b.shared = 0, time.Time{}, false
	return true
}

// fail counts a failure of who, and returns for how long the breaker opens because
// of it; 0 if it does not. asked is what the provider asked for.
func (b *breaker) fail(now time.Time, who string, probe bool, asked time.Duration) time.Duration {
	if b.failing == nil {
		b.failing = map[string]bool{}
	}
	b.streak++
	b.last = now
	if len(b.failing) < b.witnesses {
		b.failing[who] = true
	}
	closed := b.until.IsZero()
	trips := b.streak >= b.threshold && len(b.failing) >= b.witnesses
	if !probe && !(closed && trips) {
		return 0
	}
	b.opened++
	open := min(time.Second<<min(b.opened-1, 10), b.most)
	open = max(open, min(asked, time.Hour))
	open += time.Duration(rand.Float64() * float64(open) / 4) // #nosec G404 -- spreads probes
	b.until, b.shared = now.Add(open), false
	return open
}

// learn takes over what other processes say: closed until then, or not closed.
func (b *breaker) learn(now, until time.Time) {
	switch {
	case until.After(now) && !until.Before(b.until):
		b.until, b.shared = until, true
	case until.IsZero() && b.shared && now.Before(b.until):
		b.until = now // a probe succeeded there; ours comes next
	}
}

// forgettable reports that what is remembered no longer matters.
func (b *breaker) forgettable(now time.Time) bool {
	return b.using == 0 && now.Sub(b.last) > time.Minute && now.Sub(b.until) > time.Minute
}
