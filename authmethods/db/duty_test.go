package db_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

func TestOfManyContendersOneHoldsTheDuty(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		sys := db.NewSystem(d)
		for round := range 3 {
			held, errs := make([]bool, 40), make([]error, 40)
			var group sync.WaitGroup
			for i := range held {
				group.Go(func() {
					held[i], errs[i] = db.Hold(t.Context(), sys, "sweep", fmt.Sprint("process ", i), time.Hour)
				})
			}
			group.Wait()
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			var holders []string
			for i, has := range held {
				if has {
					holders = append(holders, fmt.Sprint("process ", i))
				}
			}
			if len(holders) != 1 {
				t.Fatalf("round %d: held by %q", round, holders)
			}
			if err := db.Release(t.Context(), sys, "sweep", holders[0]); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestADutyIsRenewedReleasedAndLost(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		sys := db.NewSystem(d)
		hold := func(what, holder string, d time.Duration, want bool) {
			t.Helper()
			if got, err := db.Hold(t.Context(), sys, "sweep", holder, d); got != want || err != nil {
				t.Errorf("%s: %t, %v", what, got, err)
			}
		}
		hold("a free duty", "a", time.Hour, true)
		hold("its renewal", "a", time.Hour, true)
		hold("another's", "b", time.Hour, false)
		if got, err := db.Hold(t.Context(), sys, "prune", "b", time.Hour); !got || err != nil {
			t.Errorf("another duty: %t, %v", got, err)
		}
		if err := db.Release(t.Context(), sys, "sweep", "b"); err != nil {
			t.Fatal(err)
		}
		hold("what another released", "b", time.Hour, false)
		if err := db.Release(t.Context(), sys, "sweep", "a"); err != nil {
			t.Fatal(err)
		}
		hold("after its release", "b", time.Hour, true)
		hold("a renewal that is over at once", "b", -time.Second, true)
		hold("what was not renewed in time", "a", time.Hour, true)
		hold("what was lost", "b", time.Hour, false)
	})
}
