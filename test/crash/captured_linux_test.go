package crash_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"latchkey/test/crash"
	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// TestWhatWasCapturedSurvivesWhereNoRetryIsAccepted kills servers while a provider
// rotates that ends the whole grant when an old refresh token comes back. Nobody
// can save a grant whose answer never arrived. One whose answer was made durable
// must live.
func TestWhatWasCapturedSurvivesWhereNoRetryIsAccepted(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			x := newExperiment(t, storage, zohosim.Switches{RotateRefreshTokens: true})
			if x.blind() {
				x.killWithoutMercyBlindly()
				return
			}
			points := x.refresh(crash.Aim{}).Points
			asked := slices.IndexFunc(points, func(p crash.Point) bool { return p.String() == "before send to the provider" })
			if asked < 0 {
				t.Fatalf("the provider is not asked: %v", points)
			}
			for _, k := range x.from(asked+1, len(points)) {
				x.conn = x.world.Connect(t, x.conn.Of) // the last one may be dead
				x.killWithoutMercy(k)
			}
			x.conclude()
		})
	}
}

// from returns the points from first to last, or some of them.
func (x *experiment) from(first, last int) (points []int) {
	step := 1
	if !*whole {
		step = max(1, (last-first)/some)
	}
	for k := first + rand.IntN(step); k <= last; k += step {
		points = append(points, k)
	}
	x.t.Logf("of the points %d to %d, killing at %v", first, last, points)
	return points
}

func (x *experiment) killWithoutMercy(k int) {
	t := x.t
	o, captured := x.kill(crash.Aim{N: k})
	if !o.Killed {
		return
	}
	when := fmt.Sprintf("killed at point %d, %s", k, o.Points[k-1])
	loan := x.withoutMercy(when, captured)
	if !loan.OK() && x.world.Storage == fleet.SQLite && synced(o.Points) {
		t.Errorf("%s: the server had synced what followed the answer, but nothing is lent: %+v", when, loan)
	}
}

// withoutMercy judges what is left of a refresh that was killed.
func (x *experiment) withoutMercy(when string, captured []string) judge.Loan {
	t := x.t
	loan := x.afterwards()
	switch {
	case loan.OK():
	case slices.Contains(captured, x.conn.ID):
		t.Errorf("%s: the answer was captured, but nothing is lent: %+v", when, loan)
	case loan.Code != "reconnect_required":
		t.Errorf("%s: a grant that is lost is not called so: %+v", when, loan)
	}
	x.tell(when, judge.All(x.world.Evidence(t)))
	return loan
}

// synced reports whether a sync was made and was over after the provider's answer
// came: one that another point follows. By the rule that an answer is durable
// before anything reads it, that was the answer's.
func synced(points []crash.Point) bool {
	answered := slices.IndexFunc(points, func(p crash.Point) bool { return p.String() == "after receive from the provider" })
	if answered < 0 {
		return false
	}
	return slices.ContainsFunc(points[answered:len(points)-1], func(p crash.Point) bool { return strings.HasPrefix(p.Kind, "before sync") })
}
