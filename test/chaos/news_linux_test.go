package chaos_test

import (
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/test/judge"
)

func TestNewsReachesEveryReplica(t *testing.T) {
	worlds := map[string]func(t *testing.T) *experiment{
		"with notices": func(t *testing.T) *experiment {
			return begin(t, fleet.Options{Storage: fleet.Postgres, Replicas: 3, Connections: 2})
		},
		"by polling behind a pooler": func(t *testing.T) *experiment {
			x, _ := behindPooler(t, fleet.Options{Replicas: 3, Connections: 2})
			return x
		},
	}
	for name, begin := range worlds {
		t.Run(name, func(t *testing.T) {
			x := begin(t)
			rounds := 1
			if *whole {
				rounds = 10
			}
			for range rounds {
				x.newToken()
			}
			x.revokedKey()
			x.conclude()
			x.disabledMethod() // for good: only a person can enable it again
			fleet.Report(t, judge.All(x.w.Evidence(t)), x.w.VerifyAudit(t))
		})
	}
}

// reaches measures how long each of the other servers takes until a loan is as it
// should be.
func (x *experiment) reaches(what string, b *fleet.Borrower, c *fleet.Connection, so func(judge.Loan) bool) {
	x.Helper()
	began := time.Now()
	for _, p := range x.w.Processes[1:] {
		for {
			if so(b.Lend(x.Context(), p, c, fleet.Wish{})) {
				break
			}
			if time.Since(began) > patience { // a second is promised, but machines that test are busy
				x.Errorf("%s has not reached %s after %s", what, p.Name, patience)
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		x.Logf("%s reached %s after %s", what, p.Name, time.Since(began).Round(time.Millisecond))
	}
}

func (x *experiment) newToken() {
	c := x.w.Connections[0]
	old := x.one.Lend(x.Context(), x.w.Processes[0], c, fleet.Wish{})
	verdict, loan := x.one.Reject(x.Context(), x.w.Processes[0], c, old.TokenID)
	if verdict != "replaced" {
		x.Fatalf("the verdict on a refused token is %q", verdict)
	}
	x.reaches("a new token", x.one, c, func(l judge.Loan) bool { return l.TokenID == loan.TokenID })
}

func (x *experiment) revokedKey() {
	p, c := x.w.Processes[0], x.w.Connections[0]
	tenant := *x.w.Tenants[0]
	var made struct {
		ID  string `json:"id"`
		Key string `json:"key"`
	}
	must(x, p.Call(x.Context(), &tenant, "POST", "/api/v1/api-keys", map[string]any{"service_account": tenant.Service, "name": "second"}, &made))
	tenant.Key = made.Key
	b := x.w.Borrower(&tenant, "the one with the key")
	defer b.Close()
	for _, p := range x.w.Processes {
		if loan := b.Insist(x.Context(), p, c, patience); !loan.OK() {
			x.Fatalf("a new key is not taken: %+v", loan)
		}
	}
	must(x, p.Call(x.Context(), &tenant, "DELETE", "/api/v1/api-keys/"+made.ID, nil, nil))
	x.reaches("the end of a key", b, c, func(l judge.Loan) bool { return l.Status == 401 })
}

func (x *experiment) disabledMethod() {
	p, c := x.w.Processes[0], x.w.Connections[0]
	must(x, p.Call(x.Context(), c.Of, "POST", "/api/v1/auth-methods/"+c.Of.Method+"/disable", map[string]any{"environment": "production"}, nil))
	x.reaches("the end of a method", x.one, c, func(l judge.Loan) bool { return l.Code == "method_disabled" })
}
