package audit_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/crypto/secret"
	"latchkey/test/storage"
)

// begin returns a seeded database's tenant a with a chain of n events.
func begin(t *testing.T, url string, n int) db.Tenant {
	t.Helper()
	d := storage.Open(t, url)
	pool := storage.Raw(t, url)
	storage.Seed(t, pool, storage.DialectOf(url))
	for _, table := range []string{"audit_events", "audit_heads"} {
		if _, err := pool.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	in, err := db.NewSystem(d).For(storage.TenantA, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.Start(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := record(t, in, i); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

func record(t *testing.T, in db.Tenant, i int) error {
	c := authmethods.NewCaller(in.ID(), authmethods.Actor{Kind: authmethods.ActorJob, Name: "test"}, nil, "")
	return db.Tx(t.Context(), in, func(in db.Tenant) error {
		return audit.Record(t.Context(), in, c, authmethods.Event{
			Action: "test.done", Object: "x", Changes: map[string]authmethods.Change{"i": {To: i}},
		})
	})
}

func TestAnIntactChainVerifiesWhoeverWroteItAtOnce(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := begin(t, url, 3)
		var group sync.WaitGroup
		errs := make([]error, 30)
		for i := range errs {
			group.Go(func() { errs[i] = record(t, in, i) })
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(t.Context(), in); n != 33 || err != nil {
			t.Errorf("verified %d events: %v", n, err)
		}
	})
}

func TestEveryTamperingIsFound(t *testing.T) {
	const other = "SELECT 'tn_A', 'evt_x', 9, actor_kind, actor_id, actor_name, action, object_id, object_ref, request_id, changes, previous_hash, hash, created_at, updated_at FROM audit_events WHERE seq = 3"
	tamperings := map[string]string{
		"a changed text":          "UPDATE audit_events SET changes = '{}' WHERE seq = 2",
		"a changed actor":         "UPDATE audit_events SET actor_name = 'somebody' WHERE seq = 2",
		"a text in another field": "UPDATE audit_events SET action = '', object_ref = action WHERE seq = 2",
		"another time":            "UPDATE audit_events SET created_at = created_at + 1 WHERE seq = 1",
		"a removed event":         "DELETE FROM audit_events WHERE seq = 2",
		"the last one removed":    "DELETE FROM audit_events WHERE seq = 5",
		"the end set back":        "UPDATE audit_heads SET seq = 4",
		"another end":             "UPDATE audit_heads SET hash = (SELECT hash FROM audit_events WHERE seq = 4)",
		"an added event":          "INSERT INTO audit_events " + other,
		"an event before all":     "UPDATE audit_events SET seq = 0 WHERE seq = 1",
	}
	storage.EachURL(t, func(t *testing.T, url string) {
		in := begin(t, url, 5)
		pool := storage.Raw(t, url)
		for what, statement := range tamperings {
			t.Run(what, func(t *testing.T) {
				restore := map[string]string{"audit_events": "kept_events", "audit_heads": "kept_heads"}
				for table, kept := range restore {
					exec(t, pool, "CREATE TABLE "+kept+" AS SELECT * FROM "+table)
				}
				exec(t, pool, statement)
				if n, err := audit.Verify(t.Context(), in); !errors.Is(err, audit.ErrBroken) {
					t.Errorf("verified %d events: %v", n, err)
				}
				for table, kept := range restore {
					exec(t, pool, "DELETE FROM "+table)
					exec(t, pool, "INSERT INTO "+table+" SELECT * FROM "+kept)
					exec(t, pool, "DROP TABLE "+kept)
				}
				if n, err := audit.Verify(t.Context(), in); n != 5 || err != nil {
					t.Fatalf("after putting it right: %d events, %v", n, err)
				}
			})
		}
	})
}

func TestALongChainIsWalkedPageByPage(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := begin(t, url, 0)
		c := authmethods.NewCaller(in.ID(), authmethods.Actor{}, nil, "")
		err := db.Tx(t.Context(), in, func(in db.Tenant) error {
			for i := range 1100 {
				if err := audit.Record(t.Context(), in, c, authmethods.Event{Action: strconv.Itoa(i)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(t.Context(), in); n != 1100 || err != nil {
			t.Errorf("verified %d events: %v", n, err)
		}
	})
}

func TestASecretIsNotRecorded(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := begin(t, url, 1)
		c := authmethods.NewCaller(in.ID(), authmethods.Actor{}, nil, "")
		err := db.Tx(t.Context(), in, func(in db.Tenant) error {
			return audit.Record(t.Context(), in, c, authmethods.Event{
				Action: "leak", Changes: map[string]authmethods.Change{"s": {To: secret.New("x")}},
			})
		})
		if err == nil {
			t.Error("an event with a secret was recorded")
		}
		if n, err := audit.Verify(t.Context(), in); n != 1 || err != nil {
			t.Errorf("%d events, %v", n, err)
		}
	})
}

func TestAListIsNarrowedByWhoDidWhatToWhat(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := begin(t, url, 0)
		for _, e := range []struct {
			actor  authmethods.Actor
			action string
			object authmethods.ID
		}{
			{authmethods.Actor{Kind: authmethods.ActorPerson, ID: "usr_1", Name: "Marie"}, "method.created", "am_1"},
			{authmethods.Actor{Kind: authmethods.ActorPerson, ID: "usr_1", Name: "Marie"}, "method.changed", "am_1"},
			{authmethods.Actor{Kind: authmethods.ActorPerson, ID: "usr_2", Name: "Jean"}, "method.changed", "am_2"},
		} {
			c := authmethods.NewCaller(in.ID(), e.actor, nil, "")
			err := db.Tx(t.Context(), in, func(in db.Tenant) error {
				return audit.Record(t.Context(), in, c, authmethods.Event{Action: e.action, Object: e.object})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			q    audit.Query
			want string
		}{
			{audit.Query{}, "321"},
			{audit.Query{Actor: "usr_1"}, "21"},
			{audit.Query{ActorName: "Jean"}, "3"},
			{audit.Query{Action: "method.changed"}, "32"},
			{audit.Query{Object: "am_1"}, "21"},
			{audit.Query{Actor: "usr_1", Action: "method.changed"}, "2"},
			{audit.Query{Action: "method.changed", BeforeSeq: 3}, "2"},
			{audit.Query{Actor: "usr_2", Object: "am_1"}, ""},
		} {
			events, err := audit.List(t.Context(), in, c.q)
			if err != nil {
				t.Fatal(err)
			}
			found := ""
			for _, e := range events {
				found += strconv.FormatInt(e.Seq, 10)
			}
			if found != c.want {
				t.Errorf("%+v finds the events %q, want %q", c.q, found, c.want)
			}
		}
	})
}

// age sets when the first n events were written.
func age(t *testing.T, url string, n int, at time.Time) {
	t.Helper()
	// Hashes cover the time: a chain of that age is written anew.
	in := begin(t, url, 0)
	old := authmethods.NewCaller(in.ID(), authmethods.Actor{Kind: authmethods.ActorJob, Name: "test"}, nil, "")
	err := db.Tx(t.Context(), in, func(in db.Tenant) error {
		for range n {
			if err := audit.RecordAt(t.Context(), in, old, authmethods.Event{Action: "test.done"}, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsNoLongerKeptLeavesAChainThatIsStillProved
// old events go only behind a checkpoint that the chain itself attests.
func TestWhatIsNoLongerKeptLeavesAChainThatIsStillProved(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		long := time.Now().Add(-100 * 24 * time.Hour)
		age(t, url, 12, long)
		in, err := db.NewSystem(storage.Open(t, url)).For(storage.TenantA, "test")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if err := record(t, in, i); err != nil {
				t.Fatal(err)
			}
		}
		keeper := authmethods.NewCaller(in.ID(), authmethods.Actor{Kind: authmethods.ActorJob, Name: "retention"}, nil, "")
		if n, err := audit.Trim(t.Context(), in, keeper, long.Add(-time.Hour)); n != 0 || err != nil {
			t.Fatalf("removed %d that are not old enough: %v", n, err)
		}
		for _, want := range []int64{12, 0} {
			if n, err := audit.Trim(t.Context(), in, keeper, long.Add(24*time.Hour)); n != want || err != nil {
				t.Fatalf("removed %d, want %d: %v", n, want, err)
			}
		}
		if n, err := audit.Verify(t.Context(), in); n != 16 || err != nil {
			t.Fatalf("verified up to %d: %v", n, err)
		}
		if after, oldest, err := audit.Begins(t.Context(), in); after != 12 || time.Since(oldest) > time.Hour || err != nil {
			t.Errorf("the log begins after %d at %s: %v", after, oldest, err)
		}
		pool := storage.Raw(t, url)
		for what, statement := range map[string]string{
			"one more removed":          "DELETE FROM audit_events WHERE seq = 13",
			"more removed and said so":  "UPDATE audit_heads SET kept_after = 13, kept_hash = (SELECT hash FROM audit_events WHERE seq = 13)",
			"a beginning of its own":    "UPDATE audit_heads SET kept_hash = (SELECT hash FROM audit_events WHERE seq = 14)",
			"the removal itself hidden": "UPDATE audit_events SET action = 'test.done' WHERE seq = 16",
		} {
			for table, kept := range map[string]string{"audit_events": "kept_events", "audit_heads": "kept_heads"} {
				exec(t, pool, "CREATE TABLE "+kept+" AS SELECT * FROM "+table)
			}
			exec(t, pool, statement)
			if what == "more removed and said so" {
				exec(t, pool, "DELETE FROM audit_events WHERE seq = 13")
			}
			if n, err := audit.Verify(t.Context(), in); !errors.Is(err, audit.ErrBroken) {
				t.Errorf("%s: verified up to %d: %v", what, n, err)
			}
			for table, kept := range map[string]string{"audit_events": "kept_events", "audit_heads": "kept_heads"} {
				exec(t, pool, "DELETE FROM "+table)
				exec(t, pool, "INSERT INTO "+table+" SELECT * FROM "+kept)
				exec(t, pool, "DROP TABLE "+kept)
			}
		}
		if n, err := audit.Verify(t.Context(), in); n != 16 || err != nil {
			t.Errorf("after putting it right: up to %d: %v", n, err)
		}
	})
}
