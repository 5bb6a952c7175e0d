package crash_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/test/crash"
	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

var whole = flag.Bool("whole", false, "kill at every point, not at some of them")

// some is into how many parts a refresh is divided of which one point each is
// killed at, if it is not whole.
const some = 5

const (
	// leeway is for how many seconds the provider takes a replaced refresh token once
	// more, in tests of one that does: far longer than it takes to come back.
	leeway = 600
	// patience is far above what anything here takes.
	patience = 3 * time.Minute
)

func TestAServerThatIsKilledAnywhereInARefreshLosesNothing(t *testing.T) {
	for _, storage := range fleet.Storages {
		for _, rotates := range []bool{true, false} {
			name := string(storage) + "/non-rotating"
			if rotates {
				name = string(storage) + "/rotating"
			}
			t.Run(name, func(t *testing.T) {
				newExperiment(t, storage, zohosim.Switches{RotateRefreshTokens: rotates, RotationLeewaySeconds: leeway}).run()
			})
		}
	}
}

// experiment is a series of refreshes that are killed.
type experiment struct {
	t     *testing.T
	world *fleet.World
	conn  *fleet.Connection
	watch *crash.Watch
	told  map[judge.Violation]bool
	kills map[crash.Point]int
}

func newExperiment(t *testing.T, storage fleet.Storage, zoho zohosim.Switches) *experiment {
	w := fleet.New(t, fleet.Options{Storage: storage, Zoho: zoho})
	return &experiment{t: t, world: w, conn: w.Connections[0], told: map[judge.Violation]bool{}, kills: map[crash.Point]int{}}
}

func (x *experiment) run() {
	t := x.t
	if x.blind() {
		x.runBlindly()
		return
	}
	points := x.refresh(crash.Aim{}).Points
	if len(points) < 10 {
		t.Fatalf("a refresh has only %d points: %v", len(points), points)
	}
	if *whole {
		for k := 1; x.eventually(crash.Aim{N: k}); k++ {
		}
	} else {
		numbers := sample(len(points))
		t.Logf("of %d points, killing at %v and at one of each kind", len(points), numbers)
		for _, k := range numbers {
			x.killAt(crash.Aim{N: k})
		}
	}
	// The numbers of points change with what the server does beside, so that a rare
	// one may have been missed.
	for _, p := range points {
		if x.kills[p] == 0 && !x.eventually(crash.Aim{N: 1, Of: p.String()}) && p.Kind != "after send to" {
			t.Errorf("no server could be killed %s", p) // but after the answer all may be over
		}
	}
	x.conclude()
}

// eventually is killAt for a refresh that has more points at one time than at
// another, since the server does other things meanwhile. Only if a few are over
// before the point there is none.
func (x *experiment) eventually(aim crash.Aim) bool {
	const few = 3
	for range few {
		if x.killAt(aim) {
			return true
		}
	}
	return false
}

// sample chooses some of n points, one at random of each part.
func sample(n int) (numbers []int) {
	for i := range some {
		from, to := i*n/some, (i+1)*n/some
		numbers = append(numbers, 1+from+rand.IntN(to-from))
	}
	return numbers
}

// killAt kills the server at a point of a refresh, starts it again and judges what
// is left. It reports whether there was such a point.
func (x *experiment) killAt(aim crash.Aim) bool {
	o, _ := x.kill(aim)
	if !o.Killed {
		return false
	}
	when := fmt.Sprintf("killed at point %d, %s", len(o.Points), o.Points[len(o.Points)-1])
	if loan := x.afterwards(); !loan.OK() {
		x.t.Errorf("%s: afterwards nothing is lent: %+v", when, loan)
	}
	e := x.world.Evidence(x.t)
	x.tell(when, judge.All(e), judge.NoGrantLost(e))
	return true
}

// kill kills the server at a point of a refresh and names the connections of which
// an answer lay captured then.
func (x *experiment) kill(aim crash.Aim) (o crash.Outcome, captured []string) {
	t := x.t
	if o = x.refresh(aim); !o.Killed {
		return o, nil
	}
	p := x.world.Processes[0]
	p.Wait()
	captured = x.world.Captured(t)
	p.Crashed(time.Now(), captured...)
	x.kills[o.Points[len(o.Points)-1]]++
	return o, captured
}

// afterwards starts the server again and borrows what is left.
func (x *experiment) afterwards() judge.Loan {
	t, p := x.t, x.world.Processes[0]
	x.lapse()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	b := x.world.Borrower(x.conn.Of, "after")
	defer b.Close()
	return b.Insist(t.Context(), p, x.conn, patience)
}

// lapse has a minute pass, for leases that may be those of another server that
// lives. On SQLite there is none, and a new server takes them over at once.
func (x *experiment) lapse() {
	if x.world.Storage != fleet.SQLite {
		x.world.LapseLeases(x.t)
	}
}

// refresh borrows a token that has expired of a server that remembers nothing, and
// has it killed at a point of that.
func (x *experiment) refresh(aim crash.Aim) crash.Outcome {
	t, p, c := x.t, x.world.Processes[0], x.conn
	x.restart()
	x.world.ExpireUnseen(t, c)
	b := x.world.Borrower(c.Of, "victim")
	defer b.Close()
	var loan judge.Loan
	o, err := crash.KillAt(p.PID(), aim, x.watch, func() { loan = b.Lend(t.Context(), p, c, fleet.Wish{}) })
	if err != nil {
		t.Fatal(err)
	}
	if !o.Killed && (!loan.OK() || loan.Source != "refreshed") {
		t.Fatalf("not killed, but not lent anew either: %+v", loan)
	}
	return o
}

// restart starts the server anew and finds out what its connections are called.
func (x *experiment) restart() {
	t, p := x.t, x.world.Processes[0]
	if p.Running() {
		if err := p.Terminate(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	x.watch = &crash.Watch{
		Files:  p.DataDir(),
		Remote: map[int]string{port(t, x.world.Provider.URL): "the provider"},
		Local:  map[int]string{port(t, p.Internal()): "the borrower"},
	}
	if x.world.Storage == fleet.Postgres {
		x.watch.Database = "PostgreSQL"
		x.watch.Remote[port(t, x.world.URL)] = x.watch.Database
	}
}

func port(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// tell reports violations that it has not reported yet.
func (x *experiment) tell(when string, violations ...[]judge.Violation) {
	for _, v := range slices.Concat(violations...) {
		if !x.told[v] {
			x.told[v] = true
			x.t.Errorf("%s: %s", when, v)
		}
	}
}

// conclude judges what only the end shows, and says what was done.
func (x *experiment) conclude() {
	t := x.t
	last := x.world.Last(t, patience)
	e := x.world.Evidence(t)
	x.tell("at the end", judge.All(e), judge.Lendable(e, last), x.world.VerifyAudit(t), judge.NoSecretsIn(x.world.Places(t), x.world.Secrets()))
	total := 0
	var lines []string
	for _, p := range slices.SortedFunc(maps.Keys(x.kills), func(a, b crash.Point) int { return strings.Compare(a.String(), b.String()) }) {
		total += x.kills[p]
		lines = append(lines, fmt.Sprintf("%4d %s", x.kills[p], p))
	}
	if total == 0 {
		t.Error("nothing was killed")
	}
	t.Logf("killed %d times:\n%s", total, strings.Join(lines, "\n"))
}
