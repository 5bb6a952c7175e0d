package lifeboat_test

import (
	"testing"
)

// BenchmarkStow stows and lands a usual answer: two durable writes, or one.
func BenchmarkStow(b *testing.B) {
	for _, land := range []bool{false, true} {
		name := "stow"
		if land {
			name = "stow and land"
		}
		b.Run(name, func(b *testing.B) {
			boat, r, aboard := open(b, newPath(b)), answerOf("att_1", 1500), 0
			b.ReportAllocs()
			for b.Loop() {
				if err := boat.Stow(r); err != nil {
					b.Fatal(err)
				}
				if aboard++; land || aboard == 255 {
					if !land {
						b.StopTimer()
					}
					if err := boat.Land(r.Attempt); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
					aboard = 0
				}
			}
		})
	}
}
