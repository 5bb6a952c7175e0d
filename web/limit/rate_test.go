package limit

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestALimitLetsABurstThroughAndThenItsRate(t *testing.T) {
	r, now := PerMinute[string](60), time.Unix(1_700_000_000, 0)
	for i := range 60 {
		if _, ok := r.at("a", now, true); !ok {
			t.Fatalf("the request number %d of sixty is refused", i+1)
		}
	}
	wait, ok := r.at("a", now, true)
	if ok || wait != time.Second {
		t.Errorf("after a minute's worth: %v, wait %s", ok, wait)
	}
	if _, ok := r.at("b", now, true); !ok {
		t.Error("one key counts for another")
	}
	if _, ok := r.at("a", now.Add(wait), true); !ok {
		t.Error("refused after the wait that was told")
	}
	if _, ok := r.at("a", now.Add(wait), true); ok {
		t.Error("two came after the wait for one")
	}
}

func TestNoLimitRefusesNothing(t *testing.T) {
	var none *Rate[string]
	for range 10_000 {
		if _, ok := none.Take("a"); !ok {
			t.Fatal("nil refuses")
		}
		if _, ok := PerMinute[string](0).Take("a"); !ok {
			t.Fatal("a limit of 0 refuses")
		}
	}
}

// TestNoMoreGetThroughThanTheLimitAllows asks at any times for any window: never more
// than the burst and what the rate adds.
func TestNoMoreGetThroughThanTheLimitAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100).Draw(t, "per minute")
		r, start := PerMinute[int](n), time.Unix(1_700_000_000, 0)
		now, passed := start, 0
		for _, ms := range rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(ms) * time.Millisecond)
			before := passed
			wait, ok := r.at(1, now, true)
			if ok {
				passed++
			}
			if !ok && wait <= 0 {
				t.Fatal("refused without a wait")
			}
			if most := n + int(now.Sub(start)/(time.Minute/time.Duration(n))); passed > most {
				t.Fatalf("%d passed after %s, at most %d may", passed, now.Sub(start), most)
			}
			if before == 0 && !ok {
				t.Fatal("the first is refused")
			}
		}
	})
}

func TestAnyNumberOfAddressesTakesOnlySoMuchMemory(t *testing.T) {
	r := PerMinute[netip.Addr](10)
	a := netip.MustParseAddr("10.0.0.0")
	for range 5 * keys {
		r.Take(a)
		a = a.Next()
	}
	if n := len(r.until.newer) + len(r.until.old); n > 2*keys {
		t.Errorf("%d addresses are remembered, at most %d may be", n, 2*keys)
	}
}

func TestOfIPv6TheNetworkCounts(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "2001:db8:1:2::": "2001:db8:1:2::", "2001:db8:1:3::1": "2001:db8:1:3::", "fe80::1%eth0": "fe80::",
	} {
		if got := Network(netip.MustParseAddr(address)); got.String() != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
	if Network(netip.Addr{}).IsValid() {
		t.Error("no address became one")
	}
}

func TestWhoGuessesDoesNotShutOutWhoIsKnown(t *testing.T) {
	g, shared, other := GuessesPerMinute(3), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	g.Right("known")
	for range 3 {
		if _, ok := g.May(shared, "guess"); !ok {
			t.Fatal("refused within the limit")
		}
		g.Wrong(shared)
	}
	if wait, ok := g.May(shared, "guess"); ok || wait <= 0 {
		t.Errorf("one guess more: %v, wait %s", ok, wait)
	}
	if _, ok := g.May(shared, "known"); !ok {
		t.Error("what was right before is refused")
	}
	if _, ok := g.May(other, "guess"); !ok {
		t.Error("another address is refused")
	}
}
