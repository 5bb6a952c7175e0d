package session_test

import (
	"path/filepath"
	"testing"

	"latchkey/test/postgres"
)

// onEach runs f on a world on each database.
func onEach(b *testing.B, f func(b *testing.B, w *world)) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "latchkey.db") },
		"postgres": func() string { return postgres.URL(b) },
	} {
		b.Run(name, func(b *testing.B) { f(b, newWorld(b, url())) })
	}
}

func BenchmarkFind(b *testing.B) {
	onEach(b, func(b *testing.B, w *world) {
		cookie, _ := w.begin(b, bySSO())
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.Find(b.Context(), acme, cookie); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What forward-auth does for each request of the platform.
func BenchmarkFindAndIdentity(b *testing.B) {
	onEach(b, func(b *testing.B, w *world) {
		cookie, _ := w.begin(b, bySSO())
		b.ReportAllocs()
		for b.Loop() {
			p, err := w.Find(b.Context(), acme, cookie)
			if err == nil {
				_, _, err = w.Identity(b.Context(), p, acmeTenant)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkBeginTicketRedeemEnd(b *testing.B) {
	onEach(b, func(b *testing.B, w *world) {
		for b.Loop() {
			_, made := w.begin(b, bySSO())
			ticket := got(w.IssueTicket(b.Context(), as(acme, marie), made.ID, "", ""))(b)
			got(w.Redeem(b.Context(), as(acme, ""), ticket))(b)
			must(b, w.End(b.Context(), as(acme, marie), made.ID))
		}
	})
}
