package store_test

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
		w.exec(t, "UPDATE grants SET last_lent_at = 1")
		again := tokens.Borrowing{Tenant: w.acme.ID, Connection: connection, Token: token, Service: "sa_1"}
		for _, mark := range []bool{false, true} {
			if err := (store.Ledger{Store: w.Store}).Add(t.Context(), []tokens.Repeated{{Borrowing: again, Mark: mark}}); err != nil {
				t.Fatal(err)
			}
			if n := w.bytes(t, "SELECT count(*) FROM grants WHERE last_lent_at > 1"); (string(n) == "1") != mark {
				t.Errorf("to be noted: %t, and %s grants are", mark, n)
			}
		}
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

func TestWhoFindsAGrantLearnsWhetherItsTokenIsHeld(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		connection := w.install(t).Connection
		held := load(t, w.slot(t, w.Store)).Access.ID
		want := func(when string, service, want authmethods.ID) {
			t.Helper()
			found := got(store.Directory{Store: w.Store}.Find(t.Context(), &authmethods.Service{ID: service, Tenant: w.acme.ID},
				tokens.LoanRequest{Method: "zoho-desk", Environment: authmethods.Production, Subject: tokens.TenantSubject}))(t)
			if found.OnRecord != want {
				t.Errorf("%s: %q is on record for %s, want %q", when, found.OnRecord, service, want)
			}
		}
		want("before any loan", "sa_1", "")
		b := tokens.Borrowing{Tenant: w.acme.ID, Connection: connection, Token: held, Service: "sa_1"}
		got(store.Ledger{Store: w.Store}.First(t.Context(), b))(t)
		want("after its loan", "sa_1", held)
		want("after another's loan", "sa_2", "")
		b.Token, b.Service = "tok_older", "sa_2"
		got(store.Ledger{Store: w.Store}.First(t.Context(), b))(t)
		want("after a loan of another token", "sa_2", "")
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

func TestTheLedgerIsListedInParts(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		connection := w.install(t).Connection
		ledger := store.Ledger{Store: w.Store}
		ends := map[string]time.Time{"a": time.Now().Add(time.Hour), "b": {}, "c": time.Now().Add(-time.Hour), "d": time.Now().Add(time.Minute)}
		for _, token := range []string{"a", "b", "c", "d"} {
			for _, service := range []authmethods.ID{"sa_1", "sa_2"} {
				got(ledger.First(t.Context(), tokens.Borrowing{
					Tenant: w.acme.ID, Connection: connection, Token: authmethods.ID(token), ExpiresAt: ends[token], Service: service, ServiceName: "dialler",
				}))(t)
			}
		}
		list := func(q tokens.LoanQuery) (found string, last authmethods.ID) {
			t.Helper()
			q.Limit = cmp.Or(q.Limit, 100)
			for _, h := range got(w.Loans(t.Context(), w.admin, q))(t) {
				found, last = found+string(h.Token)+strings.TrimPrefix(string(h.Service), "sa_"), h.ID
				if h.Method != "zoho-desk" || h.Environment != authmethods.Production || h.Connection != connection {
					t.Errorf("%+v", h)
				}
			}
			return sorted(found), last
		}
		for name, c := range map[string]struct {
			q    tokens.LoanQuery
			want string
		}{
			"what is lent":            {tokens.LoanQuery{}, "a1 a2 b1 b2 d1 d2"},
			"to a service":            {tokens.LoanQuery{Service: "sa_2"}, "a2 b2 d2"},
			"of the connection":       {tokens.LoanQuery{Service: "sa_1", Connection: connection}, "a1 b1 d1"},
			"of another connection":   {tokens.LoanQuery{Connection: "conn_other"}, ""},
			"what ever was":           {tokens.LoanQuery{Ended: true}, "a1 a2 b1 b2 c1 c2 d1 d2"},
			"what a service ever had": {tokens.LoanQuery{Ended: true, Service: "sa_1", Connection: connection}, "a1 b1 c1 d1"},
		} {
			if found, _ := list(c.q); found != c.want {
				t.Errorf("%s: %q, want %q", name, found, c.want)
			}
			first, last := list(tokens.LoanQuery{Service: c.q.Service, Connection: c.q.Connection, Ended: c.q.Ended, Limit: 2})
			rest, _ := list(tokens.LoanQuery{Service: c.q.Service, Connection: c.q.Connection, Ended: c.q.Ended, After: last})
			if parts := sorted(strings.ReplaceAll(first+rest, " ", "")); c.want != "" && (parts != c.want || len(first) > len("a1 a2")) {
				t.Errorf("%s, in two parts: %q and %q", name, first, rest)
			}
		}
	})
}

// sorted puts pairs of letters in their order.
func sorted(pairs string) string {
	var all []string
	for len(pairs) > 1 {
		all, pairs = append(all, pairs[:2]), pairs[2:]
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
