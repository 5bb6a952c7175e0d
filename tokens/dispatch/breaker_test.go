package dispatch

import (
	"testing"
	"testing/synctest"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
)

// breakHost has five requests of two parties fail.
func breakHost(t *testing.T, d *Dispatcher) {
	t.Helper()
	for _, party := range []string{"a", "b", "a", "b", "a"} {
		send(t, d, errand(party, "g"), down)
	}
}

func TestAHostIsLeftAloneAfterFiveFailuresOfTwoParties(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		for _, party := range []string{"a", "b", "a", "b"} {
			send(t, d, errand(party, "g"), down)
		}
		send(t, d, errand("c", "g"), nil) // in a row is what counts
		breakHost(t, d)
		if wait := stopped(t, d, errand("c", "g"), authmethods.CodeProviderDown); wait > 1250*time.Millisecond {
			t.Errorf("come back after %s", wait)
		}
		other := errand("a", "g")
		other.Host = "accounts.other.test"
		send(t, d, other, nil)
	})
}

func TestTheFailuresOfOnePartyStopThatPartyOnly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		for range 5 {
			send(t, d, errand("a", "g"), down)
		}
		stopped(t, d, errand("a", "g"), authmethods.CodeProviderDown)
		send(t, d, errand("b", "g"), nil)
		time.Sleep(2 * time.Second)
		send(t, d, errand("a", "g"), nil)
		send(t, d, errand("a", "g"), nil)
	})
}

func TestAnAnswerOfAnyKindIsASignOfLife(t *testing.T) {
	unsound := &tokens.Failure{Code: authmethods.CodeClientRejected, Verdict: tokens.ClientRejected, Status: 401}
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		for range 5 {
			for _, f := range []*tokens.Failure{down, down, refused, down, down, unsound, down, down, throttled} {
				send(t, d, errand("a", "g"), f)
				send(t, d, errand("b", "g"), f)
			}
		}
	})
}

func TestOneProbeAtATimeAndItsSuccessOpensTheWayForAll(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		here := start(t, newVault())
		breakHost(t, here)
		time.Sleep(2 * time.Second)
		probe := enter(t, here, errand("c", "g"))
		stopped(t, here, errand("d", "g"), authmethods.CodeProviderDown)
		// A probe that did not leave says nothing; the next one takes its place.
		probe(tokens.Departure{})
		probe(tokens.Departure{})
		probe = enter(t, here, errand("d", "g"))
		stopped(t, here, errand("c", "g"), authmethods.CodeProviderDown)
		probe(tokens.Departure{Sent: true, Failure: refused})
		for _, party := range []string{"c", "d", "e"} {
			send(t, here, errand(party, "g"), nil)
		}
	})
}

func TestWhatOneProcessFindsOutAllKnow(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		v := newVault()
		here, there := start(t, v), start(t, v)
		before := errand("z", "g")
		before.Host = "accounts.before.test" // a host that the other process knew
		send(t, there, before, nil)
		f := &tokens.Failure{Status: 503, Code: authmethods.CodeProviderDown, RetryAfter: 5 * time.Minute}
		for _, party := range []string{"a", "b", "a", "b", "a"} {
			e := before
			e.Party = party
			send(t, here, e, f)
		}
		time.Sleep(interval)
		synctest.Wait()
		wait := stopped(t, there, before, authmethods.CodeProviderDown)
		if wait < 4*time.Minute {
			t.Errorf("the other process comes back after %s", wait)
		}
		time.Sleep(wait)
		send(t, here, before, f) // the probe
		time.Sleep(interval)
		synctest.Wait()
		stopped(t, there, before, authmethods.CodeProviderDown)
		v.mu.Lock()
		v.closed["host:"+before.Host] = time.Time{} // a probe elsewhere succeeded
		v.mu.Unlock()
		time.Sleep(interval)
		synctest.Wait()
		send(t, there, before, nil)
		send(t, there, before, nil)
	})
}

func TestAProcessThatStartsKnowsAtOnceWhatIsClosed(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		v := newVault()
		first := start(t, v)
		for _, party := range []string{"a", "b", "a", "b", "a"} {
			send(t, first, errand(party, "g"), &tokens.Failure{Status: 503, RetryAfter: time.Hour})
		}
		unrun := New(Options{Bank: v, Log: first.log})
		stopped(t, unrun, errand("c", "g"), authmethods.CodeProviderDown)
		stopped(t, start(t, v), errand("c", "g"), authmethods.CodeProviderDown)
	})
}

func TestProbesThatFailComeLaterAndLater(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		// These left before the breaker opened, and prove nothing about the time after.
		var late []func(tokens.Departure)
		for range 20 {
			late = append(late, enter(t, d, errand("late", "g")))
		}
		breakHost(t, d)
		for _, leave := range late {
			leave(tokens.Departure{Sent: true, Failure: down})
		}
		for _, least := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
			least *= time.Second
			wait := stopped(t, d, errand("c", "g"), authmethods.CodeProviderDown)
			if wait < least-time.Millisecond || wait > least*5/4 {
				t.Errorf("come back after %s, want about %s", wait, least)
			}
			time.Sleep(wait)
			send(t, d, errand(time.Now().String(), "g"), down)
		}
	})
}

func TestWhatTheProviderAsksForIsGranted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		f := &tokens.Failure{Status: 503, RetryAfter: 10 * time.Minute}
		for _, party := range []string{"a", "b", "a", "b", "a"} {
			send(t, d, errand(party, "g"), f)
		}
		if wait := stopped(t, d, errand("c", "g"), authmethods.CodeProviderDown); wait < 10*time.Minute-time.Second {
			t.Errorf("come back after %s", wait)
		}
	})
}

func TestAThrottleOfTwoGrantsStopsTheirClientOnly(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		for range 9 {
			send(t, d, errand("a", "g1"), throttled) // one grant may have limits of its own
		}
		before := enter(t, d, errand("a", "g3"))
		send(t, d, errand("a", "g2"), throttled)
		before(tokens.Departure{Sent: true}) // it left before, and proves nothing
		stopped(t, d, errand("a", "g3"), authmethods.CodeProviderThrottled)
		stopped(t, d, errand("b", "g4"), authmethods.CodeProviderThrottled)
		other := errand("b", "g4")
		other.Client = "another client"
		send(t, d, other, nil)
		time.Sleep(5 * time.Second)
		send(t, d, errand("a", "g1"), nil)
		send(t, d, errand("b", "g4"), nil)
	})
}

func TestWhatIsOverIsForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		d := start(t, newVault())
		breakHost(t, d)
		for _, host := range []string{"1.test", "2.test", "3.test"} {
			e := errand("a", "g")
			e.Host = host
			send(t, d, e, nil)
		}
		leave := enter(t, d, func() tokens.Errand { e := errand("a", "g"); e.Host = "busy.test"; return e }())
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		d.mu.Lock()
		if len(d.lanes) != 1 || len(d.clients) != 1 || len(d.news) != 0 {
			t.Errorf("%d lanes, %d clients and %d news are remembered", len(d.lanes), len(d.clients), len(d.news))
		}
		d.mu.Unlock()
		leave(tokens.Departure{Sent: true})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		d.mu.Lock()
		defer d.mu.Unlock()
		if len(d.lanes) != 0 || len(d.clients) != 0 {
			t.Errorf("%d lanes and %d clients are remembered", len(d.lanes), len(d.clients))
		}
	})
}
