package backup_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
)

var whole = flag.Bool("whole", false, "back up a hundred thousand connections, and tell how long it takes")

// however many connections there are, a backup keeps nobody waiting who
// borrows, and a new machine lends from it. It tells how long each part takes, and
// asserts nothing of that.
func TestManyConnectionsAreBackedUpUnderLoadAndLentOnANewMachine(t *testing.T) {
	many := 300
	if *whole {
		many = 100_000
	}
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			w := fleet.New(t, fleet.Options{Storage: storage, Connections: connections, Replicas: replicas(storage)})
			seeded := crowded(t, w, many)
			file := filepath.Join(t.TempDir(), "backup")
			var sum struct{ Connections, Rows, Bytes int64 }
			var took time.Duration
			underLoad(t, w, func() {
				took = timed(func() { w.MustRun(t, &sum, "backup", "--json", file) })
			})
			lent, slowest := served(t, w)
			t.Logf("backup of %d connections under load: %s, %d rows, %.1f MB; %d loans meanwhile and before, the slowest took %s",
				sum.Connections, rounded(took), sum.Rows, float64(sum.Bytes)/1e6, lent, slowest.Round(time.Millisecond))
			if sum.Connections != int64(many+connections) {
				t.Errorf("the backup has %d connections", sum.Connections)
			}
			for _, p := range w.Processes {
				must(t, p.Terminate())
			}

			w.Move(t, storage)
			began := time.Now()
			restored := timed(func() { w.MustRun(t, nil, "restore", file) })
			must(t, w.Processes[0].Start())
			ready := time.Since(began)
			first := lend(t, w, seeded[rand.IntN(many)])
			t.Logf("on a new machine: restored in %s, ready after %s, the first token lent after %s",
				rounded(restored), rounded(ready), rounded(time.Since(began)))
			for _, loan := range []judge.Loan{first, lend(t, w, seeded[0]), lend(t, w, seeded[many-1])} {
				if !loan.OK() {
					text, err := json.Marshal(loan)
					t.Errorf("from a new machine: %s %v", text, err)
				}
			}
		})
	}
}

func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

func rounded(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

// served tells how many loans there were, and how long the slowest took. Each was
// given.
func served(t *testing.T, w *fleet.World) (n int, slowest time.Duration) {
	t.Helper()
	for _, loan := range w.Loans.All() {
		if !loan.OK() {
			t.Errorf("under load: %+v", loan)
		}
		slowest = max(slowest, loan.Answered.Sub(loan.Asked))
		n++
	}
	return n, slowest
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
