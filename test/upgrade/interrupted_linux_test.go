package upgrade_test

import (
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"latchkey/test/crash"
	"latchkey/test/fleet"
)

// kills is how many migrations are killed on each database, half of them on the way
// from an empty one.
const kills = 12

// A migration that is killed before any of its writes, or behind what it sent, has
// happened or has not. The next start carries on, and nothing is lost.
func TestAMigrationThatIsKilledAnywhereIsCarriedOnByTheNextStart(t *testing.T) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) {
			v := both(t)
			w := fleet.New(t, fleet.Options{Storage: storage, Connections: 2, Zoho: shortLived, Program: v.old})
			x := &interruption{T: t, World: w, versions: v, file: t.TempDir() + "/backup"}
			w.MustRun(t, nil, "backup", x.file)
			must(t, w.Processes[0].Terminate())
			var points [2]int
			killed := 0
			for n := range kills + 2 {
				from := n % 2 // 0: a database of before; 1: an empty one
				x.prepare(from == 0)
				aim := crash.Aim{}
				if n >= 2 && points[from] > 0 {
					aim.N = 1 + rand.IntN(points[from])
				}
				o := x.migrate(aim)
				if n < 2 {
					points[from] = len(o.Points)
				}
				if o.Killed {
					killed++
				}
				x.carryOn(o.Killed, from == 0)
			}
			t.Logf("killed %d migrations; one from version %d has %d points, one from nothing %d", killed, v.oldSchema, points[0], points[1])
			if killed < kills/3 {
				t.Errorf("only %d migrations were killed", killed)
			}
		})
	}
}

// interruption is a world that is set up anew for each migration that is killed.
type interruption struct {
	*testing.T
	*fleet.World
	versions
	file string // a backup that the program of before made
}

// prepare makes a new machine, with what the program of before left there or with
// nothing.
func (x *interruption) prepare(filled bool) {
	x.Helper()
	x.World.Upgrade(x.old)
	x.Move(x, x.Storage)
	if filled {
		x.MustRun(x, nil, "restore", x.file)
	}
	x.World.Upgrade(x.now)
	x.Processes[0].Upgrade(x.now)
}

// migrate runs the command of that name, which is killed at a point of it.
func (x *interruption) migrate(aim crash.Aim) crash.Outcome {
	x.Helper()
	watch := &crash.Watch{Files: x.Processes[0].DataDir()}
	if x.Storage == fleet.Postgres {
		u, err := url.Parse(x.URL)
		must(x, err)
		port, err := strconv.Atoi(u.Port())
		must(x, err)
		watch.Database, watch.Remote = "PostgreSQL", map[int]string{port: "PostgreSQL"}
	}
	cmd := x.Command("migrate")
	said, says, err := os.Pipe()
	must(x, err)
	defer said.Close()
	cmd.Stdout, cmd.Stderr = says, says
	must(x, cmd.Start())
	must(x, says.Close())
	var text []byte
	o, err := crash.KillAt(cmd.Process.Pid, aim, watch, func() { text, _ = io.ReadAll(said) })
	if err != nil {
		_ = cmd.Process.Kill() // it may be over
		x.Fatal(err)
	}
	_ = cmd.Wait() // whoever traced it heard of its end first; what it said tells whether it got there
	if !o.Killed && !strings.Contains(string(text), "is up to date") {
		x.Fatalf("the migration failed: %s", text)
	}
	return o
}

// carryOn starts the server and judges.
func (x *interruption) carryOn(killed, filled bool) {
	x.Helper()
	if killed {
		before := 0
		if filled {
			before = x.oldSchema
		}
		if have := x.found(); !slices.Contains([]int{before, x.nowSchema}, have) {
			x.Errorf("a migration from version %d was killed and left version %d", before, have)
		}
	}
	p := x.Processes[0]
	must(x, p.Start())
	if have := schema(x.T, x.World); have != x.nowSchema {
		x.Errorf("the next start left version %d", have)
	}
	if filled {
		lends(x.T, x.World, x.Connections...)
	}
	x.MustRun(x, nil, "audit", "verify")
	x.MustRun(x, nil, "keyring", "verify")
	must(x, p.Terminate())
	if x.Storage == fleet.SQLite {
		if said := x.Rows(x, "PRAGMA integrity_check"); said[0][0] != "ok" {
			x.Errorf("the file is damaged: %v", said)
		}
	}
}

// found is the version of the schema, 0 where there are no tables yet.
func (x *interruption) found() int {
	x.Helper()
	tables := "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'"
	if x.Storage == fleet.Postgres {
		tables = "SELECT 1 FROM pg_tables WHERE tablename = 'schema_version'"
	}
	if len(x.Rows(x, tables)) == 0 {
		return 0
	}
	return schema(x.T, x.World)
}
