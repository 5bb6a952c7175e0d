package credentials

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"latchkey/authmethods"
)

// queuePerSlot is how many may wait for each hash that is being made. A hash takes
// a good part of a second: whoever came later would have given up.
const queuePerSlot = 16

// busyFor is how long is waited at least where too many wait already.
const busyFor = 5 * time.Second

// hasher lets only so many hashes be made at a time: each takes a processor and
// 64 MiB.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
	most    int64
}

func newHasher() *hasher {
	n := runtime.GOMAXPROCS(0)
	return &hasher{slots: make(chan struct{}, n), most: int64(n * queuePerSlot)}
}

// do runs f when it is its turn. Too many who wait are a Problem, and f never runs
// for a ctx that has ended.
func (h *hasher) do(ctx context.Context, f func()) error {
	if h.waiting.Add(1) > h.most+int64(cap(h.slots)) {
		h.waiting.Add(-1)
		return &authmethods.Problem{
			Kind: authmethods.Exhausted, Code: authmethods.CodeTooManyRequests,
			Detail: "Too many people are signing in at this moment.", RetryAfter: busyFor,
		}
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.slots }()
	if err := ctx.Err(); err != nil {
		return err
	}
	f()
	return nil
}
