package upgrade_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// shortLived has tokens end within a run, by themselves, and each refresh replace the
// refresh token: one that was sent twice would end the grant.
var shortLived = zohosim.Switches{RotateRefreshTokens: true, Limits: zohosim.Limits{AccessTokenSeconds: 90}}

// namesColumns is the first schema version whose programs name the columns that they
// read. On PostgreSQL, a program before that answers a few requests with a fault when a
// column was added: each of its connections to the database has to notice once. See
// docs/operations.md.
const namesColumns = 13

// Two servers of the program of before serve on while the schema is migrated under
// them, and are then replaced one by one. Nobody who borrows is refused, no grant is
// lost, and administrators go on meanwhile.
func TestServersOnPostgreSQLAreReplacedOneByOneAndNobodyNotices(t *testing.T) {
	v := both(t)
	w := fleet.New(t, fleet.Options{Storage: fleet.Postgres, Replicas: 2, Connections: 20, Zoho: shortLived, Program: v.old})
	l := press(t, w)
	l.flows(t, 200, 5)

	w.Upgrade(v.now)
	began, gone := time.Now(), map[string]time.Time{} // by the name of the server
	if v.oldSchema < namesColumns {
		l.excused = func(loan judge.Loan) bool {
			return loan.Status == 500 && loan.Answered.After(began) && loan.Answered.Before(gone[loan.Process])
		}
	}
	w.MustRun(t, nil, "migrate")
	t.Logf("migrated under load in %s", time.Since(began).Round(time.Millisecond))
	if have := schema(t, w); have != v.nowSchema {
		t.Fatalf("the schema has version %d", have)
	}
	l.flows(t, 500, 15) // both of before, on the schema of now
	if v.oldSchema >= namesColumns {
		lends(t, w, w.Connect(t, w.Tenants[0]))
	}

	for _, p := range w.Processes {
		stopped := time.Now()
		must(t, p.Terminate())
		gone[p.Name] = time.Now()
		p.Upgrade(v.now)
		must(t, p.Start())
		t.Logf("%s was replaced in %s", p.Name, time.Since(stopped).Round(time.Millisecond))
		l.flows(t, 300, 5)
		// The first server, of now, approves; one of before lends, too.
		lends(t, w, w.Connect(t, w.Tenants[0]))
	}
	l.conclude(t, func(judge.Loan) bool { return false })
}

// On SQLite the one server is stopped and started. Loans fail while nothing listens,
// and at no other time.
func TestOnOneMachineLoansFailOnlyWhileNothingListens(t *testing.T) {
	v := both(t)
	w := fleet.New(t, fleet.Options{Connections: 20, Zoho: shortLived, Program: v.old})
	p := w.Processes[0]
	l := press(t, w)
	l.flows(t, 200, 5)

	stopped := time.Now()
	must(t, p.Terminate())
	gone := time.Now()
	w.Upgrade(v.now)
	w.MustRun(t, nil, "migrate")
	migrated := time.Now()
	p.Upgrade(v.now)
	must(t, p.Start())
	back := time.Now()
	t.Logf("stopped in %s, migrated in %s, started in %s", gone.Sub(stopped).Round(time.Millisecond),
		migrated.Sub(gone).Round(time.Millisecond), back.Sub(migrated).Round(time.Millisecond))
	if have := schema(t, w); have != v.nowSchema {
		t.Fatalf("the schema has version %d", have)
	}
	l.flows(t, 300, 10)
	lends(t, w, w.Connect(t, w.Tenants[0]))
	l.conclude(t, func(loan judge.Loan) bool { return loan.Answered.After(stopped) && loan.Asked.Before(back) })
}

// The program of before does not start on the schema of now, says so in plain words
// and touches nothing. The way back is the backup.
func TestTheProgramOfBeforeRefusesTheSchemaOfNowAndTheBackupIsTheWayBack(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			v := both(t)
			w := fleet.New(t, fleet.Options{Storage: storage, Connections: 2, Zoho: shortLived, Program: v.old})
			p := w.Processes[0]
			file := t.TempDir() + "/backup"
			w.MustRun(t, nil, "backup", file)
			must(t, p.Terminate())
			w.Upgrade(v.now)
			w.MustRun(t, nil, "migrate")
			if v.nowSchema == v.oldSchema {
				w.Exec(t, "INSERT INTO schema_version (version) VALUES ($1)", v.nowSchema+1)
			}
			began := schema(t, w)
			const why = "it was used by a newer Latchkey; run that one, or restore a backup made before the upgrade"
			if err := p.Start(); err == nil || !strings.Contains(err.Error(), "ended with 5") || !strings.Contains(err.Error(), why) {
				t.Fatalf("the program of before, on the schema of now: %v", err)
			}
			if have := schema(t, w); have != began {
				t.Errorf("the refused program left version %d", have)
			}
			if v.nowSchema > v.oldSchema {
				p.Upgrade(v.now)
				must(t, p.Start())
				lends(t, w, w.Connections...)
				must(t, p.Terminate())
			}

			w.Upgrade(v.old)
			w.Move(t, storage)
			w.MustRun(t, nil, "restore", file)
			must(t, w.Processes[0].Start())
			lends(t, w, w.Connections...)
			if have := schema(t, w); have != v.oldSchema {
				t.Errorf("the backup brought version %d", have)
			}
		})
	}
}

// What a newer program may do to the tables under a server of this one disturbs nobody:
// neither who borrows nor who administrates. So the next upgrade is as quiet.
func TestColumnsThatTheNextProgramAddsDisturbNobody(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			w := fleet.New(t, fleet.Options{Storage: storage, Connections: 20, Zoho: shortLived})
			l := press(t, w)
			l.flows(t, 200, 5)
			tables := "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'schema_version' AND name NOT LIKE 'sqlite_%'"
			if storage == fleet.Postgres {
				tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_version'"
			}
			for n, table := range w.Rows(t, tables) {
				w.Exec(t, "ALTER TABLE "+table[0]+" ADD COLUMN of_the_next_program TEXT NOT NULL DEFAULT ''")
				if n%5 == 0 {
					lends(t, w, w.Connect(t, w.Tenants[0]))
				}
			}
			for range 10 { // as many as have statements prepared before, and more
				lends(t, w, w.Connect(t, w.Tenants[0]))
			}
			l.flows(t, 300, 10)
			must(t, w.Processes[0].Call(t.Context(), w.Tenants[0], "GET", "/api/v1/audit-events", nil, nil))
			l.conclude(t, func(judge.Loan) bool { return false })
		})
	}
}

// lends holds that every running server lends from each of the connections.
func lends(t *testing.T, w *fleet.World, connections ...*fleet.Connection) {
	t.Helper()
	for _, c := range connections {
		b := w.Borrower(c.Of, "the test")
		for _, p := range w.Processes {
			if loan := b.Insist(t.Context(), p, c, patience); !loan.OK() {
				t.Errorf("%s does not lend: %+v", p.Name, loan)
			}
		}
		b.Close()
	}
}
