package chaos_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// The provider has replaced the refresh token, and the database is gone when its
// answer comes. No server dies, so that nothing excuses a second request.
func TestAnAnswerOnItsWayOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	db := startPostgres(t, folder(t))
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Database: db.url("latchkey"), Replicas: 2, Connections: 4})
	rounds := []syscall.Signal{syscall.SIGKILL}
	if *whole {
		rounds = append(rounds, syscall.SIGQUIT, syscall.SIGKILL)
	}
	for _, with := range rounds {
		began := time.Now()
		answer := x.answerWithoutDatabase(db, with)
		x.lentFromMemory()
		db.start()
		<-answer // whatever it is: who asked may have been told to come back
		if loan := x.one.Insist(t.Context(), x.w.Processes[0], x.w.Connections[0], patience); !loan.OK() {
			t.Errorf("the answer is lost: %+v", loan)
		}
		if n := x.refreshes(began)[x.w.Connections[0].ID]; n != 1 {
			t.Errorf("%d refreshes where one answer was under way", n)
		}
	}
	x.conclude()
}

// answerWithoutDatabase has the first server meet with a dead database when the
// provider answers, and returns when it has put the answer into the lifeboat.
func (x *experiment) answerWithoutDatabase(db *server, with syscall.Signal) <-chan judge.Loan {
	x.Helper()
	p, c := x.w.Processes[0], x.w.Connections[0]
	x.expire(c)
	x.remember()
	arrived, release := x.hold()
	answer := x.ask(p, c)
	x.arrive("the request is at the provider", arrived)
	db.end(with)
	before := len(p.Logged(storing))
	release()
	x.await("the answer has come to the server", func() bool { return len(p.Logged(storing)) > before })
	return answer
}

// storing is what a server logs that cannot store an answer.
const storing = "storing a provider's answer, trying again"

// lentFromMemory sees to it that what is on record is lent while the database is
// away.
func (x *experiment) lentFromMemory() {
	x.Helper()
	degraded := 0
	for began := time.Now(); time.Since(began) < 3*time.Second; time.Sleep(20 * time.Millisecond) {
		for _, p := range x.w.Processes {
			loan := x.one.Lend(x.Context(), p, x.w.Connections[1], fleet.Wish{})
			if !loan.OK() {
				x.complain(p, "without the database a token that is on record is withheld", loan)
			}
			if loan.State == "degraded" {
				degraded++
			}
		}
	}
	if degraded == 0 {
		x.Error("no loan said that something is wrong")
	}
}

// As before, and then the server that has the answer is killed, too.
func TestAnAnswerInTheLifeboatOutlivesItsServer(t *testing.T) {
	t.Parallel()
	db := startPostgres(t, folder(t))
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Database: db.url("latchkey"), Replicas: 2, Connections: 2})
	p, c := x.w.Processes[0], x.w.Connections[0]
	began := time.Now()
	answer := x.answerWithoutDatabase(db, syscall.SIGKILL)
	must(t, p.Signal(syscall.SIGKILL))
	p.Wait()
	p.Crashed(time.Now(), c.ID) // it left the answer behind, so this excuses no second request
	<-answer
	db.start()
	must(t, p.Start())
	x.await("the answer is in the database", func() bool { return len(p.Logged("brought answers from the lifeboat into the database")) > 0 })
	x.w.LapseLeases(t)
	if loan := x.one.Insist(t.Context(), p, c, patience); !loan.OK() {
		t.Errorf("the answer is lost: %+v", loan)
	}
	if n := x.refreshes(began)[c.ID]; n != 1 {
		t.Errorf("%d refreshes where one answer was under way", n)
	}
	x.conclude()
}

func TestTheDatabaseIsKilledAmidRefreshes(t *testing.T) {
	if onlyWhole() {
		return
	}
	t.Parallel()
	db := startPostgres(t, folder(t))
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Database: db.url("latchkey"), Replicas: 3, Connections: 12})
	x.w.Provider.Inject(zohosim.Fault{Kind: zohosim.FaultSlow, GrantType: "refresh_token", AfterMS: 100, Times: -1})
	stop := x.crowd()
	for range 10 {
		x.expire(x.w.Connections...)
		time.Sleep(rand.N(150 * time.Millisecond)) // any moment
		db.end([]syscall.Signal{syscall.SIGKILL, syscall.SIGQUIT}[rand.IntN(2)])
		time.Sleep(rand.N(2 * time.Second)) // an outage takes a while
		db.start()
		for _, c := range x.w.Connections {
			if loan := x.one.Insist(t.Context(), x.w.Processes[0], c, patience); !loan.OK() {
				t.Errorf("the database is back, but not lent: %+v", loan)
			}
		}
	}
	stop()
	x.conclude()
}

// unwritable checks what a database that cannot be written to means: no refresh
// token is spent, what is on record is lent, the rest is told to come back.
func (x *experiment) unwritable(expired, recorded *fleet.Connection) {
	x.Helper()
	began := time.Now()
	for time.Since(began) < 3*time.Second {
		for _, p := range x.w.Processes {
			if loan := x.one.Lend(x.Context(), p, expired, fleet.Wish{}); loan.Status != 503 || loan.RetryAfter == "" {
				x.complain(p, "an expired token, and nowhere to write", loan)
			}
			if loan := x.one.Lend(x.Context(), p, recorded, fleet.Wish{}); !loan.OK() {
				x.complain(p, "a token that is on record is withheld", loan)
			}
		}
	}
	if n := x.asked(began); n > 0 {
		x.Errorf("%d refresh tokens were spent although nothing can be stored", n)
	}
}

func TestTheDatabaseIsReadOnly(t *testing.T) {
	t.Parallel()
	db := startPostgres(t, folder(t))
	x := begin(t, fleet.Options{Storage: fleet.Postgres, Database: db.url("latchkey"), Replicas: 2, Connections: 3})
	const hangUp = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'latchkey' AND pid <> pg_backend_pid()"
	x.expire(x.w.Connections[0])
	x.remember()
	db.exec("latchkey", "ALTER DATABASE latchkey SET default_transaction_read_only = on")
	db.exec("latchkey", hangUp) // settings are of sessions
	x.unwritable(x.w.Connections[0], x.w.Connections[1])
	db.exec("latchkey", "ALTER DATABASE latchkey SET default_transaction_read_only = off")
	db.exec("latchkey", hangUp)
	x.conclude()
}
