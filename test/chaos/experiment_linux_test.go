package chaos_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/test/postgres"
	"latchkey/zohosim"
)

var whole = flag.Bool("whole", false, "run every experiment in full")

// atOnce is how many experiments run at a time that mostly wait. Those that measure
// run alone.
const atOnce = "6"

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", atOnce); err != nil { // whoever names another number gets it
		panic(err)
	}
	flag.Parse()
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

// onlyWhole leaves a test out that the short form has no time for. It is no skip:
// the short form is complete without it.
func onlyWhole() (left bool) { return !*whole }

// leeway is how long the provider lets a replaced refresh token come back: as long
// as some do, and longer than a lease, which an answer may be lost for.
const leeway = 5 * time.Minute

// patience is far above what anything here takes.
const patience = 3 * time.Minute

// experiment is a world with borrowers, before, while and after something is
// taken from it.
type experiment struct {
	*testing.T
	w         *fleet.World
	one       *fleet.Borrower   // for single requests
	borrowers []*fleet.Borrower // of the crowd
	before    map[string]judge.Vitals
	told      map[string]bool
}

// begin makes a world whose refresh tokens rotate, has every server lend every
// token, and notes what the servers use.
func begin(t *testing.T, o fleet.Options) *experiment {
	t.Helper()
	o.Zoho.RotateRefreshTokens, o.Zoho.RotationLeewaySeconds = true, int(leeway/time.Second)
	w := fleet.New(t, o)
	x := &experiment{T: t, w: w, one: w.Borrower(w.Tenants[0], "one"), before: map[string]judge.Vitals{}, told: map[string]bool{}}
	for i := range 8 {
		b := w.Borrower(w.Tenants[0], fmt.Sprintf("borrower %d", i+1))
		b.Patience = 5 * time.Second
		x.borrowers = append(x.borrowers, b)
	}
	x.warmUp()
	return x
}

// warmUp brings the servers to what they use when they are at work.
func (x *experiment) warmUp() {
	x.Helper()
	for _, p := range x.w.Processes {
		for _, c := range x.w.Connections {
			if loan := x.one.Lend(x.Context(), p, c, fleet.Wish{}); !loan.OK() {
				x.Fatalf("not lent at the beginning: %+v", loan)
			}
		}
		for _, b := range x.borrowers { // each gets its HTTP connection now
			b.Lend(x.Context(), p, x.w.Connections[0], fleet.Wish{})
		}
	}
	x.note()
}

// note notes what the servers use, for the end.
func (x *experiment) note() {
	x.Helper()
	for _, p := range x.w.Processes {
		v, err := p.Vitals(x.Context())
		must(x, err)
		x.before[p.Name] = v
	}
}

// remember has every server lend every token but the first connection's, so that
// it knows them by heart.
func (x *experiment) remember() {
	x.Helper()
	for _, p := range x.w.Processes {
		for _, c := range x.w.Connections[1:] {
			if loan := x.one.Insist(x.Context(), p, c, patience); !loan.OK() {
				x.Fatalf("not lent: %+v", loan)
			}
		}
	}
}

// complain reports what is wrong with a loan, once for each server.
func (x *experiment) complain(p *fleet.Process, what string, loan judge.Loan) {
	x.Helper()
	if key := p.Name + what; !x.told[key] {
		x.told[key] = true
		x.Errorf("%s: %+v", what, loan)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// crowd has borrowers ask any server for any of the connections, without pause,
// until stop is called. No connections are all of them.
func (x *experiment) crowd(of ...*fleet.Connection) (stop func()) {
	if len(of) == 0 {
		of = x.w.Connections
	}
	ctx, cancel := context.WithCancel(x.Context())
	var asking sync.WaitGroup
	for _, b := range x.borrowers {
		asking.Go(func() {
			b.Loop(ctx, 5*time.Millisecond, func() (*fleet.Process, *fleet.Connection) {
				return x.w.Processes[rand.IntN(len(x.w.Processes))], of[rand.IntN(len(of))]
			})
		})
	}
	return func() { cancel(); asking.Wait() }
}

// expire lets the tokens of connections expire, and returns when every server has
// heard of it. Nobody refreshes them unasked.
func (x *experiment) expire(of ...*fleet.Connection) {
	x.Helper()
	x.age(time.Now().Add(-time.Hour), of...)
}

// age has the tokens of connections end at a moment, after a life of an hour.
func (x *experiment) age(end time.Time, of ...*fleet.Connection) {
	x.Helper()
	var ids []string
	for _, c := range of {
		ids = append(ids, "'"+c.ID+"'")
	}
	in := "(" + strings.Join(ids, ",") + ")"
	start := end.Add(-time.Hour).UnixMicro()
	x.w.Exec(x, "UPDATE grants SET issued_at = $1, expires_at = $2, retry_at = NULL, refresh_at = NULL WHERE id IN "+in, start, end.UnixMicro())
	x.w.Exec(x, "UPDATE tokens SET issued_at = $1, expires_at = $2 WHERE id IN (SELECT token_id FROM grants WHERE id IN "+in+")", start, end.UnixMicro())
	x.w.Announce(x, x.w.Tenants[0])
}

// pass lets the time pass that servers wait after failures, as far as the database
// knows it.
func (x *experiment) pass() {
	x.Helper()
	x.w.Exec(x, "UPDATE grants SET retry_at = NULL")
	x.w.Exec(x, "UPDATE budgets SET closed_until = NULL")
	x.w.Announce(x, x.w.Tenants[0])
}

// hold has the provider keep its next answer to a refresh back, with the refresh
// token replaced already, until it is released. arrived is closed when the request
// is there.
func (x *experiment) hold() (arrived <-chan struct{}, release func()) {
	here, goOn := make(chan struct{}), make(chan struct{})
	x.w.Provider.Inject(zohosim.Fault{Kind: zohosim.FaultSlow, GrantType: "refresh_token", BeforeReply: func(ctx context.Context) {
		close(here)
		select {
		case <-goOn:
		case <-ctx.Done():
		}
	}})
	return here, sync.OnceFunc(func() { close(goOn) })
}

// ask borrows in the background and returns where the answer will be.
func (x *experiment) ask(p *fleet.Process, c *fleet.Connection) <-chan judge.Loan {
	answer := make(chan judge.Loan, 1)
	b := x.w.Borrower(c.Of, "the one who waits")
	b.Patience = patience
	go func() {
		defer b.Close()
		answer <- b.Lend(x.Context(), p, c, fleet.Wish{})
	}()
	return answer
}

// await waits until something is so.
func (x *experiment) await(what string, so func() bool) {
	x.Helper()
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			x.Fatalf("after %s still not: %s", patience, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// arrive waits until a channel is closed.
func (x *experiment) arrive(what string, c <-chan struct{}) {
	x.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		x.Fatalf("after %s still not: %s", patience, what)
	}
}

// insist has every server lend every token.
func (x *experiment) insist() (last []judge.Loan) {
	x.Helper()
	for _, p := range x.w.Processes {
		for _, c := range x.w.Connections {
			last = append(last, x.one.Insist(x.Context(), p, c, patience))
		}
	}
	return last
}

// refreshes counts the refreshes that the provider granted since a moment, by
// connection.
func (x *experiment) refreshes(since time.Time) map[string]int {
	of := map[string]string{}
	for _, c := range x.w.Connections {
		of[c.Grant] = c.ID
	}
	n := map[string]int{}
	for _, e := range x.w.Provider.Events() {
		if e.Kind == zohosim.EventRefresh && e.Outcome == "ok" && e.Received.After(since) {
			n[of[e.Grant]]++
		}
	}
	return n
}

// asked counts the token requests that reached the provider since a moment.
func (x *experiment) asked(since time.Time) (n int) {
	for _, e := range x.w.Provider.Events() {
		if (e.Kind == zohosim.EventRefresh || e.Kind == zohosim.EventFault) && e.Received.After(since) {
			n++
		}
	}
	return n
}
