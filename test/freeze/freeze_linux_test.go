package freeze_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/zohosim"
)

// servers is what the command says of them.
type servers struct {
	Heard   []struct{ ID string } `json:"heard"`
	Lapsed  []struct{ ID string } `json:"lapsed"`
	Waiting []struct{ ID string } `json:"waiting"`
	Took    int64                 `json:"took_ms"`
}

// command runs freeze or unfreeze and returns what it said and when it was back.
func command(t *testing.T, w *fleet.World, args ...string) (servers, time.Time) {
	t.Helper()
	return commandWith(t, w, nil, args...)
}

func commandWith(t *testing.T, w *fleet.World, with []string, args ...string) (servers, time.Time) {
	t.Helper()
	var said struct {
		Servers servers `json:"servers"`
	}
	begun := time.Now()
	code, out, complaint := w.RunWith(t, with, append(args, "--json")...)
	back := time.Now()
	if err := json.Unmarshal([]byte(out), &said); err != nil || code != 0 {
		t.Fatalf("latchkey %s ended with %d, %v: %s%s", strings.Join(args, " "), code, err, out, complaint)
	}
	t.Logf("latchkey %s: %d heard, %d lapsed, in %d ms; back after %s",
		strings.Join(args, " "), len(said.Servers.Heard), len(said.Servers.Lapsed), said.Servers.Took, back.Sub(begun).Round(time.Millisecond))
	return said.Servers, back
}

// judge holds that nothing was lent to the tenants after the command was back, and
// that those who asked were told why. It returns how many did. underWay are answers to
// requests that were sent before.
func (l *load) judge(t *testing.T, back time.Time, underWay bool, tenants ...string) int {
	t.Helper()
	told := 0
	for _, a := range l.since(back, underWay) {
		for _, tenant := range tenants {
			switch {
			case a.tenant != tenant:
			case a.lent:
				t.Errorf("lent to %s by %s (%s): asked %s, answered %s after the command was back",
					a.tenant, a.process, a.way, a.asked.Sub(back), a.answered.Sub(back))
			case a.frozen:
				told++
			}
		}
	}
	return told
}

// refreshes counts the token requests that the provider got of a client after a
// moment.
func refreshes(w *fleet.World, of *fleet.Tenant, after time.Time) (n int) {
	for _, e := range w.Provider.Events() {
		if e.Kind == zohosim.EventToken && e.Client == of.Client.ID && e.Received.After(after) {
			n++
		}
	}
	return n
}

// rest lets the load go on for a while, so that there is something to judge.
func (l *load) rest(t *testing.T, back time.Time, tenants ...string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		asked := map[string]int{}
		for _, a := range l.since(back, false) {
			asked[a.tenant+a.process+a.way]++
		}
		enough := true
		for _, tenant := range tenants {
			for _, p := range l.w.Processes {
				for _, way := range ways {
					enough = enough && asked[tenant+p.Name+way] >= 3
				}
			}
		}
		if enough {
			return
		}
	}
	t.Fatal("the load stands still")
}

// TestAfterTheCommandReturnedNothingIsLentByAnyServer: two servers, more than a
// hundred loans a second, every scope.
func TestAfterTheCommandReturnedNothingIsLentByAnyServer(t *testing.T) {
	w := fleet.New(t, fleet.Options{Storage: fleet.Postgres, Replicas: 2, Tenants: []string{"acme", "globex"}, Connections: 2})
	l := press(t, w)
	acme, globex := w.Tenants[0], w.Tenants[1]
	for name, c := range map[string]struct {
		scope        []string
		stopped, not []string
	}{
		"everything": {nil, []string{"acme", "globex"}, nil},
		"a tenant":   {[]string{"--tenant", "acme"}, []string{"acme"}, []string{"globex"}},
		"a method":   {[]string{"--tenant", "acme", "--method", acme.Method}, []string{"acme"}, []string{"globex"}},
		"a service":  {[]string{"--tenant", "acme", "--service", acme.Service}, []string{"acme"}, []string{"globex"}},
	} {
		t.Run(name, func(t *testing.T) {
			l.flows(t, "acme", "globex")
			begun, before := time.Now(), l.lent.Load()
			l.flows(t, "acme", "globex")
			t.Logf("%.0f loans a second before", float64(l.lent.Load()-before)/time.Since(begun).Seconds())
			said, back := command(t, w, append([]string{"freeze", "--reason", "a test"}, c.scope...)...)
			if len(said.Heard) != 2 || len(said.Lapsed)+len(said.Waiting) != 0 {
				t.Errorf("the servers: %+v", said)
			}
			for _, connection := range w.Connections {
				w.ExpireUnseen(t, connection) // now each loan would need a refresh
			}
			w.Announce(t, acme)
			w.Announce(t, globex)
			l.rest(t, back, c.stopped...)
			if told := l.judge(t, back, true, c.stopped...); told == 0 {
				t.Error("nobody was told why")
			}
			if n := refreshes(w, acme, back); n != 0 {
				t.Errorf("%d token requests of what is frozen", n)
			}
			if len(c.not) > 0 {
				l.flows(t, c.not...)
			}
			command(t, w, append([]string{"unfreeze"}, c.scope...)...)
			l.flows(t, "acme", "globex")
		})
	}
	fleet.Report(t, w.VerifyAudit(t))
}

// TestAServerThatIsStoppedMeanwhileLendsNothingWhenItGoesOn: the command says that
// it did not answer, and what it remembered counts no more.
func TestAServerThatIsStoppedMeanwhileLendsNothingWhenItGoesOn(t *testing.T) {
	w := fleet.New(t, fleet.Options{
		Storage: fleet.Postgres, Replicas: 2, Connections: 2, Settings: []string{"LATCHKEY_STALE_GRACE=3s"},
	})
	l := press(t, w)
	l.flows(t, "acme")
	stopped := w.Processes[1]
	if err := stopped.Stop(); err != nil {
		t.Fatal(err)
	}
	said, back := command(t, w, "freeze", "--tenant", "acme")
	if len(said.Heard) != 1 || len(said.Lapsed) != 1 {
		t.Errorf("the servers: %+v", said)
	}
	if err := stopped.Continue(); err != nil {
		t.Fatal(err)
	}
	l.rest(t, back, "acme")
	// What it was just about to write when it was stopped leaves when it goes on.
	l.judge(t, back, false, "acme")
	command(t, w, "unfreeze", "--tenant", "acme")
	l.flows(t, "acme")
}

// TestAServerWithoutItsDatabaseStopsBeforeTheCommandReturns: it cannot hear of the
// freeze, and lends from memory for its grace at most.
func TestAServerWithoutItsDatabaseStopsBeforeTheCommandReturns(t *testing.T) {
	way := newWire(t)
	w := fleet.New(t, fleet.Options{
		Storage: fleet.Postgres, Replicas: 1, Connections: 1, Settings: []string{"LATCHKEY_STALE_GRACE=4s"},
		DatabaseURL: way.through,
	})
	l := press(t, w)
	l.flows(t, "acme")
	way.cut()
	cut := time.Now()
	said, back := commandWith(t, w, []string{"LATCHKEY_DATABASE_URL=" + way.direct}, "freeze", "--tenant", "acme")
	if len(said.Lapsed) != 1 {
		t.Errorf("the servers: %+v", said)
	}
	degraded := 0
	for _, a := range l.since(cut, false) {
		if a.lent {
			degraded++
		}
	}
	t.Logf("%d loans from memory after the cut", degraded)
	way.mend()
	l.rest(t, back, "acme")
	if told := l.judge(t, back, true, "acme"); told == 0 {
		t.Error("nobody was told why")
	}
}

// TestBesideOneServerOnAFileTheCommandDoesTheSame.
func TestBesideOneServerOnAFileTheCommandDoesTheSame(t *testing.T) {
	w := fleet.New(t, fleet.Options{Storage: fleet.SQLite, Connections: 2})
	l := press(t, w)
	for _, scope := range [][]string{nil, {"--tenant", "acme"}} {
		l.flows(t, "acme")
		said, back := command(t, w, append([]string{"freeze"}, scope...)...)
		if len(said.Heard) != 1 || len(said.Lapsed) != 0 {
			t.Errorf("the servers: %+v", said)
		}
		l.rest(t, back, "acme")
		if told := l.judge(t, back, true, "acme"); told == 0 {
			t.Error("nobody was told why")
		}
		command(t, w, append([]string{"unfreeze"}, scope...)...)
	}
	l.flows(t, "acme")
}
