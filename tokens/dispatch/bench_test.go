package dispatch

import (
	"log/slog"
	"testing"

	"latchkey/tokens"
)

func BenchmarkEnterAndLeave(b *testing.B) {
	d := New(Options{Bank: newVault(), Log: slog.New(slog.DiscardHandler)})
	e := errand("acme", "g")
	b.ReportAllocs()
	for b.Loop() {
		leave, err := d.Enter(b.Context(), e)
		if err != nil {
			b.Fatal(err)
		}
		leave(tokens.Departure{Sent: true})
	}
}
