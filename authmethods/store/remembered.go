package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"latchkey/authmethods"
)

const (
	// good is how long a remembered answer counts without being asked for again,
	// should the feed have missed a change.
	good = 30 * time.Second
	// bridged is how long it counts while the database is away. Nobody can change
	// it then.
	bridged = 2 * good
	// absent is how long a wrong key or host is remembered as such.
	absent    = 5 * time.Second
	maxAbsent = 10_000
)

// remembered is a bounded memory of answers that the feed keeps true.
type remembered[K comparable, V any] struct {
	present *otter.Cache[K, answer[V]]
	missing *otter.Cache[K, struct{}]
	// forgets counts what was forgotten: an answer that was being fetched
	// meanwhile is used once and not remembered.
	forgets atomic.Int64
}

type answer[V any] struct {
	value V
	asked time.Time
}

func remember[K comparable, V any](most int) *remembered[K, V] {
	return &remembered[K, V]{
		present: otter.Must(&otter.Options[K, answer[V]]{
			MaximumSize: most, ExpiryCalculator: otter.ExpiryWriting[K, answer[V]](bridged),
		}),
		missing: otter.Must(&otter.Options[K, struct{}]{
			MaximumSize: maxAbsent, ExpiryCalculator: otter.ExpiryWriting[K, struct{}](absent),
		}),
	}
}

// get returns the answer for key, from memory or from load. What load does not
// find is remembered as missing.
func (r *remembered[K, V]) get(ctx context.Context, key K, load func(context.Context, K) (V, error)) (V, error) {
	have, ok := r.present.GetIfPresent(key)
	if ok && time.Since(have.asked) < good {
		return have.value, nil
	}
	var none V
	if _, isMissing := r.missing.GetIfPresent(key); isMissing && !ok {
		return none, authmethods.Missing()
	}
	before, asked := r.forgets.Load(), time.Now()
	value, err := load(ctx, key)
	switch kind := authmethods.KindOf(err); {
	case err == nil:
		r.present.Set(key, answer[V]{value, asked})
	case kind == authmethods.NotFound:
		r.present.Invalidate(key)
		r.missing.Set(key, struct{}{})
	case kind == authmethods.Unavailable && ok:
		return have.value, nil
	default:
		return none, err
	}
	if r.forgets.Load() != before {
		r.present.Invalidate(key)
		r.missing.Invalidate(key)
	}
	return value, err
}

// forget drops the answers that it is about, and everything that was missing: it
// may be there now.
func (r *remembered[K, V]) forget(about func(V) bool) {
	r.forgets.Add(1)
	for key, have := range r.present.All() {
		if about(have.value) {
			r.present.Invalidate(key)
		}
	}
	r.missing.InvalidateAll()
}

func (r *remembered[K, V]) forgetAll() {
	r.forgets.Add(1)
	r.present.InvalidateAll()
	r.missing.InvalidateAll()
}
