package chaos_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"latchkey/test/fleet"
	"latchkey/zohosim"
)

// trouble is a way in which a provider fails, for as long as it is not ended.
type trouble struct {
	name  string
	short bool // belongs to the short form
	fault zohosim.Fault
	down  bool // nobody listens at all
	// lost says that the provider replaces refresh tokens although its answers do
	// not arrive. What is asked twice then is excused only because of that.
	lost bool
}

var troubles = []trouble{
	{name: "down", short: true, down: true},
	{name: "connections reset", fault: zohosim.Fault{Kind: zohosim.FaultReset}},
	{name: "429 with Retry-After", short: true, fault: zohosim.Fault{Kind: zohosim.FaultTooMany, Header: http.Header{"Retry-After": {"2"}}}},
	{name: "Access Denied with 200", fault: zohosim.Fault{Kind: zohosim.FaultCanned, Status: 200,
		Header: http.Header{"Content-Type": {"application/json;charset=UTF-8"}},
		Body:   `{"error_description":"You have made too many requests continuously. Please try again after some time.","error":"Access Denied","status":"failure"}`}},
	{name: "HTML with 200", short: true, fault: zohosim.Fault{Kind: zohosim.FaultHTML}},
	{name: "a maintenance page with 503", fault: zohosim.Fault{Kind: zohosim.FaultUnavailable}},
	{name: "a redirect", fault: zohosim.Fault{Kind: zohosim.FaultRedirect}},
	{name: "an answer without end", fault: zohosim.Fault{Kind: zohosim.FaultHuge}},
	{name: "no answer before the deadline", fault: zohosim.Fault{Kind: zohosim.FaultHTML, BeforeReply: func(ctx context.Context) { <-ctx.Done() }}},
	{name: "answers cut short", lost: true, fault: zohosim.Fault{Kind: zohosim.FaultTruncated}},
	{name: "answers lost", lost: true, fault: zohosim.Fault{Kind: zohosim.FaultLost}},
}

// begins and ends have the trouble begin and end.
func (b *trouble) begins(x *experiment) {
	x.Helper()
	if b.down {
		must(x, x.w.Provider.Close())
		return
	}
	f := b.fault
	f.GrantType, f.Times = "refresh_token", -1
	if b.lost {
		f.Times = 1
	}
	x.w.Provider.Inject(f)
}

func (b *trouble) ends(x *experiment) {
	x.Helper()
	x.w.Provider.ClearFaults()
	if b.down {
		must(x, x.w.Provider.Open())
	}
}

func TestTheProviderIsInTrouble(t *testing.T) {
	for _, storage := range fleet.Storages {
		if storage == fleet.SQLite && onlyWhole() {
			continue
		}
		replicas := 1
		if storage == fleet.Postgres {
			replicas = 2
		}
		for _, b := range troubles {
			if !b.short && onlyWhole() {
				continue
			}
			t.Run(string(storage)+"/"+b.name, func(t *testing.T) {
				t.Parallel() // most of it is waiting
				b.happens(begin(t, fleet.Options{Storage: storage, Replicas: replicas, Connections: 2}))
			})
		}
	}
}

// happens has the trouble meet with a token that is good for ten minutes more, and
// with one that has expired.
func (b *trouble) happens(x *experiment) {
	good, expired := x.w.Connections[0], x.w.Connections[1]
	began := time.Now()
	b.begins(x)
	x.age(time.Now().Add(10*time.Minute), good)
	if b.lost {
		x.expire(expired)
		x.insist() // it is over with the second request
		if n := len(x.w.Provider.Faults()); n > 0 {
			x.Error("there was no trouble")
		}
		x.conclude()
		return
	}
	enough := len(x.w.Processes)
	if !*whole {
		enough = 1 // for all it takes as long as one may have seen the lease held
	}
	x.await("loans of a good token say that something is wrong", func() bool {
		states := 0
		for _, p := range x.w.Processes {
			loan := x.one.Lend(x.Context(), p, good, fleet.Wish{})
			if !loan.OK() {
				x.Fatalf("a good token is withheld: %+v", loan)
			}
			if loan.State == "degraded" {
				states++
			}
		}
		return states >= enough
	})
	x.Logf("they say so after %s, and %d requests", time.Since(began).Round(time.Millisecond), x.asked(began))
	x.expire(expired)
	for _, p := range x.w.Processes {
		if loan := x.one.Lend(x.Context(), p, expired, fleet.Wish{}); loan.Status != 503 || loan.RetryAfter == "" {
			x.Errorf("an expired token, and no other: %+v", loan)
		}
		if loan := x.one.Lend(x.Context(), p, good, fleet.Wish{}); !loan.OK() {
			x.Errorf("a good token is withheld: %+v", loan)
		}
	}
	b.ends(x)
	x.pass()
	over := time.Now()
	x.insist()
	x.Logf("all are lent %s after its end", time.Since(over).Round(time.Millisecond))
	x.conclude()
}
