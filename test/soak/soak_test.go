package soak_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/test/postgres"
	"latchkey/zohosim"
)

var whole = flag.Bool("whole", false, "let an hour pass, not some minutes")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	postgres.Stop()
	os.Exit(code)
}

const (
	// life is that of an access token, leeway how long the provider takes a replaced
	// refresh token once more. An answer that is lost with its server is asked for
	// again after a lease, sometimes in vain for the same reason, so it is long.
	life, leeway = 5 * time.Minute, 10 * time.Minute

	stride = 90 * time.Second // what is skipped at once: more than a lease
	open   = 2 * time.Second  // how long the servers are at work in between, at least
	slow   = 150              // milliseconds that the provider takes for an answer, at most

	replicas, borrowers = 3, 12
	patience            = 3 * time.Minute
)

// soak is a world in which time passes fast.
type soak struct {
	*testing.T
	w     *fleet.World
	pool  *sql.DB
	time  skips
	doors sync.RWMutex // borrowers are let in while it is held for reading
	under atomic.Int64 // token requests at the provider
	kills int
}

func TestAnHourWithServersThatAreKilledAllTheTime(t *testing.T) {
	span, connections := 9*time.Minute, 10
	if *whole {
		span, connections = time.Hour, 20
	}
	s := &soak{T: t, w: fleet.New(t, fleet.Options{
		Storage: fleet.Postgres, Replicas: replicas, Tenants: []string{"acme", "globex"}, Connections: connections,
		Zoho: zohosim.Switches{
			RotateRefreshTokens: true, RotationLeewaySeconds: int(leeway / time.Second),
			Limits: zohosim.Limits{AccessTokenSeconds: int(life / time.Second)},
		},
	})}
	s.pool = openPool(t, s.w.URL)
	s.slowDown()
	began := time.Now()
	stop := s.borrow()
	for i := 0; s.time.total+time.Since(began) < span; i++ {
		s.skip()
		s.killSome()
	}
	took := time.Since(began)
	s.recover()
	stop()
	s.judge(took)
}

// slowDown has the provider take its time, so that servers die amid refreshes.
func (s *soak) slowDown() {
	s.w.Provider.Inject(zohosim.Fault{
		Kind: zohosim.FaultSlow, GrantType: "refresh_token", Times: -1,
		BeforeApply: func(context.Context) { s.under.Add(1) },
		BeforeReply: func(ctx context.Context) {
			defer s.under.Add(-1)
			select {
			case <-ctx.Done():
			case <-time.After(rand.N(slow * time.Millisecond)):
			}
		},
	})
}

// borrow has borrowers of both tenants ask any server for any connection until
// stop is called.
func (s *soak) borrow() (stop func()) {
	ctx, cancel := context.WithCancel(s.Context())
	var asking sync.WaitGroup
	for i := range borrowers {
		tenant := s.w.Tenants[i%len(s.w.Tenants)]
		own := slices.DeleteFunc(slices.Clone(s.w.Connections), func(c *fleet.Connection) bool { return c.Of != tenant })
		b := s.w.Borrower(tenant, fmt.Sprintf("borrower %d", i+1))
		b.Patience = 3 * time.Second
		asking.Go(func() {
			for ctx.Err() == nil {
				s.doors.RLock()
				b.Lend(s.Context(), s.w.Processes[rand.IntN(replicas)], own[rand.IntN(len(own))], fleet.Wish{})
				s.doors.RUnlock()
				time.Sleep(5 * time.Millisecond) // a borrower has other work, too
			}
		})
	}
	return func() { cancel(); asking.Wait() }
}

// killSome kills a server shortly after time was skipped, when many tokens are
// refreshed, and another one at any moment.
func (s *soak) killSome() {
	s.Helper()
	until := time.Now().Add(open)
	for _, within := range []time.Duration{300 * time.Millisecond, time.Second} {
		time.Sleep(rand.N(within)) // any moment
		p := s.w.Processes[rand.IntN(replicas)]
		if err := p.Kill(); err != nil {
			s.Fatal(err)
		}
		s.kills++
		if err := p.Start(); err != nil {
			s.Fatal(err)
		}
	}
	time.Sleep(time.Until(until))
}

// skip lets a stride of time pass at once; see the package's comment.
func (s *soak) skip() {
	s.Helper()
	s.doors.Lock()
	defer s.doors.Unlock()
	for deadline := time.Now().Add(patience); ; {
		err := grow(s.Context(), s.pool, stride, s.dead(), func() {
			s.w.Provider.Clock().Advance(stride)
			s.time.add(stride)
		})
		if err == nil {
			break
		}
		if !errors.Is(err, errBusy) || time.Now().After(deadline) {
			s.Fatal(err)
		}
	}
	for _, t := range s.w.Tenants[1:] {
		s.w.Exec(s, "INSERT INTO changes (tenant_id, kind, object_id, created_at) VALUES ($1, 'connection', '', $2)", t.ID, time.Now().UnixMicro())
	}
	s.w.Announce(s, s.w.Tenants[0])
}

// dead finds the leases of the dead: while the provider is not asked anything, they
// are the ones that stay for longer than it takes to send a request or to store
// its answer.
func (s *soak) dead() map[lease]bool {
	s.Helper()
	const longer = 4 * time.Second // machines that test are busy
	held, err := leases(s.Context(), s.pool)
	if err != nil {
		s.Fatal(err)
	}
	since := time.Now()
	for len(held) > 0 && time.Since(since) < longer {
		time.Sleep(20 * time.Millisecond)
		now, err := leases(s.Context(), s.pool)
		if err != nil {
			s.Fatal(err)
		}
		for l := range held {
			if !now[l] {
				delete(held, l)
			}
		}
		if s.under.Load() > 0 {
			since = time.Now()
		}
	}
	return held
}

// recover has every token lent by every server when nothing is killed any more.
func (s *soak) recover() {
	s.Helper()
	s.skip() // the last of the dead lose their leases
	for _, p := range s.w.Processes {
		for _, c := range s.w.Connections {
			if loan := s.w.Borrower(c.Of, "the last").Insist(s.Context(), p, c, patience); !loan.OK() {
				s.Errorf("at the end: %+v", loan)
			}
		}
	}
}

func (s *soak) judge(took time.Duration) {
	s.Helper()
	s.w.Provider.ClearFaults()
	last := s.w.Last(s, patience)
	e := s.w.Evidence(s)
	s.time.onOneClock(e)
	s.time.onOneClock(&judge.Evidence{Loans: last})
	fleet.Report(s, judge.All(e), judge.Lendable(e, last), judge.NoGrantLost(e), s.w.VerifyAudit(s))
	lent, refreshed := 0, 0
	for i := range e.Loans {
		if e.Loans[i].OK() {
			lent++
		}
	}
	for _, ev := range e.Events {
		if ev.Kind == zohosim.EventRefresh && ev.Outcome == "ok" {
			refreshed++
		}
	}
	s.Logf("%d loans of %d requests, %d refreshes of %d connections, %d kills, %s of simulated time in %s",
		lent, len(e.Loans), refreshed, len(s.w.Connections), s.kills, (s.time.total + took).Round(time.Second), took.Round(time.Second))
	if refreshed < len(s.w.Connections) || s.kills == 0 {
		s.Error("that was no test")
	}
}
