package crash_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"latchkey/test/crash"
	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// refused reports whether the machine does not let us trace processes.
func refused(err error) bool {
	return errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOSYS)
}

// blind reports whether the server cannot be traced here. It is killed at random
// moments then.
func (x *experiment) blind() bool {
	x.t.Helper()
	_, err := crash.KillAt(x.world.Processes[0].PID(), crash.Aim{}, &crash.Watch{}, func() {})
	if err == nil {
		return false
	}
	if !refused(err) {
		x.t.Fatal(err)
	}
	x.t.Logf("no right to trace here: killed at random moments instead (%v)", err)
	return true
}

// rounds is how often a server is killed blindly.
func rounds() int {
	if *whole {
		return 60
	}
	return 8
}

// span is how long a refresh takes, from before it is asked for until the answer
// is there, and how long of that until the provider has granted it.
func (x *experiment) span() (asked, all time.Duration) {
	t, p, c := x.t, x.world.Processes[0], x.conn
	x.restart()
	x.world.ExpireUnseen(t, c)
	granted := x.granted()
	b := x.world.Borrower(c.Of, "victim")
	began := time.Now()
	loan := b.Lend(t.Context(), p, c, fleet.Wish{})
	all = time.Since(began)
	if !loan.OK() || loan.Source != "refreshed" {
		t.Fatalf("nobody was killed, but it is not lent anew: %+v", loan)
	}
	return min(all, (<-granted).Sub(began)), all
}

// granted tells when the provider grants the next refresh.
func (x *experiment) granted() <-chan time.Time {
	at := make(chan time.Time, 1)
	x.world.Provider.ClearFaults()
	x.world.Provider.Inject(zohosim.Fault{Kind: zohosim.FaultSlow, GrantType: "refresh_token", BeforeReply: func(context.Context) { at <- time.Now() }})
	return at
}

// moments are spread at random over a span, and a little longer than it.
func moments(n int, span time.Duration) (all []time.Duration) {
	part := span * 5 / 4 / time.Duration(n)
	for i := range n {
		all = append(all, time.Duration(i)*part+rand.N(max(part, 1)))
	}
	return all
}

// killBlindly has the server asked for a token that has expired, and kills it some
// time later: after the provider granted the refresh, or else after the question.
func (x *experiment) killBlindly(after time.Duration, granted bool) (when string, captured []string) {
	t, p, c := x.t, x.world.Processes[0], x.conn
	x.restart()
	x.world.ExpireUnseen(t, c)
	grant := x.granted()
	b := x.world.Borrower(c.Of, "victim")
	answer := make(chan judge.Loan, 1)
	go func() {
		defer b.Close()
		answer <- b.Lend(t.Context(), p, c, fleet.Wish{})
	}()
	if granted {
		select {
		case <-grant:
		case loan := <-answer:
			t.Fatalf("it never asked the provider: %+v", loan)
		}
	}
	time.Sleep(after) // any moment
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	captured = x.world.Captured(t)
	p.Crashed(time.Now(), captured...)
	x.world.Provider.ClearFaults()
	point := crash.Point{Kind: "before", What: "the answer"}
	if loan := <-answer; loan.Status != 0 {
		point.Kind = "after"
	}
	x.kills[point]++
	return fmt.Sprintf("killed %s after the question, %s", after, point), captured
}

// runBlindly is run where the server cannot be traced.
func (x *experiment) runBlindly() {
	_, all := x.span()
	for _, after := range moments(rounds(), all) {
		when, _ := x.killBlindly(after, false)
		if loan := x.afterwards(); !loan.OK() {
			x.t.Errorf("%s: afterwards nothing is lent: %+v", when, loan)
		}
		e := x.world.Evidence(x.t)
		x.tell(when, judge.All(e), judge.NoGrantLost(e))
	}
	x.conclude()
}

// killWithoutMercyBlindly is killWithoutMercy for every moment after the provider
// replaced the refresh token.
func (x *experiment) killWithoutMercyBlindly() {
	asked, all := x.span()
	for _, after := range moments(rounds(), all-asked) {
		x.conn = x.world.Connect(x.t, x.conn.Of) // the last one may be dead
		when, captured := x.killBlindly(after, true)
		x.withoutMercy(when, captured)
	}
	x.conclude()
}

// killTwiceBlindly kills a server in a refresh and the next one while it starts and
// takes over.
func (x *experiment) killTwiceBlindly() {
	t, p := x.t, x.world.Processes[0]
	_, all := x.span()
	began := time.Now()
	x.restart()
	start := time.Since(began)
	for _, second := range moments(rounds(), start) {
		when, _ := x.killBlindly(rand.N(all), false)
		x.lapse()
		if err := p.Launch(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(second) // any moment
		if err := p.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		p.Wait()
		p.Crashed(time.Now(), x.world.Captured(t)...)
		x.kills[crash.Point{Kind: "amid", What: "the next start"}]++
		when += fmt.Sprintf(", and %s after the next start began", second)
		if loan := x.afterwards(); !loan.OK() {
			t.Errorf("%s: afterwards nothing is lent: %+v", when, loan)
		}
		e := x.world.Evidence(t)
		x.tell(when, judge.All(e), judge.NoGrantLost(e))
	}
	x.conclude()
}

// TestServersAreKilledBlindlyAsWell is for machines where all the others trace: it
// keeps what is done elsewhere in working order.
func TestServersAreKilledBlindlyAsWell(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			newExperiment(t, storage, zohosim.Switches{RotateRefreshTokens: true, RotationLeewaySeconds: leeway}).runBlindly()
		})
	}
}
