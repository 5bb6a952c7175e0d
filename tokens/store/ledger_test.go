package store_test

import (
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

func TestALoanIsOneRowForATokenAndAService(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		connection := w.install(t).Connection
		token := load(t, w.slot(t, w.Store)).Access.ID
		two := w.process(t, "two")
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				s := []*store.Store{w.Store, two}[i%2]
				service := []authmethods.ID{"sa_1", "sa_2"}[i/2%2]
				b := tokens.Borrowing{
					Tenant: w.acme.ID, Connection: connection, Token: token, Service: service, ServiceName: "dialler", Purpose: "pop-up",
				}
				first, err := store.Ledger{Store: s}.First(t.Context(), b)
				if err == nil && !first {
					err = store.Ledger{Store: s}.Add(t.Context(), []tokens.Repeated{{Borrowing: b, Loans: 1}})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.bytes(t, "SELECT count(*) FROM loans"); string(n) != "2" {
			t.Errorf("%s rows, want one for each service", n)
		}
		if n := w.bytes(t, "SELECT sum(lent) FROM loans"); string(n) != "32" {
			t.Errorf("%s loans counted, want 32", n)
		}
		if n := w.bytes(t, "SELECT count(*) FROM grants WHERE last_lent_at IS NOT NULL"); string(n) != "1" {
			t.Error("the grant does not know that it was lent from")
		}
	})
}

func TestALoanOfNoSuchConnectionIsRefused(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.install(t)
		_, err := store.Ledger{Store: w.Store}.First(t.Context(), tokens.Borrowing{
			Tenant: w.other.ID, Connection: "conn_none", Token: "tok_1", Service: "sa_1",
		})
		if err == nil {
			t.Error("a loan without a grant is on record")
		}
	})
}
