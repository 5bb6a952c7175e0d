package audit_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"

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
