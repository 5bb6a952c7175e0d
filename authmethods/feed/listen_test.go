package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/postgres"
	"latchkey/test/storage"
)

// process is what one of several processes on a database has of this package.
type process struct {
	d       *db.DB
	bell    *Bell
	changes chan Change
	rung    chan authmethods.ID
}

// start runs a Watcher that polls only when it is told to, and a Bell.
func start(t *testing.T, url string) *process {
	t.Helper()
	d := storage.Open(t, url)
	p := &process{d, NewBell(db.NewSystem(d), nil), make(chan Change, 100), make(chan authmethods.ID, 10_000)}
	w := New(db.NewSystem(d), nil)
	w.every = time.Hour
	w.Subscribe(func(c Change) { p.changes <- c })
	w.Hear(func(id authmethods.ID) { p.rung <- id })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	running.Go(func() { p.bell.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	if c := <-p.changes; c.Kind != Everything {
		t.Fatalf("first it said %+v", c)
	}
	return p
}

// hears announces changes at one process one after the other and waits for each
// at others. The first may be found because listening has just begun, the rest
// only by notices.
func hears(t *testing.T, at *process, others ...*process) {
	t.Helper()
	for i := range 4 {
		id := authmethods.ID(fmt.Sprint("change ", i))
		announce(t, at.d, id)
		for _, p := range others {
			if c := <-p.changes; c.Object != id || c.Tenant != "tn_A" || c.Kind != Method {
				t.Errorf("heard %+v instead of %s", c, id)
			}
		}
	}
}

func TestAChangeIsHeardWithoutWaitingForThePoll(t *testing.T) {
	url := postgres.URL(t)
	a, b := start(t, url), start(t, url)
	hears(t, a, a, b)
	pool := storage.Raw(t, url)
	for range 2 {
		var ended int
		err := pool.QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND query = 'LISTEN latchkey'`).Scan(&ended)
		if err != nil || ended != 2 {
			t.Fatalf("%d backends were terminated, %v", ended, err)
		}
		hears(t, b, a, b)
	}
}

func TestAChangeThatIsUndoneIsNotHeard(t *testing.T) {
	url := postgres.URL(t)
	a, b := start(t, url), start(t, url)
	hears(t, a, a, b)
	in, err := db.NewSystem(a.d).For("tn_A", "test")
	if err != nil {
		t.Fatal(err)
	}
	undone := errors.New("undone")
	err = db.Tx(t.Context(), in, func(in db.Tenant) error {
		return errors.Join(db.Announce(t.Context(), in, string(Method), "undone"), undone)
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	hears(t, a, a, b) // fails at "undone"
}

func TestABellIsHeardByEveryProcess(t *testing.T) {
	url := postgres.URL(t)
	a, b := start(t, url), start(t, url)
	hears(t, a, a, b) // both listen from here on
	const n = 2500
	var ringing sync.WaitGroup
	for i := range n {
		ringing.Go(func() { a.bell.Ring(authmethods.ID(fmt.Sprint("gr_", i))) })
	}
	ringing.Wait()
	b.bell.Ring("gr_b")
	for _, p := range []*process{a, b} {
		heard := map[authmethods.ID]bool{}
		for len(heard) < n+1 {
			heard[<-p.rung] = true
		}
		if !heard["gr_0"] || !heard["gr_b"] {
			t.Errorf("%d were heard, but not all that rang", len(heard))
		}
	}
}

func TestABellNeverBlocksAndForgetsRatherThanGrow(t *testing.T) {
	b := NewBell(db.NewSystem(storage.Open(t, postgres.URL(t))), nil)
	for i := range 2 * most {
		b.Ring(authmethods.ID(fmt.Sprint(i)))
	}
	b.Ring("two ids")
	if len(b.rings) != most || b.rings["two ids"] {
		t.Errorf("%d rings wait, among them one that is two: %t", len(b.rings), b.rings["two ids"])
	}
	for _, p := range payloads(b.rings) {
		if len(p) == 0 || len(p) >= 8000 {
			t.Errorf("a payload of %d bytes", len(p))
		}
	}
	if longest := together * (longest + len(separator)); longest >= 8000 {
		t.Errorf("a payload may have %d bytes", longest)
	}
}

func TestNothingIsSpentWhereNobodyListens(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		sys := db.NewSystem(storage.Open(t, url))
		if !strings.HasPrefix(url, "sqlite:") {
			if !sys.Notifies() {
				t.Error("PostgreSQL is said to have no notices")
			}
			return
		}
		bell := NewBell(sys, nil)
		if n := testing.AllocsPerRun(100, func() { bell.Ring("gr_1") }); n != 0 || len(bell.rings) != 0 {
			t.Errorf("a ring costs %v allocations and leaves %d", n, len(bell.rings))
		}
		bell.Run(t.Context())             // returns by itself
		New(sys, nil).listen(t.Context()) // as well
		if err := db.Listen(t.Context(), sys, nil, nil); !errors.Is(err, db.ErrNoNotices) {
			t.Errorf("listening: %v", err)
		}
		if err := db.Signal(t.Context(), sys, []string{"x"}); !errors.Is(err, db.ErrNoNotices) {
			t.Errorf("signalling: %v", err)
		}
	})
}
