package audit_test

import (
	"fmt"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/audit"
	"latchkey/authmethods/db"
	"latchkey/test/storage"
)

// TestAFloodOfRefusalsIsAFewEvents
// every refusal is counted in the log, however many there are.
func TestAFloodOfRefusalsIsAFewEvents(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		in := begin(t, url, 0)
		r := audit.NewRefusals(db.NewSystem(storage.Open(t, url)))
		const flood, guessers = 10_000, 500
		for i := range flood {
			c := authmethods.NewCaller(in.ID(), authmethods.Actor{Kind: authmethods.ActorService, ID: authmethods.ID(fmt.Sprint("sa_", i%guessers))}, nil, "req_1")
			r.Add(c, audit.Refusal{Code: authmethods.CodeLoanNotAllowed, Operation: "lendToken", From: fmt.Sprint("192.0.2.", i%200)})
		}
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		events, err := audit.List(t.Context(), in, audit.Query{Action: "request.refused", Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		total := 0.0
		for _, e := range events {
			total += e.Changes["count"].To.(float64)
			if from, _ := e.Changes["from"].To.([]any); len(from) > 5 {
				t.Errorf("an event with %d addresses", len(from))
			}
		}
		if len(events) > 51 || total != flood {
			t.Errorf("%d events that stand for %v refusals, want at most 51 for %d", len(events), total, flood)
		}
		if n, err := audit.Verify(t.Context(), in); err != nil || n != int64(len(events)) {
			t.Errorf("%d events: %v", n, err)
		}
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := audit.Verify(t.Context(), in); err != nil || n != int64(len(events)) {
			t.Errorf("written down twice: %d events, %v", n, err)
		}
	})
}
