package main

import (
	"strings"
	"testing"
	"time"
)

func TestARowSaysWhatItMet(t *testing.T) {
	for _, c := range []struct {
		name      string
		row       row
		must, aim string
	}{
		{"below both", row{value: 1.4, unit: "×", must: 2, aim: 1.5}, "≤ 2 × met", "≤ 1.5 × met"},
		{"between", row{value: 1.7, unit: "×", must: 2, aim: 1.5}, "≤ 2 × met", "≤ 1.5 × missed"},
		{"at the bound", row{value: 2, unit: "×", must: 2, aim: 1.5}, "≤ 2 × met", "≤ 1.5 × missed"},
		{"a lower bound", row{value: 0.7, unit: "×", must: 0.6, aim: 0.75, least: true}, "≥ 0.6 × met", "≥ 0.75 × missed"},
		{"no bounds", row{value: 3, unit: "×"}, "-", "-"},
		{"not measured", row{unit: "s", must: 12, aim: 9, failed: "nothing was refreshed"}, "≤ 12 s missed", "≤ 9 s missed"},
	} {
		if must, aim := c.row.bound(c.row.must), c.row.bound(c.row.aim); must != c.must || aim != c.aim {
			t.Errorf("%s: got %s and %s", c.name, must, aim)
		}
	}
}

func TestAmountsAreShort(t *testing.T) {
	for v, want := range map[float64]string{2: "2 ms", 1.25: "1.25 ms", 0.004: "0 ms", 123.4: "123 ms", 250: "250 ms", 10: "10 ms", 1000: "1000 ms"} {
		if got := amount(v, "ms"); got != want {
			t.Errorf("%g: got %s, want %s", v, got, want)
		}
	}
}

func TestTheTableShowsWhatWasNotMeasured(t *testing.T) {
	var b strings.Builder
	r := report{rows: []row{{what: "sweep", failed: "nothing was refreshed", unit: "s", must: 12}}}
	if err := r.print(&b); err != nil || !strings.Contains(b.String(), "nothing was refreshed") {
		t.Errorf("got %q, %v", b.String(), err)
	}
}

func TestASweepThatNeverBeganSaysSoAndMissesItsBounds(t *testing.T) {
	b := &bench{sizes: whole, provider: &provider{}}
	b.reportDue(0, 20*time.Second, &outcome{latencies: []time.Duration{time.Millisecond}}, &outcome{})
	for _, r := range b.report.rows {
		if !strings.Contains(r.failed, "nothing was refreshed") || r.met(r.must) != "missed" {
			t.Errorf("%+v", r)
		}
	}
}
