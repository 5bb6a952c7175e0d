package dispatch

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/bank"
)

func TestProcessesOnOneDatabaseShareABudgetAndWhatTheyKnow(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		open := func() Bank { return bank.New(db.NewSystem(storage.Open(t, url))) }
		var left atomic.Int32
		var all sync.WaitGroup
		e := limited(catalog.RequestLimit{Allowed: 100, Window: time.Hour}, catalog.RequestLimit{Allowed: 1000, Window: time.Hour})
		for range 3 {
			d := run(t, open())
			for range 20 {
				all.Go(func() {
					leave, err := d.Enter(t.Context(), e)
					if err == nil {
						left.Add(1)
						leave(tokens.Departure{Sent: true})
					} else if authmethods.KindOf(err) != authmethods.Unavailable {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if n := left.Load(); n == 0 || n > 10 {
			t.Errorf("%d requests left at once, a tenth of 100 may", n)
		}

		here, asked := run(t, open()), &tokens.Failure{Status: 503, RetryAfter: time.Hour}
		for _, party := range []string{"a", "b", "a", "b", "a"} {
			enter(t, here, errand(party, "g"))(tokens.Departure{Sent: true, Failure: asked})
		}
		there := open()
		for closed := 0; closed == 0; { // it is told in the background
			known, err := there.Closed(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			closed = len(known)
		}
		if wait := stopped(t, New(Options{Bank: there, Log: here.log}), errand("c", "g"), authmethods.CodeProviderDown); wait < 50*time.Minute {
			t.Errorf("a process that starts comes back after %s", wait)
		}
	})
}
