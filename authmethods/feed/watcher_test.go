package feed

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

// watched is a Watcher that is polled by hand, and what it said since it was
// last asked.
func watched(t *testing.T, d *db.DB) (w *Watcher, said func() []Change) {
	t.Helper()
	var heard []Change
	w = New(db.NewSystem(d), nil)
	w.Subscribe(func(c Change) { heard = append(heard, c) })
	return w, func() []Change {
		w.poll(t.Context())
		last := heard
		heard = nil
		return last
	}
}

func announce(t *testing.T, d *db.DB, object authmethods.ID) {
	t.Helper()
	in, err := db.NewSystem(d).For("tn_A", "test")
	if err == nil {
		err = db.Announce(t.Context(), in, string(Method), object)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestEachChangeIsPassedOnOnce(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		w, said := watched(t, d)
		if w.Fresh() {
			t.Error("it is fresh before its first poll")
		}
		announce(t, d, "before")
		check(t, "first", said(), Change{Kind: Everything})
		if !w.Fresh() || w.StaleFor() > time.Second {
			t.Errorf("after a poll it is stale for %s", w.StaleFor())
		}
		check(t, "without changes", said())
		announce(t, d, "one")
		announce(t, d, "two")
		check(t, "two changes", said(), Change{"tn_A", Method, "one"}, Change{"tn_A", Method, "two"})
		check(t, "the same window again", said())
	})
}

func TestAfterASilenceEverythingIsForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		silence time.Duration
		want    []Change
	}{
		"short": {10 * time.Second, []Change{{"tn_A", Method, "missed"}}},
		"long":  {16 * time.Second, []Change{{Kind: Everything}}},
	} {
		t.Run(name, func(t *testing.T) {
			storage.Each(t, func(t *testing.T, d *db.DB) {
				w, said := watched(t, d)
				said()
				announce(t, d, "missed")
				long := time.Now().Add(-c.silence)
				w.last.Store(&long)
				if w.Fresh() {
					t.Error("it is fresh after a silence")
				}
				check(t, "after it", said(), c.want...)
				check(t, "then", said())
				if !w.Fresh() {
					t.Error("it stays stale")
				}
			})
		})
	}
}

func TestAFailingPollIsNotFresh(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		w, said := watched(t, storage.Open(t, url))
		said()
		pool := storage.Raw(t, url)
		if _, err := pool.ExecContext(t.Context(), "ALTER TABLE changes RENAME TO gone"); err != nil {
			t.Fatal(err)
		}
		long := time.Now().Add(-time.Minute)
		w.last.Store(&long)
		check(t, "while it fails", said())
		if w.Fresh() {
			t.Error("it is fresh though the poll failed")
		}
	})
}

func check(t *testing.T, what string, got []Change, want ...Change) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s:\n%s", what, diff)
	}
}
