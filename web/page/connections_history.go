package page

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"latchkey/web/words"
)

// Outcomes are what became of token requests, in the order in which they are stacked.
var Outcomes = [...]string{"refreshed", "throttled", "provider_down", "client_rejected", "grant_lost"}

// HistoryPart is a part of a connection's past, as pictures and their table show it.
type HistoryPart struct {
	From time.Time
	// Outcomes counts token requests in the order of [Outcomes].
	Outcomes [len(Outcomes)]int64
	// The times that half of the loans and all but one in a hundred took at most: of
	// what was at hand, and where the provider was asked. Zero: there were none.
	AtHand, Asked Latency
}

// Latency is how long loans took.
type Latency struct{ Half, Most time.Duration }

// Requests is how many token requests there were.
func (p HistoryPart) Requests() (n int64) {
	for _, each := range p.Outcomes {
		n += each
	}
	return n
}

// Loans reports whether anything was lent.
func (p HistoryPart) Loans() bool { return p.AtHand.Most > 0 || p.Asked.Most > 0 }

// History is a connection's past: what became of its refreshes, and how long its loans
// took.
type History struct {
	Refreshes Twin
	Latency   Twin
	Parts     []HistoryPart // in which something happened, the newest first
}

// Twin is a picture for wide and narrow windows, with a sentence that says the same.
type Twin struct {
	Summary      string
	Wide, Narrow template.HTML
}

// LoanShare is a service's part of all loans.
type LoanShare struct {
	Name, Href string
	Tokens     int
	Loans      int64
	Most       int64 // loans of the one that borrowed most
}

// Width is the length of the bar, in hundredths.
func (s LoanShare) Width() int64 { return max(1, 100*s.Loans/max(s.Most, 1)) }

// chart is a picture of parts of time on its way.
type chart struct {
	w        words.Words
	from, to time.Time
	step     time.Duration
	parts    []HistoryPart
	width    int
	b        strings.Builder
}

// The places in both pictures, from above.
const (
	chartTop    = 12
	chartBase   = 112
	chartHigh   = 132
	chartMargin = 52 // for what is written at the left
)

// DrawHistory pictures the parts of a time, each of them step long.
func DrawHistory(w words.Words, from, to time.Time, step time.Duration, parts []HistoryPart, refreshes, latency string) History {
	h := History{Refreshes: Twin{Summary: refreshes}, Latency: Twin{Summary: latency}}
	for i, width := range [...]int{960, 340} {
		c := chart{w: w, from: from, to: to, step: step, parts: parts, width: width}
		bars := c.draw(fmt.Sprintf("refreshes-%d", i), "refreshes", refreshes, (*chart).bars)
		c.b.Reset()
		lines := c.draw(fmt.Sprintf("latency-%d", i), "latency", latency, (*chart).lines)
		if i == 0 {
			h.Refreshes.Wide, h.Latency.Wide = bars, lines
		} else {
			h.Refreshes.Narrow, h.Latency.Narrow = bars, lines
		}
	}
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i].Requests() > 0 || parts[i].Loans() {
			h.Parts = append(h.Parts, parts[i])
		}
	}
	return h
}

func (c *chart) put(format string, args ...any) { fmt.Fprintf(&c.b, format, args...) }

func (c *chart) draw(id, class, summary string, within func(*chart, string)) template.HTML {
	c.put(`<svg class="timeline chart %s" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-title"><title id="%[4]s-title">%s</title>`,
		class, c.width, chartHigh, id, template.HTMLEscapeString(summary))
	within(c, id)
	c.axis()
	c.put(`</svg>`)
	return template.HTML(c.b.String()) // #nosec G203 -- made here; what is not ours is escaped
}

func (c *chart) x(at time.Time) float64 {
	return chartMargin + float64(c.width-chartMargin)*min(1, max(0, float64(at.Sub(c.from))/float64(c.to.Sub(c.from))))
}

// axis writes times below, as far apart as there is room.
func (c *chart) axis() {
	c.put(`<path class="grid" d="M%d %d.5H%d"/>`, chartMargin, chartBase, c.width)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if float64(c.width-chartMargin)*float64(s)/float64(c.to.Sub(c.from)) >= room {
			step = s
			break
		}
	}
	for at := c.from.Truncate(step).Add(step); at.Before(c.to); at = at.Add(step) {
		if x := c.x(at); x > chartMargin+24 && x < float64(c.width)-24 {
			said := strings.TrimSuffix(c.w.Clock(at), " UTC")
			if step >= 12*time.Hour {
				said, _, _ = strings.Cut(c.w.Date(at), fmt.Sprintf(" %d", at.Year()))
			}
			c.put(`<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>`, x, chartBase+16, template.HTMLEscapeString(said))
		}
	}
}

// level writes what a height stands for.
func (c *chart) level(y float64, said string) {
	c.put(`<path class="grid" d="M%d %.1fH%d"/>`, chartMargin, y, c.width)
	c.put(`<text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`, chartMargin-6, y+4, template.HTMLEscapeString(said))
}

// bars stacks what became of refreshes.
func (c *chart) bars(id string) {
	c.put(`<defs><pattern id="%s-slant" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="slant-ground" width="5" height="5"/><path class="slant" d="M0 0V5"/></pattern>`, id)
	c.put(`<pattern id="%s-dots" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="dots-ground" width="5" height="5"/><circle class="dots" cx="2.5" cy="2.5" r="1.2"/></pattern></defs>`, id)
	most := int64(1)
	for _, p := range c.parts {
		most = max(most, p.Requests())
	}
	c.level(chartTop, c.w.Number(most))
	for _, p := range c.parts {
		left := c.x(p.From)
		width := max(1.5, c.x(p.From.Add(c.step))-left-1)
		y := float64(chartBase)
		for i, n := range p.Outcomes {
			if n == 0 {
				continue
			}
			height := max(1.5, float64(chartBase-chartTop)*float64(n)/float64(most))
			y -= height
			fill := ""
			switch Outcomes[i] {
			case "provider_down":
				fill = ` fill="url(#` + id + `-slant)"`
			case "client_rejected":
				fill = ` fill="url(#` + id + `-dots)"`
			}
			c.put(`<rect class="outcome %s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"%s/>`, Outcomes[i], left, y, width, height, fill)
		}
	}
}

// The ends of the scale of durations.
const quickest, slowest = 10 * time.Microsecond, 100 * time.Second

// lines draws how long loans took, on a logarithmic scale.
func (c *chart) lines(string) {
	height := func(d time.Duration) float64 {
		share := math.Log(float64(d)/float64(quickest)) / math.Log(float64(slowest)/float64(quickest))
		return chartBase - float64(chartBase-chartTop)*min(1, max(0, share))
	}
	for _, d := range []time.Duration{100 * time.Microsecond, 10 * time.Millisecond, time.Second, slowest} {
		c.level(height(d), Duration(c.w, d))
	}
	for _, line := range []struct {
		class string
		of    func(HistoryPart) time.Duration
	}{
		{"at-hand most", func(p HistoryPart) time.Duration { return p.AtHand.Most }},
		{"at-hand half", func(p HistoryPart) time.Duration { return p.AtHand.Half }},
		{"asked most", func(p HistoryPart) time.Duration { return p.Asked.Most }},
		{"asked half", func(p HistoryPart) time.Duration { return p.Asked.Half }},
	} {
		path, joined := "", false
		for _, p := range c.parts {
			d := line.of(p)
			if d == 0 {
				joined = false
				continue
			}
			x, y := c.x(p.From.Add(c.step/2)), height(d)
			if !joined {
				path += fmt.Sprintf("M%.1f %.1fh.1", x, y)
			} else {
				path += fmt.Sprintf("L%.1f %.1f", x, y)
			}
			joined = true
		}
		if path != "" {
			c.put(`<path class="line %s" d="%s"/>`, line.class, path)
		}
	}
}

// Duration writes a short time: 30 µs, 100 ms, 3 s.
func Duration(w words.Words, d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return w.Say("history.microseconds", "n", d.Microseconds())
	case d < time.Second:
		return w.Say("history.milliseconds", "n", d.Milliseconds())
	}
	return w.Say("history.seconds", "n", int64(d/time.Second))
}

// Outcomes are what became of token requests, for the legend and the table.
func (ConnectionPage) Outcomes() []string { return Outcomes[:] }

// Swatch is how an outcome is drawn, for the legend.
func (ConnectionPage) Swatch(outcome string) template.HTML {
	return template.HTML(`<svg class="timeline symbol" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false"><rect class="outcome swatch ` + outcome + `" x="1" y="1" width="14" height="14"/></svg>`) // #nosec G203 -- made here
}

// Stroke is how a line is drawn, for the legend.
func (ConnectionPage) Stroke(class string) template.HTML {
	return template.HTML(`<svg class="timeline symbol" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false"><path class="line ` + class + `" d="M0 8H16"/></svg>`) // #nosec G203 -- made here
}
