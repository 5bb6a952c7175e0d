package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/test/postgres"
	"latchkey/tokens"
	"latchkey/tokens/store"
)

type fresh struct{}

func (fresh) StaleFor() time.Duration { return 0 }

var dialler = &authmethods.Service{
	ID: "sa_1", Name: "dialler", Permits: []authmethods.Permit{{Method: authmethods.Any, Environment: authmethods.Any}},
}

var desk = tokens.LoanRequest{Method: "zoho-desk", Environment: authmethods.Production}

// onEach runs f on a world with an installed connection on each database.
func onEach(b *testing.B, f func(b *testing.B, w *world, l *tokens.Lender)) {
	for name, url := range map[string]func(*testing.B) string{
		"sqlite":   func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "latchkey.db") },
		"postgres": func(b *testing.B) string { return postgres.URL(b) },
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, url(b))
			w.install(b)
			f(b, w, tokens.NewLender(tokens.LenderOptions{
				Engine:    &tokens.Engine{Policy: tokens.DefaultPolicy, Upstream: &stub{}, Log: w.Log},
				Directory: store.Directory{Store: w.Store}, Ledger: store.Ledger{Store: w.Store}, Freshness: fresh{},
			}))
		})
	}
}

// borrower is the dialler as a service of acme.
func (w *world) borrower() *authmethods.Service {
	s := *dialler
	s.Tenant = w.acme.ID
	return &s
}

func BenchmarkLendFromMemory(b *testing.B) {
	w := newWorld(b, "sqlite:"+filepath.Join(b.TempDir(), "latchkey.db"))
	w.install(b)
	l := tokens.NewLender(tokens.LenderOptions{
		Engine:    &tokens.Engine{Policy: tokens.DefaultPolicy, Upstream: &stub{}, Log: w.Log},
		Directory: store.Directory{Store: w.Store}, Ledger: store.Ledger{Store: w.Store}, Freshness: fresh{},
	})
	svc := w.borrower()
	got(l.Lend(b.Context(), svc, desk))(b)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if loan, err := l.Lend(b.Context(), svc, desk); err != nil || loan.Source != tokens.FromMemory {
				b.Errorf("from %s: %v", loan.Source, err)
				return
			}
		}
	})
}

func BenchmarkLendFromStore(b *testing.B) {
	onEach(b, func(b *testing.B, w *world, l *tokens.Lender) {
		svc := w.borrower()
		b.ReportAllocs()
		for b.Loop() {
			l.ForgetAll()
			if loan, err := l.Lend(b.Context(), svc, desk); err != nil || loan.Source != tokens.FromStore {
				b.Fatalf("from %s: %v", loan.Source, err)
			}
		}
	})
}

func BenchmarkRefresh(b *testing.B) {
	onEach(b, func(b *testing.B, w *world, _ *tokens.Lender) {
		e := &tokens.Engine{Policy: tokens.DefaultPolicy, Upstream: &stub{}, Log: w.Log}
		s := w.slot(b, w.Store)
		last := load(b, s).Access.ID
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%5 == 0 { // the quota is not what is measured
				b.StopTimer()
				w.exec(b, "UPDATE grants SET sent = '[]'")
				b.StartTimer()
			}
			g, _, refreshed, err := e.Token(b.Context(), s, tokens.Want{Other: last})
			if err != nil || !refreshed {
				b.Fatalf("refreshed %t: %v", refreshed, err)
			}
			last = g.Access.ID
		}
	})
}
