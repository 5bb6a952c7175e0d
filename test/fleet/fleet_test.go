package fleet_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
	"latchkey/zohosim"
)

// patience is far above what anything here takes.
const patience = 2 * time.Minute

func each(t *testing.T, f func(t *testing.T, storage fleet.Storage)) {
	for _, storage := range fleet.Storages {
		t.Run(string(storage), func(t *testing.T) { f(t, storage) })
	}
}

func TestAWorldLendsSurvivesAKillAndIsJudged(t *testing.T) {
	each(t, func(t *testing.T, storage fleet.Storage) {
		w := fleet.New(t, fleet.Options{
			Storage: storage, Tenants: []string{"acme", "globex"}, Connections: 2, Zoho: zohosim.Switches{RotateRefreshTokens: true},
		})
		p, c := w.Processes[0], w.Connections[0]
		if len(w.Connections) != 4 {
			t.Fatalf("%d connections, want 4", len(w.Connections))
		}
		b := w.Borrower(c.Of, "first")
		loan := b.Lend(t.Context(), p, c, fleet.Wish{Purpose: "a test"})
		if !loan.OK() {
			t.Fatalf("not lent: %+v", loan)
		}
		w.Expire(t, c)
		renewed := b.Lend(t.Context(), p, c, fleet.Wish{})
		if !renewed.OK() || renewed.Source != "refreshed" || renewed.Fingerprint == loan.Fingerprint {
			t.Errorf("after its end: %+v", renewed)
		}
		if verdict, again := b.Reject(t.Context(), p, c, renewed.TokenID); verdict != "replaced" || !again.OK() {
			t.Errorf("after a rejection: %s %+v", verdict, again)
		}
		before, err := p.Vitals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Kill(); err != nil {
			t.Fatal(err)
		}
		if lost := b.Lend(t.Context(), p, c, fleet.Wish{}); lost.Status != 0 || lost.Error == "" {
			t.Errorf("a dead server answered %+v", lost)
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		last := w.Last(t, patience)
		after, err := p.Vitals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		e := w.Evidence(t)
		fleet.Report(t, judge.All(e), judge.Lendable(e, last), judge.NoGrantLost(e), w.VerifyAudit(t),
			judge.Settled(p.Name, before, after), judge.NoSecretsIn(w.Places(t), w.Secrets()))
		if len(e.Ledger) < 6 || len(e.Grants) != 4 || len(e.Crashes) != 1 {
			t.Errorf("thin evidence: %d entries, %d grants, %d crashes", len(e.Ledger), len(e.Grants), len(e.Crashes))
		}
		if !w.Present(t)[c.ID] {
			t.Error("the connection is not among what is there")
		}
		if err := p.Terminate(); err != nil {
			t.Error(err)
		}
		if len(p.Logged("ready")) != 2 {
			t.Error("the log does not have both lives")
		}
	})
}

func TestReplicasShareADatabaseAndOneMayBeStopped(t *testing.T) {
	w := fleet.New(t, fleet.Options{Storage: fleet.Postgres, Replicas: 2})
	first, second, c := w.Processes[0], w.Processes[1], w.Connections[0]
	b := w.Borrower(c.Of, "b")
	b.Patience = 300 * time.Millisecond
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if loan := b.Lend(t.Context(), first, c, fleet.Wish{}); loan.Status != 0 {
		t.Errorf("a stopped server answered %+v", loan)
	}
	b.Patience = 0
	if loan := b.Lend(t.Context(), second, c, fleet.Wish{}); !loan.OK() {
		t.Errorf("the other does not lend: %+v", loan)
	}
	if err := first.Continue(); err != nil {
		t.Fatal(err)
	}
	if loan := b.Insist(t.Context(), first, c, patience); !loan.OK() {
		t.Errorf("woken up, it does not lend: %+v", loan)
	}
	var log bytes.Buffer
	if _, err := w.Loans.WriteTo(&log); err != nil || strings.Count(log.String(), "\n") != len(w.Loans.All()) {
		t.Errorf("the log in lines: %v\n%s", err, log.String())
	}
	fleet.Report(t, judge.All(w.Evidence(t)))
}

func TestAProviderThatIsClosedComesBackWithWhatItKnew(t *testing.T) {
	w := fleet.New(t, fleet.Options{})
	p, c := w.Processes[0], w.Connections[0]
	w.Expire(t, c)
	if err := w.Provider.Close(); err != nil {
		t.Fatal(err)
	}
	b := w.Borrower(c.Of, "b")
	if loan := b.Lend(t.Context(), p, c, fleet.Wish{}); loan.Status != 503 {
		t.Errorf("without a provider: %+v", loan)
	}
	if err := w.Provider.Open(); err != nil {
		t.Fatal(err)
	}
	w.Expire(t, c) // ends the wait after the failure, too
	if loan := b.Insist(t.Context(), p, c, patience); !loan.OK() {
		t.Errorf("with one again: %+v", loan)
	}
}

func TestSecretsThatAreThereAreFound(t *testing.T) {
	w := fleet.New(t, fleet.Options{Settings: []string{"LATCHKEY_LOG_LEVEL=info"}})
	if found := judge.NoSecretsIn(w.Places(t), map[string]string{"the slug": "zoho-desk", "the host": "127.0.0.1"}); len(found) == 0 {
		t.Error("what is in the database was not found in any place")
	}
	if n := len(w.Provider.Issued()); n != 2 {
		t.Errorf("the provider remembers %d tokens, want 2", n)
	}
}
