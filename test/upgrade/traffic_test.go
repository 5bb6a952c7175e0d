package upgrade_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// patience is far above what anything here takes.
const patience = 3 * time.Minute

// traffic is about a hundred loans a second over all servers, by clients who try the
// next server where one does not answer, as a load balancer does, and tokens that
// expire all the time.
type traffic struct {
	w           *fleet.World
	connections []*fleet.Connection
	end         context.CancelFunc
	running     sync.WaitGroup
	// excused tells of a loan that was refused whether a fault is known; nil is never.
	excused func(judge.Loan) bool

	mu      sync.Mutex
	lent    int
	refused int          // attempts: nothing listened
	hungUp  int          // attempts: the connection ended before an answer
	lost    []judge.Loan // no server answered
	slowest time.Duration
}

const (
	clients = 10
	pause   = 100 * time.Millisecond
)

func press(t *testing.T, w *fleet.World) *traffic {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &traffic{w: w, connections: slices.Clone(w.Connections), end: cancel}
	for i := range clients {
		b := w.Borrower(w.Tenants[0], fmt.Sprint("client ", i+1))
		t.Cleanup(b.Close)
		l.running.Go(func() {
			for tick := time.NewTicker(pause); ctx.Err() == nil; <-tick.C {
				l.borrow(context.WithoutCancel(ctx), b)
			}
		})
	}
	for range 3 {
		l.running.Go(func() {
			for ctx.Err() == nil {
				w.Expire(t, l.connections[rand.IntN(len(l.connections))])
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *traffic) stop() {
	l.end()
	l.running.Wait()
}

// borrow asks one server after another for a token of a random connection.
func (l *traffic) borrow(ctx context.Context, b *fleet.Borrower) {
	c, first := l.connections[rand.IntN(len(l.connections))], rand.IntN(len(l.w.Processes))
	var loan judge.Loan
	began := time.Now()
	for i := range l.w.Processes {
		loan = b.Lend(ctx, l.w.Processes[(first+i)%len(l.w.Processes)], c, fleet.Wish{})
		if loan.Status != 0 {
			break
		}
		l.unanswered(loan)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slowest = max(l.slowest, time.Since(began))
	switch {
	case loan.OK():
		l.lent++
	case loan.Status == 0:
		l.lost = append(l.lost, loan)
	}
}

func (l *traffic) unanswered(loan judge.Loan) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.Contains(loan.Error, "connection refused") {
		l.refused++
	} else {
		l.hungUp++
	}
}

func (l *traffic) sofar() (lent, refreshed int) {
	for _, e := range l.w.Provider.Events() {
		if e.Kind == zohosim.EventRefresh && e.Outcome == "ok" {
			refreshed++
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lent, refreshed
}

// flows waits until so many more loans were given and tokens refreshed.
func (l *traffic) flows(t *testing.T, loans, refreshes int) {
	t.Helper()
	lent, refreshed := l.sofar()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if now, renewed := l.sofar(); now >= lent+loans && renewed >= refreshed+refreshes {
			return
		}
	}
	t.Fatalf("nothing flows: %d loans, %d refreshes before", lent, refreshed)
}

// conclude ends the traffic and judges everything that happened. allowed tells of an
// attempt that no server answered whether it could not be otherwise.
func (l *traffic) conclude(t *testing.T, allowed func(judge.Loan) bool) {
	t.Helper()
	l.stop()
	shown, excused := 0, 0
	for _, loan := range l.w.Loans.All() {
		switch {
		case loan.Status == 0 || loan.OK():
		case l.excused != nil && l.excused(loan):
			excused++
		case shown < 5:
			t.Errorf("a loan was refused: %+v", loan)
			shown++
		}
	}
	if excused > 0 {
		t.Logf("%d loans met a fault of the program of before", excused)
	}
	for _, loan := range l.lost {
		if !allowed(loan) {
			t.Errorf("a loan was lost: %+v", loan)
		}
	}
	last := l.w.Last(t, patience)
	e := l.w.Evidence(t)
	fleet.Report(t, judge.All(e), judge.NoGrantLost(e), judge.Lendable(e, last), l.w.VerifyAudit(t))
	_, refreshed := l.sofar()
	t.Logf("%d loans, %d refreshes; attempts that were refused a connection: %d, hung up on: %d; loans that no server answered: %d; the slowest loan took %s",
		l.lent, refreshed, l.refused, l.hungUp, len(l.lost), l.slowest.Round(time.Millisecond))
}
