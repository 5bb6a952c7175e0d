package credentials

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"latchkey/authmethods"
)

func TestOnlyAsManyHashesAreMadeAsThereAreSlotsAndQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hasher{slots: make(chan struct{}, 2), most: 3}
		release := make(chan struct{})
		var all sync.WaitGroup
		running, most := 0, 0
		var lock sync.Mutex
		for range 5 {
			all.Go(func() {
				err := h.do(t.Context(), func() {
					lock.Lock()
					running++
					most = max(most, running)
					lock.Unlock()
					<-release
					lock.Lock()
					running--
					lock.Unlock()
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		err := h.do(t.Context(), func() { t.Error("one too many ran") })
		var p *authmethods.Problem
		if !errors.As(err, &p) || p.Kind != authmethods.Exhausted || p.RetryAfter <= 0 {
			t.Errorf("one too many: %v", err)
		}
		close(release)
		all.Wait()
		if most != 2 {
			t.Errorf("%d at a time", most)
		}
		if err := h.do(t.Context(), func() {}); err != nil {
			t.Errorf("when all are done: %v", err)
		}
	})
}

func TestWhoGivesUpWaitingIsNotHashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hasher{slots: make(chan struct{}, 1), most: 1}
		h.slots <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.do(ctx, func() { t.Error("it ran") }) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		<-h.slots
		if err := h.do(ctx, func() { t.Error("it ran") }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if h.waiting.Load() != 0 {
			t.Errorf("%d still wait", h.waiting.Load())
		}
	})
}
