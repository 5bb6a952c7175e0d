package crash_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"latchkey/test/crash"
	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// TestAServerThatIsKilledAgainWhileItRecoversLosesNothing kills a server in a
// refresh, once the provider was asked, and the next one while it starts and
// finishes what the first left.
func TestAServerThatIsKilledAgainWhileItRecoversLosesNothing(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			x := newExperiment(t, storage, zohosim.Switches{RotateRefreshTokens: true, RotationLeewaySeconds: leeway})
			if x.blind() {
				x.killTwiceBlindly()
				return
			}
			points := x.refresh(crash.Aim{}).Points
			asked := slices.IndexFunc(points, func(p crash.Point) bool { return p.String() == "after send to the provider" }) + 1
			x.kill(crash.Aim{N: 1, Of: "after send to the provider"})
			x.lapse()
			n := len(x.recover(0).Points)
			t.Logf("a refresh has %d points, the provider is asked at %d; a start after that has %d", len(points), asked, n)
			for _, second := range x.from(1, n) {
				x.killTwice(asked+rand.IntN(len(points)-asked+1), second)
			}
			x.conclude()
		})
	}
}

// recover launches the server and has it killed at the k-th point until it lent.
func (x *experiment) recover(k int) crash.Outcome {
	t, p := x.t, x.world.Processes[0]
	if p.Running() {
		if err := p.Terminate(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Launch(); err != nil {
		t.Fatal(err)
	}
	o, err := crash.KillAt(p.PID(), crash.Aim{N: k}, x.watch, func() {
		if p.Ready() == nil {
			b := x.world.Borrower(x.conn.Of, "between")
			defer b.Close()
			b.Lend(t.Context(), p, x.conn, fleet.Wish{})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (x *experiment) killTwice(first, second int) {
	t, p := x.t, x.world.Processes[0]
	o, _ := x.kill(crash.Aim{N: first})
	if !o.Killed {
		return
	}
	x.lapse()
	again := x.recover(second)
	if again.Killed {
		p.Wait()
		p.Crashed(time.Now(), x.world.Captured(t)...)
		x.kills[again.Points[second-1]]++
		x.lapse()
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
	}
	when := fmt.Sprintf("killed at point %d, %s, and at point %d of the next start (%t)", first, o.Points[first-1], second, again.Killed)
	if loan := x.world.Borrower(x.conn.Of, "after").Insist(t.Context(), p, x.conn, patience); !loan.OK() {
		t.Errorf("%s: afterwards nothing is lent: %+v", when, loan)
	}
	e := x.world.Evidence(t)
	x.tell(when, judge.All(e), judge.NoGrantLost(e))
}
