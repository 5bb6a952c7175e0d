package tokens_test

import (
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
)

func TestEveryLoanEndsInTheLedger(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, authmethods.Permit{Method: authmethods.Any, Environment: authmethods.Any})
		if _, err := l.Lend(t.Context(), svc, desk); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 500 {
			wg.Go(func() {
				time.Sleep(time.Duration(i%7) * time.Millisecond)
				if _, err := l.Lend(t.Context(), svc, desk); err != nil {
					t.Error(err)
				}
				if i%50 == 0 {
					l.ForgetAll() // a loan from the store is one more of the same
				}
				if i%20 == 0 {
					if err := l.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		l.mu.Lock()
		l.full = true
		l.mu.Unlock()
		if _, err := l.Lend(t.Context(), svc, desk); err != nil {
			t.Errorf("a loan that is on record while the ledger cannot be written: %v", err)
		}
		if err := l.Flush(t.Context()); err == nil {
			t.Error("a full ledger took the counts")
		}
		l.mu.Lock()
		l.full = false
		l.mu.Unlock()
		if err := l.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if l.loans != 502 || len(l.entries) != 1 {
			t.Errorf("%d loans in %d entries are written down, want 502 in 1", l.loans, len(l.entries))
		}
	})
}
