package dispatch

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
)

// rush is a drawn load: processes that make requests under limits, and restart.
type rush struct {
	PerClient, PerHost catalog.RequestLimit
	Processes          int
	Slow               time.Duration // the bank
	Way                time.Duration // from the gate to the provider
	Arrivals           []time.Duration
	Restarts           []time.Duration
}

var (
	someLimit = rapid.Custom(func(t *rapid.T) catalog.RequestLimit {
		return catalog.RequestLimit{
			Allowed: rapid.SampledFrom([]int{1, 2, 3, 7, 10, 30, 100, 333}).Draw(t, "allowed"),
			Window:  time.Duration(rapid.SampledFrom([]int{1, 5, 60}).Draw(t, "window")) * time.Second,
		}
	})
	someRush = rapid.Custom(func(t *rapid.T) rush {
		r := rush{
			Processes: rapid.IntRange(1, 4).Draw(t, "processes"),
			Slow:      time.Duration(rapid.SampledFrom([]int{0, 2, 400}).Draw(t, "slow")) * time.Millisecond,
		}
		longest := time.Second
		for _, limit := range []*catalog.RequestLimit{&r.PerClient, &r.PerHost} {
			if rapid.IntRange(0, 3).Draw(t, "unlimited") > 0 {
				*limit = someLimit.Draw(t, "limit")
				longest = max(longest, limit.Window)
			}
		}
		// Bursts, and what comes evenly.
		for range rapid.IntRange(1, 8).Draw(t, "groups") {
			at := time.Duration(rapid.IntRange(0, 5000).Draw(t, "at")) * longest / 1000
			apart := time.Duration(rapid.SampledFrom([]int{0, 0, 1, 7, 50, 500}).Draw(t, "apart")) * time.Millisecond
			for i := range rapid.IntRange(1, 120).Draw(t, "requests") {
				r.Arrivals = append(r.Arrivals, at+time.Duration(i)*apart)
			}
		}
		slices.Sort(r.Arrivals)
		for range rapid.IntRange(0, 3).Draw(t, "restarts") {
			r.Restarts = append(r.Restarts, time.Duration(rapid.IntRange(0, 5000).Draw(t, "restart"))*longest/1000)
		}
		// No more than the way that the budget is made for.
		shortest := 60 * time.Second
		for _, limit := range []catalog.RequestLimit{r.PerClient, r.PerHost} {
			if limit.Allowed > 0 {
				shortest = min(shortest, limit.Window)
			}
		}
		r.Way = time.Duration(rapid.IntRange(0, 1000).Draw(t, "way")) * min(shortest/30, 2*time.Second) / 2000
		return r
	})
)

// play returns when requests reached the provider.
func (r *rush) play(t *testing.T) (reached []time.Time) {
	v := newVault()
	v.slow = r.Slow
	var mu sync.Mutex
	processes := make([]*Dispatcher, r.Processes)
	for i := range processes {
		processes[i] = start(t, v)
	}
	began := time.Now()
	var all sync.WaitGroup
	for i, at := range r.Restarts {
		all.Go(func() {
			time.Sleep(time.Until(began.Add(at)))
			fresh := run(t, v)
			mu.Lock()
			defer mu.Unlock()
			processes[i%len(processes)] = fresh
		})
	}
	for i, at := range r.Arrivals {
		all.Go(func() {
			time.Sleep(time.Until(began.Add(at)))
			mu.Lock()
			d := processes[i%len(processes)]
			mu.Unlock()
			leave, err := d.Enter(t.Context(), limited(r.PerClient, r.PerHost))
			if err != nil {
				return
			}
			if i%2 == 0 {
				time.Sleep(r.Way)
			}
			mu.Lock()
			reached = append(reached, time.Now())
			mu.Unlock()
			leave(tokens.Departure{Sent: true})
		})
	}
	all.Wait()
	slices.SortFunc(reached, time.Time.Compare)
	return reached
}

func TestNoWindowEverSeesMoreThanIsAllowed(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := someRush.Draw(rt, "rush")
		var reached []time.Time
		inBubble(t, func(t *testing.T) { reached = r.play(t) })
		for _, limit := range []catalog.RequestLimit{r.PerClient, r.PerHost} {
			for i := range reached {
				j := i + limit.Allowed
				if limit.Allowed > 0 && j < len(reached) && reached[j].Sub(reached[i]) <= limit.Window {
					rt.Fatalf("%d requests in %s, allowed are %d in %s", limit.Allowed+1, reached[j].Sub(reached[i]), limit.Allowed, limit.Window)
				}
			}
		}
		if len(reached) == 0 {
			rt.Fatal("nothing ever left")
		}
	})
}

func TestUnderSteadyDemandABudgetIsUsed(t *testing.T) {
	for _, c := range []struct {
		limit     catalog.RequestLimit
		processes int
	}{
		{catalog.RequestLimit{Allowed: 10, Window: 10 * time.Second}, 1},
		{catalog.RequestLimit{Allowed: 100, Window: time.Minute}, 1},
		{catalog.RequestLimit{Allowed: 100, Window: time.Minute}, 3},
		{catalog.RequestLimit{Allowed: 1000, Window: time.Minute}, 4},
		{catalog.RequestLimit{Allowed: 3000, Window: 10 * time.Minute}, 2},
	} {
		var left int
		inBubble(t, func(t *testing.T) {
			v := newVault()
			var mu sync.Mutex
			var all sync.WaitGroup
			end := time.Now().Add(5 * c.limit.Window)
			for range c.processes {
				d := start(t, v)
				for range 20 {
					all.Go(func() {
						for time.Now().Before(end) {
							leave, err := d.Enter(t.Context(), limited(c.limit, catalog.RequestLimit{}))
							if err != nil {
								time.Sleep(100 * time.Millisecond)
								continue
							}
							time.Sleep(20 * time.Millisecond) // the provider
							leave(tokens.Departure{Sent: true})
							mu.Lock()
							left++
							mu.Unlock()
						}
					})
				}
			}
			all.Wait()
		})
		if used := float64(left) / float64(5*c.limit.Allowed); used < 0.85 {
			t.Errorf("of %v with %d processes %.0f %% were used", c.limit, c.processes, 100*used)
		}
	}
}

func TestAShortWaitIsWaitedOutAndALongOneIsNot(t *testing.T) {
	for _, c := range []struct {
		limit catalog.RequestLimit
		waits bool
	}{
		{catalog.RequestLimit{Allowed: 10, Window: 15 * time.Second}, true},
		{catalog.RequestLimit{Allowed: 10, Window: time.Minute}, false},
	} {
		inBubble(t, func(t *testing.T) {
			d := start(t, newVault())
			e := limited(c.limit, catalog.RequestLimit{})
			send(t, d, e, nil)
			began := time.Now()
			if !c.waits {
				if wait := stopped(t, d, e, authmethods.CodeProviderThrottled); wait < 5*time.Second || wait > 7*time.Second {
					t.Errorf("come back after %s", wait)
				}
				return
			}
			send(t, d, e, nil)
			if took := time.Since(began); took < time.Second || took > 2*time.Second {
				t.Errorf("the second request waited for %s", took)
			}
		})
	}
}

func TestNoMoreIsDrawnThanIsWanted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		v := newVault()
		d := start(t, v)
		e := limited(catalog.RequestLimit{Allowed: 1000, Window: time.Minute}, catalog.RequestLimit{})
		hanging := enter(t, d, e) // it has its permit, and wants no other
		for range 3 {
			send(t, d, e, nil)
			time.Sleep(2 * time.Second)
		}
		hanging(tokens.Departure{Sent: true})
		if !slices.Equal(v.wants, []int{1, 1, 1, 1}) {
			t.Errorf("drew %v for one request at a time", v.wants)
		}
		v.wants, v.slow = nil, 10*time.Millisecond
		for range 21 {
			go func() {
				if leave, err := d.Enter(t.Context(), e); err == nil {
					leave(tokens.Departure{Sent: true})
				}
			}()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(v.wants); n > 3 {
			t.Errorf("drew %v for 21 requests together", v.wants)
		}
	})
}

func TestWithoutTheBankNothingLeavesThatHasABudget(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		v := newVault()
		v.set(errGone)
		d := start(t, v)
		e := limited(catalog.RequestLimit{}, catalog.RequestLimit{Allowed: 100, Window: time.Minute})
		stopped(t, d, e, authmethods.CodeStorageUnavailable)
		send(t, d, errand("a", "g"), nil) // its claim will tell
		v.set(nil)
		send(t, d, e, nil)
		v.set(errGone)
		e.Limits.PerClient = catalog.RequestLimit{Allowed: 10, Window: time.Minute}
		stopped(t, d, e, authmethods.CodeStorageUnavailable)
		breakHost(t, d) // what is told gets lost, and harms nobody here
		stopped(t, d, errand("c", "g"), authmethods.CodeProviderDown)
	})
}
