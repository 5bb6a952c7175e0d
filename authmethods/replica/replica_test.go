package replica

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/test/storage"
)

// server is one of several on a database.
type server struct {
	self    *Self
	watcher *feed.Watcher
}

func begin(t *testing.T, sys db.System, id string, alone bool) *server {
	t.Helper()
	w := feed.New(sys, nil)
	s := &server{New(Options{System: sys, Feed: w, ID: id, Version: "v1", Grace: 5 * time.Second, Alone: alone, Keys: func() []string { return []string{"k1"} }}), w}
	w.Marked(s.self.Hurry)
	return s
}

func (s *server) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.watcher.Run(ctx) })
	running.Go(func() { s.self.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	for s.self.StaleFor() > trusted {
		time.Sleep(time.Millisecond) // until both have begun
	}
}

func TestWhoWaitsIsToldWhenAllHaveHeard(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		sys := db.NewSystem(d)
		begin(t, sys, "a", false).run(t)
		begin(t, sys, "b", false).run(t)
		live, err := Live(t.Context(), sys)
		if err != nil || len(live) != 2 || live[0].ID != "a" || live[0].Keys[0] != "k1" || live[0].Grace != 5*time.Second || live[0].Version != "v1" {
			t.Fatalf("%+v %v", live, err)
		}
		m, err := Place(t.Context(), sys)
		if err != nil || m.Seq == 0 {
			t.Fatal(m, err)
		}
		report, err := m.Wait(t.Context(), sys, nil)
		if err != nil || len(report.Heard) != 2 || len(report.Lapsed)+len(report.Waiting) != 0 {
			t.Errorf("%+v %v", report, err)
		}
		for _, r := range report.Heard {
			if r.Applied < m.Seq {
				t.Errorf("%s has heard up to %d of %d", r.ID, r.Applied, m.Seq)
			}
		}
	})
}

func TestOneThatSaysNothingIsWaitedForUntilItsMemoryHasLapsed(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		sys := db.NewSystem(d)
		begin(t, sys, "hears", false).run(t)
		deaf := begin(t, sys, "deaf", false)
		if err := deaf.self.Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		m, err := Place(t.Context(), sys)
		if err != nil {
			t.Fatal(err)
		}
		var told atomic.Int64
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		report, err := m.Wait(short, sys, func(r Report) { told.Store(int64(len(r.Waiting))) })
		if err == nil || len(report.Waiting) != 1 || report.Waiting[0].ID != "deaf" || told.Load() != 1 {
			t.Errorf("at first: %+v %v", report, err)
		}
		m.made = m.made.Add(-5*time.Second - margin)
		report, err = m.Wait(t.Context(), sys, nil)
		if err != nil || len(report.Heard) != 1 || len(report.Lapsed) != 1 || report.Lapsed[0].ID != "deaf" {
			t.Errorf("after its grace: %+v %v", report, err)
		}
	})
}

func TestOneThatHasBeenSilentForLongIsNotWaitedForAndTakenAway(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		sys := db.NewSystem(d)
		dead := begin(t, sys, "dead", false)
		if err := dead.self.Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		silentFor := func(s time.Duration) {
			t.Helper()
			sets := []db.Set{db.ToFromNow("seen_at", -s)}
			if _, err := db.UpdateShared[row](t.Context(), sys, sets, db.Eq("id", "dead")); err != nil {
				t.Fatal(err)
			}
		}
		m, err := Place(t.Context(), sys)
		if err != nil {
			t.Fatal(err)
		}
		silentFor(life + 5*time.Second + margin + time.Second)
		if live, err := Live(t.Context(), sys); err != nil || len(live) != 0 {
			t.Errorf("%+v %v", live, err)
		}
		if report, err := m.Wait(t.Context(), sys, nil); err != nil || len(report.Heard)+len(report.Waiting) != 0 {
			t.Errorf("%+v %v", report, err)
		}
		other := begin(t, sys, "other", false)
		for _, c := range []struct {
			silent time.Duration
			left   int
		}{{30 * time.Minute, 1}, {2 * time.Hour, 0}} {
			silentFor(c.silent)
			if err := other.self.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			if all, err := list(t.Context(), sys); err != nil || len(all) != c.left {
				t.Errorf("after %s: %+v %v", c.silent, all, err)
			}
		}
	})
}

func TestTheOneServerOutlivesItsPredecessorsAndLeaves(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		sys := db.NewSystem(d)
		if err := begin(t, sys, "before", false).self.Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := begin(t, sys, "now", true)
		now.run(t)
		if live, err := Live(t.Context(), sys); err != nil || len(live) != 1 || live[0].ID != "now" {
			t.Errorf("%+v %v", live, err)
		}
		if err := now.self.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now.self.StaleFor() != never {
			t.Error("it still trusts its memory")
		}
	})
}

// fixed is a feed that is always fresh.
type fixed struct{}

func (fixed) Applied() int64          { return 0 }
func (fixed) StaleFor() time.Duration { return 0 }

func TestWhoCannotSayThatItRunsTrustsItsMemoryNoLongerThanOthersBelieveIt(t *testing.T) {
	s := New(Options{Feed: fixed{}})
	if s.StaleFor() != never {
		t.Error("it is fresh though nobody knows of it")
	}
	for ago, want := range map[time.Duration]bool{0: true, life - time.Second: true, life + 2*time.Second: false} {
		at := time.Now().Add(-ago)
		s.beaten.Store(&at)
		if got := s.StaleFor() <= trusted; got != want {
			t.Errorf("silent for %s: trusted %v", ago, got)
		}
		at = at.Round(0) // set back: the wall clock alone
		s.beaten.Store(&at)
		if got := s.StaleFor() <= trusted; got != want {
			t.Errorf("silent for %s by the wall clock: trusted %v", ago, got)
		}
	}
}
