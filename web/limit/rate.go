package limit

import (
	"sync"
	"time"
)

// keys is how many are remembered of each limit, in each half of its memory. An
// address takes about a hundred bytes.
const keys = 32 << 10

// Rate lets each key through so often, and a burst at once (the generic cell rate
// algorithm). The zero Rate and nil let everything through. It may be shared.
type Rate[K comparable] struct {
	interval time.Duration // for one more; 0: no limit
	burst    time.Duration // how far ahead of time a key may be

	mu sync.Mutex
	// until is when all that a key has used is made good again.
	until generations[K, time.Time]
}

// PerMinute returns the limit of n in a minute, which may come at once; 0: no limit.
func PerMinute[K comparable](n int) *Rate[K] {
	r := &Rate[K]{until: generations[K, time.Time]{most: keys}}
	if n > 0 {
		r.interval = time.Minute / time.Duration(n)
		r.burst = time.Minute - r.interval
	}
	return r
}

// Take uses one of a key's turns. Without one it returns how long until there is;
// nothing is used then, so that who goes on asking does not wait longer.
func (r *Rate[K]) Take(k K) (wait time.Duration, ok bool) { return r.at(k, time.Now(), true) }

// Left reports whether a key has a turn, and uses none.
func (r *Rate[K]) Left(k K) (wait time.Duration, ok bool) { return r.at(k, time.Now(), false) }

func (r *Rate[K]) at(k K, now time.Time, use bool) (wait time.Duration, ok bool) {
	if r == nil || r.interval == 0 {
		return 0, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	until, _ := r.until.get(k)
	if until.Before(now) {
		until = now
	}
	if ahead := until.Sub(now); ahead > r.burst {
		return ahead - r.burst, false
	}
	if use {
		r.until.set(k, until.Add(r.interval))
	}
	return 0, true
}
