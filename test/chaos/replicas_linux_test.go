package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/zohosim"
)

func TestReplicasRefreshEachTokenOnceBetweenThem(t *testing.T) {
	for _, n := range []int{2, 3} {
		if n == 3 && onlyWhole() {
			continue
		}
		t.Run(fmt.Sprintf("%d replicas", n), func(t *testing.T) {
			x := begin(t, fleet.Options{Storage: fleet.Postgres, Replicas: n, Connections: 6})
			rounds := 3
			if *whole {
				rounds = 15
			}
			for range rounds {
				began := time.Now()
				stop := x.crowd()
				x.expire(x.w.Connections...)
				x.await("all tokens are new", func() bool { return len(x.refreshes(began)) == len(x.w.Connections) })
				stop()
				for id, k := range x.refreshes(began) {
					if k != 1 {
						t.Errorf("%s was refreshed %d times", id, k)
					}
				}
			}
			x.conclude()
		})
	}
}

func TestSixtyFourCallersOfManyExpiredTokensCauseOneRefreshEach(t *testing.T) {
	connections, replicas := 20, []int{2}
	if *whole {
		connections, replicas = 150, []int{1, 3}
	}
	for _, n := range replicas {
		t.Run(fmt.Sprintf("%d replicas", n), func(t *testing.T) {
			x := begin(t, fleet.Options{Storage: fleet.Postgres, Replicas: n, Connections: connections})
			x.w.Provider.Inject(zohosim.Fault{Kind: zohosim.FaultSlow, GrantType: "refresh_token", AfterMS: 50, Times: -1})
			x.expire(x.w.Connections...)
			x.herd(64)
			x.note() // so many callers need more connections of every kind than a few; the next ones must not
			began := time.Now()
			x.expire(x.w.Connections...)
			asked := time.Now()
			x.herd(64)
			took := time.Since(asked)
			for _, c := range x.w.Connections {
				if k := x.refreshes(began)[c.ID]; k != 1 {
					t.Errorf("%s was refreshed %d times", c.ID, k)
				}
			}
			t.Logf("64 callers of %d expired tokens each, %d replicas: %s", connections, n, took.Round(time.Millisecond))
			x.conclude()
		})
	}
}

// herd has n callers ask for every connection at once, each in an order of its own.
func (x *experiment) herd(n int) {
	var asking sync.WaitGroup
	for i := range n {
		b := x.borrowers[i%len(x.borrowers)]
		asking.Go(func() {
			p := x.w.Processes[i%len(x.w.Processes)]
			for _, k := range rand.Perm(len(x.w.Connections)) {
				if loan := b.Insist(x.Context(), p, x.w.Connections[k], patience); !loan.OK() {
					x.Errorf("not lent: %+v", loan)
				}
			}
		})
	}
	asking.Wait()
}

func TestTheHolderOfALeaseIsKilledAndOthersCarryOn(t *testing.T) {
	t.Parallel()
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Replicas: 3, Connections: 4})
	holder, victim, rest := x.w.Processes[0], x.w.Connections[0], x.w.Connections[1:]
	rounds := 1
	if *whole {
		rounds = 8
	}
	for range rounds {
		x.expire(victim)
		arrived, release := x.hold()
		answer := x.ask(holder, victim)
		x.arrive("the request is at the provider", arrived)
		must(t, holder.Kill())
		release()
		<-answer
		began := time.Now()
		for _, p := range x.w.Processes[1:] {
			for _, c := range rest {
				if loan := x.one.Lend(t.Context(), p, c, fleet.Wish{}); !loan.OK() {
					t.Errorf("%s is gone, and %s does not lend: %+v", holder.Name, p.Name, loan)
				}
			}
		}
		if n := x.asked(began); n > 0 {
			t.Errorf("%d requests while the dead server's lease holds", n)
		}
		x.w.LapseLeases(t)
		if loan := x.one.Insist(t.Context(), x.w.Processes[1], victim, patience); !loan.OK() {
			t.Errorf("after the lease: %+v", loan)
		}
		must(t, holder.Start())
	}
	x.conclude()
}

func TestTheHolderOfALeaseIsStoppedForLongerThanTheLease(t *testing.T) {
	t.Parallel()
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Replicas: 2, Connections: 3})
	holder, other, c := x.w.Processes[0], x.w.Processes[1], x.w.Connections[0]
	x.expire(c)
	arrived, release := x.hold()
	answer := x.ask(holder, c)
	x.arrive("the request is at the provider", arrived)
	must(t, holder.Stop())
	// To everybody else it is dead: its answer lies in a buffer that nobody reads.
	holder.Crashed(time.Now())
	release()
	if !*whole {
		x.w.LapseLeases(t) // in full, the minute does pass
	}
	if loan := x.one.Insist(t.Context(), other, c, 2*patience); !loan.OK() {
		t.Errorf("after the lease: %+v", loan)
	}
	must(t, holder.Continue())
	t.Logf("woken up, it answers %+v", <-answer)
	x.conclude()
}

// A server that is stopped at any moment must not keep the others from anything
// for longer than its lease, not by what it holds in the database either.
func TestAReplicaIsStoppedAtAnyMoment(t *testing.T) {
	if onlyWhole() {
		return
	}
	t.Parallel()
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Replicas: 2, Connections: 3})
	sleeper, other, c := x.w.Processes[0], x.w.Processes[1], x.w.Connections[0]
	for i := 0; i < 25 && !t.Failed(); i++ {
		x.expire(c)
		answer := x.ask(sleeper, c)
		time.Sleep(time.Duration(rand.Int64N(int64(25 * time.Millisecond)))) // any moment
		must(t, sleeper.Stop())
		sleeper.Crashed(time.Now())
		x.lapse()
		began := time.Now()
		if loan := x.one.Insist(t.Context(), other, c, patience); !loan.OK() {
			t.Errorf("round %d: %+v", i, loan)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Logf("round %d: the other one was kept waiting for %s", i, took.Round(time.Millisecond))
		}
		must(t, sleeper.Signal(syscall.SIGCONT))
		<-answer
	}
	x.conclude()
}

// lapse is [fleet.World.LapseLeases] that a lock in the database does not stop for
// ever: a lapsed lease is the clock's doing, and the clock waits for nobody.
func (x *experiment) lapse() {
	x.w.Exec(x, "DO $$ BEGIN FOR i IN 1..600 LOOP BEGIN SET LOCAL lock_timeout = '100ms'; "+
		"UPDATE grants SET lease_until = 1 WHERE lease_until IS NOT NULL; EXIT; EXCEPTION WHEN lock_not_available THEN NULL; END; END LOOP; END $$")
}
