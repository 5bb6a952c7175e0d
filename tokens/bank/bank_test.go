package bank_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods/db"
	"latchkey/test/storage"
	"latchkey/tokens/bank"
)

func TestABurstIsThereAtOnceAndTheRestInItsTime(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		b := bank.New(db.NewSystem(d))
		draw := func(want int) (int, time.Duration) {
			t.Helper()
			got, wait, err := b.Draw(t.Context(), "host:a", time.Hour, 5, want)
			if err != nil {
				t.Fatal(err)
			}
			return got, wait
		}
		if got, wait := draw(3); got != 3 || wait != 0 {
			t.Errorf("the first three: %d, wait %s", got, wait)
		}
		if got, wait := draw(3); got != 2 || wait != 0 {
			t.Errorf("three of the last two: %d, wait %s", got, wait)
		}
		got, wait := draw(3)
		if got != 0 || wait <= 59*time.Minute || wait > time.Hour {
			t.Errorf("when nothing is left: %d, wait %s", got, wait)
		}
		if got, _, err := b.Draw(t.Context(), "host:b", time.Hour, 5, 1); got != 1 || err != nil {
			t.Errorf("another budget: %d, %v", got, err)
		}
		// A minute's permits come back within a minute.
		if got, _, err := b.Draw(t.Context(), "host:c", time.Millisecond, 2, 2); got != 2 || err != nil {
			t.Fatal(got, err)
		}
		time.Sleep(5 * time.Millisecond)
		if got, _, err := b.Draw(t.Context(), "host:c", time.Millisecond, 2, 5); got != 2 || err != nil {
			t.Errorf("after the interval: %d, %v", got, err)
		}
	})
}

func TestManyProcessesDrawNoMoreThanThereIs(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		var drawn atomic.Int64
		var all sync.WaitGroup
		for range 4 { // processes
			b := bank.New(db.NewSystem(storage.Open(t, url)))
			for range 4 {
				all.Go(func() {
					for range 10 {
						got, _, err := b.Draw(t.Context(), "client:a:1", time.Hour, 100, 7)
						if err != nil {
							t.Error(err)
						}
						drawn.Add(int64(got))
					}
				})
			}
		}
		all.Wait()
		if drawn.Load() != 100 {
			t.Errorf("%d permits were drawn of 100", drawn.Load())
		}
	})
}

func TestAClosureIsSeenByAllUntilItIsOpened(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		here, there := bank.New(db.NewSystem(storage.Open(t, url))), bank.New(db.NewSystem(storage.Open(t, url)))
		check := func(what string, least, most time.Duration) {
			t.Helper()
			closed, err := there.Closed(t.Context())
			if left := closed["host:a"]; err != nil || left < least || left > most {
				t.Errorf("%s: closed for %s, %v", what, left, err)
			}
		}
		check("at first", 0, 0)
		for _, d := range []time.Duration{time.Minute, time.Second} {
			if err := here.Close(t.Context(), "host:a", d); err != nil {
				t.Fatal(err)
			}
			check("a minute, and a second within it", 58*time.Second, time.Minute)
		}
		if err := here.Close(t.Context(), "host:a", 0); err != nil {
			t.Fatal(err)
		}
		check("opened", 0, 0)
	})
}
