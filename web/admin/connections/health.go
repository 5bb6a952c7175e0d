package connections

import (
	"time"

	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// Reach is the time that strips show.
type Reach string

// The reaches.
const (
	Day   Reach = "24h"
	Week  Reach = "7d"
	Month Reach = "30d"
)

// ReachOf reads the reach that an address asks for.
func ReachOf(c *route.Call) Reach {
	switch r := Reach(c.QueryParam("reach")); r {
	case Week, Month:
		return r
	}
	return Day
}

// Past is how long the reach is.
func (r Reach) Past() time.Duration {
	switch r {
	case Week:
		return 7 * 24 * time.Hour
	case Month:
		return 30 * 24 * time.Hour
	}
	return 24 * time.Hour
}

// cell is the part of it that a cell of the strip stands for.
func (r Reach) cell() time.Duration {
	switch r {
	case Week:
		return 6 * time.Hour
	case Month:
		return 24 * time.Hour
	}
	return time.Hour
}

// Tabs lead to the same list with the other reaches.
func (r Reach) Tabs(c *route.Call, w words.Words) []page.Tab {
	var tabs []page.Tab
	for _, each := range []Reach{Day, Week, Month} {
		at := with(c, "reach", string(each))
		if each == Day {
			at = with(c, "reach", "")
		}
		tabs = append(tabs, page.Tab{Label: w.Span(each.Past()), Href: at, Current: each == r})
	}
	return tabs
}

// Strip shows in which parts of a time services had no token because refreshes failed,
// and in which some failed and harmed nobody. Nothing is known of the time before the
// connection was.
func (r Reach) Strip(w words.Words, x *tokens.Connection, troubles []consent.Trouble, now time.Time) page.Strip {
	s := page.Strip{Cells: make([]page.Kind, int(r.Past()/r.cell()))}
	from := now.Add(-r.Past())
	known := r.Past()
	if x.CreatedAt.After(from) {
		known = max(now.Sub(x.CreatedAt), time.Minute)
	}
	missing := make([]time.Duration, len(s.Cells))
	failed := make([]bool, len(s.Cells))
	at := func(t time.Time) int { return min(len(s.Cells)-1, int(max(0, t.Sub(from))/r.cell())) }
	for _, t := range troubles {
		if t.Began.Add(time.Hour).Before(from) {
			continue
		}
		i := at(t.Began.Add(30 * time.Minute))
		missing[i] += t.Missing
		failed[i] = failed[i] || t.Failed > 0
	}
	if since := x.LackingSince; !since.IsZero() && since.Before(now) {
		if since.Before(from) {
			since = from
		}
		for since.Before(now) {
			i := at(since)
			end := from.Add(time.Duration(i+1) * r.cell())
			if end.After(now) || !end.After(since) {
				end = now
			}
			missing[i] += end.Sub(since)
			since = end
		}
	}
	var lost time.Duration
	for i := range s.Cells {
		if !from.Add(time.Duration(i+1) * r.cell()).After(x.CreatedAt) {
			continue
		}
		lost += min(missing[i], r.cell())
		switch {
		case missing[i] > r.cell()/2:
			s.Cells[i] = page.Bad
		case missing[i] > 0 || failed[i]:
			s.Cells[i] = page.Wait
		default:
			s.Cells[i] = page.Good
		}
	}
	s.Share = 1 - float64(min(lost, known))/float64(known)
	if s.Span = w.Span(r.Past()); known < r.Past() {
		s.Span = w.Span(known)
	}
	return s
}
