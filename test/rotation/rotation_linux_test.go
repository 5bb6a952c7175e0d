package rotation_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/crash"
	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/test/postgres"
	"latchkey/zohosim"
)

var whole = flag.Bool("whole", false, "kill fifty times on each database")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

// patience is far above what anything here takes.
const patience = 3 * time.Minute

// a rotation that is killed at any point goes on, nothing is unreadable and
// nobody who borrows notices.
func TestARotationThatIsKilledAnywhereGoesOnAndNobodyNotices(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			x := begin(t, storage)
			kills := 6
			if *whole {
				kills = 50
			}
			points := x.rotate(crash.Aim{}).Points
			if len(points) < 20 {
				t.Fatalf("a rotation has only %d points: %v", len(points), points)
			}
			t.Logf("a rotation has %d points", len(points))
			stop := x.crowd()
			servers := kills / 3
			for range kills - servers {
				x.killCommand(1 + rand.IntN(len(points)))
			}
			stop()
			x.uninterrupted()
			stop = x.crowd()
			for range servers {
				x.killServer()
			}
			stop()
			x.conclude()
		})
	}
}

// experiment is a world in which keys are rotated.
type experiment struct {
	*testing.T
	w        *fleet.World
	watch    *crash.Watch
	commands int // that were killed
	servers  int
	resumed  int // rotations that went on
}

func begin(t *testing.T, storage fleet.Storage) *experiment {
	t.Helper()
	o := fleet.Options{
		Storage: storage, Tenants: []string{"acme", "globex"}, Connections: 6,
		Zoho: zohosim.Switches{RotateRefreshTokens: true, RotationLeewaySeconds: 300},
	}
	if storage == fleet.Postgres {
		o.Replicas = 2
	}
	w := fleet.New(t, o)
	x := &experiment{T: t, w: w, watch: &crash.Watch{Files: w.Processes[0].DataDir()}}
	if storage == fleet.Postgres {
		u, err := url.Parse(w.URL)
		must(t, err)
		port, err := strconv.Atoi(u.Port())
		must(t, err)
		x.watch.Database, x.watch.Remote = "PostgreSQL", map[int]string{port: "PostgreSQL"}
	}
	return x
}

// crowd has services borrow everything from every server, while tokens expire, until
// stop is called.
func (x *experiment) crowd() (stop func()) {
	ctx, cancel := context.WithCancel(x.Context())
	var busy sync.WaitGroup
	for i, tenant := range x.w.Tenants {
		var own []*fleet.Connection
		for _, c := range x.w.Connections {
			if c.Of == tenant {
				own = append(own, c)
			}
		}
		for range 2 {
			b := x.w.Borrower(tenant, fmt.Sprintf("borrower %d", i+1))
			busy.Go(func() {
				b.Loop(ctx, 10*time.Millisecond, func() (*fleet.Process, *fleet.Connection) {
					return x.w.Processes[rand.IntN(len(x.w.Processes))], own[rand.IntN(len(own))]
				})
			})
		}
	}
	busy.Go(func() {
		for ctx.Err() == nil {
			x.w.Expire(x, x.w.Connections[rand.IntN(len(x.w.Connections))])
		}
	})
	return func() { cancel(); busy.Wait() }
}

// rotate runs the command, which is killed at a point of it.
func (x *experiment) rotate(aim crash.Aim) crash.Outcome {
	x.Helper()
	var out bytes.Buffer
	cmd := x.w.Command("keyring", "rotate", "--data-keys", "--wait", "2m")
	said, says, err := os.Pipe()
	must(x, err)
	defer said.Close()
	cmd.Stdout, cmd.Stderr = says, says
	must(x, cmd.Start())
	must(x, says.Close())
	// Nothing waits for the command before its output has ended, and whoever traces it
	// hears of its end first: what it says tells whether it got there.
	o, err := crash.KillAt(cmd.Process.Pid, aim, x.watch, func() { _, _ = out.ReadFrom(said) })
	if err != nil {
		_ = cmd.Process.Kill() // it may be over
		x.Fatal(err)
	}
	_ = cmd.Wait()
	if !o.Killed && !strings.Contains(out.String(), "is in use everywhere") {
		x.Fatalf("the rotation failed: %s", out.String())
	}
	if strings.Contains(out.String(), "Going on with") {
		x.resumed++
	}
	return o
}

// killCommand kills the command that rotates at its n-th point, or earlier if it has
// fewer this time, and sees whether all can be read.
func (x *experiment) killCommand(n int) {
	x.Helper()
	for ; !x.rotate(crash.Aim{N: n}).Killed; n = 1 + rand.IntN(n) {
	}
	x.commands++
	x.readable()
}

// killServer kills a server while keys are rotated, starts it again and sees whether
// all can be read.
func (x *experiment) killServer() {
	x.Helper()
	var out bytes.Buffer
	cmd := x.w.Command("keyring", "rotate", "--data-keys", "--wait", "2m")
	cmd.Stdout, cmd.Stderr = &out, &out
	must(x, cmd.Start())
	time.Sleep(rand.N(3 * time.Second)) // the moment is what is random
	p := x.w.Processes[rand.IntN(len(x.w.Processes))]
	must(x, p.Kill())
	must(x, p.Start())
	x.servers++
	if err := cmd.Wait(); err != nil {
		x.Fatalf("the rotation failed after a server was killed: %v\n%s", err, out.String())
	}
	x.readable()
}

// readable opens every sealed value.
func (x *experiment) readable() {
	x.Helper()
	var all struct{ Values int }
	x.w.MustRun(x, &all, "keyring", "verify", "--json")
	if all.Values == 0 {
		x.Fatal("there is nothing sealed")
	}
}

// uninterrupted reports every loan so far that was not lent.
func (x *experiment) uninterrupted() {
	x.Helper()
	failed, all := 0, x.w.Loans.All()
	for i := range all {
		if !all[i].OK() {
			if failed++; failed < 5 {
				x.Errorf("not lent: %+v", all[i])
			}
		}
	}
	if len(all) < 100 || failed > 0 {
		x.Errorf("%d of %d loans failed", failed, len(all))
	}
}

// conclude finishes the rotation, drops all earlier keys and judges.
func (x *experiment) conclude() {
	x.Helper()
	x.rotate(crash.Aim{})
	type status struct {
		Active string
		Keys   []struct{ ID string }
		Values int
		Older  int `json:"values_under_older_data_keys"`
	}
	var now status
	x.w.MustRun(x, &now, "keyring", "status", "--json")
	if now.Older != 0 || now.Values == 0 {
		x.Errorf("of %d values %d are sealed with older data keys", now.Values, now.Older)
	}
	for _, k := range now.Keys {
		if k.ID != now.Active {
			x.w.MustRun(x, nil, "keyring", "drop", k.ID)
		}
	}
	x.readable()
	for _, p := range x.w.Processes {
		must(x, p.Terminate())
		must(x, p.Start())
	}
	x.w.LapseLeases(x)
	last := x.w.Last(x, patience)
	for _, loan := range x.w.Loans.All() {
		if strings.HasPrefix(loan.Code, "key_") || loan.Code == "internal_error" {
			x.Errorf("a secret could not be opened: %+v", loan)
		}
	}
	e := x.w.Evidence(x)
	fleet.Report(x, judge.All(e), judge.NoGrantLost(e), judge.Lendable(e, last), x.w.VerifyAudit(x))
	refreshes := 0
	for _, event := range e.Events {
		if event.Kind == zohosim.EventRefresh && event.Outcome == "ok" {
			refreshes++
		}
	}
	x.Logf("killed the command %d times and servers %d times, %d rotations went on; %d loans, %d refreshes, keys now %s of %d values",
		x.commands, x.servers, x.resumed, len(e.Loans), refreshes, now.Active, now.Values)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
