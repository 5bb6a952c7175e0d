package connections

import (
	"math"
	"testing"
	"time"

	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/page"
	"latchkey/web/words"
)

func TestAStripTellsOnlyOfTimesWithoutAToken(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	old := tokens.Connection{CreatedAt: now.AddDate(-1, 0, 0)}
	young := tokens.Connection{CreatedAt: now.Add(-6 * time.Hour)}
	broken := old
	broken.LackingSince = now.Add(-90 * time.Minute)
	soon := old
	soon.LackingSince = now.Add(30 * time.Minute)
	trouble := []consent.Trouble{{Began: now.Add(-3 * time.Hour), Missing: 40 * time.Minute, Failed: 2}, {Began: now.Add(-9 * time.Hour), Failed: 1}}
	for name, c := range map[string]struct {
		x        tokens.Connection
		reach    Reach
		troubles []consent.Trouble
		bad      int
		wait     int
		unknown  int
		share    float64
	}{
		"nothing happened":            {old, Day, nil, 0, 0, 0, 1},
		"it is six hours old":         {young, Day, nil, 0, 0, 18, 1},
		"there was trouble":           {old, Day, trouble, 1, 1, 0, 1 - 40.0/(24*60)},
		"the trouble is in the month": {old, Month, trouble, 0, 1, 0, 1 - 40.0/(30*24*60)},
		"it goes on":                  {broken, Day, nil, 1, 1, 0, 1 - 1.5/24},
		"it has not begun":            {soon, Day, nil, 0, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.reach.Strip(words.In(words.English), &c.x, c.troubles, now)
			count := map[page.Kind]int{}
			for _, cell := range s.Cells {
				count[cell]++
			}
			if count[page.Bad] != c.bad || count[page.Wait] != c.wait || count[""] != c.unknown || math.Abs(s.Share-c.share) > 1e-6 {
				t.Errorf("%v, share %f of %s, want %d bad, %d waiting, %d unknown, %f", count, s.Share, s.Span, c.bad, c.wait, c.unknown, c.share)
			}
		})
	}
}

func TestLatencyIsEstimatedFromItsClasses(t *testing.T) {
	bounds := &tokens.AtHandBounds
	for _, c := range []struct {
		counts tokens.Paced
		want   page.Latency
	}{
		{tokens.Paced{}, page.Latency{}},
		{tokens.Paced{100}, page.Latency{Half: bounds[0], Most: bounds[0]}},
		{tokens.Paced{50, 49, 0, 1}, page.Latency{Half: bounds[0], Most: bounds[1]}},
		{tokens.Paced{0, 0, 0, 0, 0, 0, 0, 3}, page.Latency{Half: 3 * bounds[6], Most: 3 * bounds[6]}},
	} {
		if got := latencyOf(c.counts, bounds); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.counts, got, c.want)
		}
	}
}
