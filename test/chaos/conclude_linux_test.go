package chaos_test

import (
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// sought bounds the secrets that are looked for after each experiment; which, is
// left to chance.
const sought = 60

// conclude judges an experiment when nothing is taken from the world any more. No
// administrator does anything: borrowers ask until they are lent a token.
func (x *experiment) conclude() {
	x.Helper()
	x.w.Provider.ClearFaults()
	last := x.insist()
	x.settle()
	e := x.w.Evidence(x)
	var made []judge.Acknowledged
	for _, c := range x.w.Connections {
		made = append(made, judge.Acknowledged{ID: c.ID})
	}
	secrets := x.w.Secrets()
	for name := range secrets {
		if len(secrets) > sought && !*whole {
			delete(secrets, name)
		}
	}
	fleet.Report(x, judge.All(e), judge.Lendable(e, last), judge.NoGrantLost(e), judge.WritesSurvive(made, x.w.Present(x)),
		x.w.VerifyAudit(x), judge.NoSecretsIn(x.w.Places(x), secrets))
	x.account(e)
}

// settle waits until every server uses no more than at the beginning.
func (x *experiment) settle() {
	x.Helper()
	deadline := time.Now().Add(patience)
	for _, p := range x.w.Processes {
		for {
			after, err := p.Vitals(x.Context())
			must(x, err)
			found := judge.Settled(p.Name, x.before[p.Name], after)
			if len(found) == 0 {
				x.Logf("%s: %d goroutines, %d descriptors, %d MiB; before %d, %d, %d", p.Name, after.Goroutines, after.FDs, after.RSS>>20,
					x.before[p.Name].Goroutines, x.before[p.Name].FDs, x.before[p.Name].RSS>>20)
				break
			}
			if time.Now().After(deadline) {
				fleet.Report(x, found)
				break
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
}

// account says what there was of it.
func (x *experiment) account(e *judge.Evidence) {
	lent, refused, unanswered, refreshed, faults := 0, 0, 0, 0, 0
	var slowest time.Duration // refusal
	for i := range e.Loans {
		switch l := &e.Loans[i]; {
		case l.OK():
			lent++
		case l.Status == 0:
			unanswered++
		default:
			refused++
			slowest = max(slowest, l.Answered.Sub(l.Asked))
		}
	}
	for _, ev := range e.Events {
		switch {
		case ev.Kind == zohosim.EventFault:
			faults++
		case ev.Kind == zohosim.EventRefresh && ev.Outcome == "ok":
			refreshed++
		}
	}
	x.Logf("%d loans, %d refused (within %s), %d without an answer; %d refreshes, %d faults of the provider, %d crashes",
		lent, refused, slowest.Round(time.Millisecond), unanswered, refreshed, faults, len(e.Crashes))
}
