package main

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// drive runs a timetable against calls that take as long as takes says and
// returns the latencies in the order of the timetable.
func drive(t *testing.T, perSecond int, d time.Duration, workers int, takes func(i int) time.Duration) []time.Duration {
	t.Helper()
	var mu sync.Mutex
	table := newTimetable(time.Now(), perSecond, d)
	latencies := make([]time.Duration, table.count)
	err := table.run(t.Context(), time.Sleep, workers,
		func(_, i int) error { time.Sleep(takes(i)); return nil },
		func(_, i int, latency time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			latencies[i] = latency
		})
	if err != nil {
		t.Fatal(err)
	}
	return latencies
}

const ms = time.Millisecond

func TestWhoWaitedForAStalledServerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := drive(t, 100, 80*ms, 1, func(i int) time.Duration {
			if i == 2 {
				return 35 * ms // the next three are due meanwhile
			}
			return 1 * ms
		})
		want := []time.Duration{1 * ms, 1 * ms, 35 * ms, 26 * ms, 17 * ms, 8 * ms, 1 * ms, 1 * ms}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestAFreeWorkerTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := drive(t, 100, 40*ms, 2, func(i int) time.Duration {
			if i == 0 {
				return time.Second
			}
			return 1 * ms
		})
		want := []time.Duration{time.Second, 1 * ms, 1 * ms, 1 * ms}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestATimetableKeepsItsRateHoweverLongItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		latencies := drive(t, 1_500, 10*time.Second, 8, func(int) time.Duration { return 0 })
		if len(latencies) != 15_000 || slices.Max(latencies) != 0 {
			t.Errorf("%d requests, the latest after %s", len(latencies), slices.Max(latencies))
		}
		if took := time.Since(began); took < 9_990*ms || took > 10*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestAnOpenLoopEndsWithItsFirstFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		err := newTimetable(time.Now(), 10, time.Second).run(t.Context(), time.Sleep, 2,
			func(_, i int) error {
				if i == 3 {
					return broken
				}
				return nil
			}, func(int, int, time.Duration) {})
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}
