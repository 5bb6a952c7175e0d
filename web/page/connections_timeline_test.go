package page_test

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey/web/page"
	"latchkey/web/words"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// hourly is a connection whose tokens live an hour and are refreshed after 45 minutes.
func hourly() page.Timeline {
	t := page.Timeline{From: noon.Add(-6 * time.Hour), Now: noon, To: noon.Add(2 * time.Hour), PlannedAt: noon.Add(20 * time.Minute)}
	for at := noon.Add(-5*time.Hour - 20*time.Minute); at.Before(noon); at = at.Add(45 * time.Minute) {
		t.Tokens = append(t.Tokens, page.TimelineToken{IssuedAt: at, ExpiresAt: at.Add(time.Hour), Approved: len(t.Tokens) == 0})
	}
	return t
}

func TestATimelineShowsWhatHappenedAndWhatIsPlanned(t *testing.T) {
	line := hourly()
	line.Tokens[3].RejectedAt = line.Tokens[3].IssuedAt.Add(5 * time.Minute)
	svg := string(line.Draw(words.In(words.English), 960, "x", "8 refreshes <in> 6 hours."))
	for what, want := range map[string]int{
		`class="mark refreshed"`: len(line.Tokens) - 1, `class="mark approved"`: 1, `class="mark rejected"`: 1, `class="mark planned"`: 1,
		`class="mark failed"`: 0, `class="lost"`: 0, `class="token newest"`: 1, `class="now"`: 1, "now 12:00": 1, "8 refreshes &lt;in&gt; 6 hours.": 1,
	} {
		if n := strings.Count(svg, what); n != want {
			t.Errorf("%s is drawn %d times, want %d", what, n, want)
		}
	}
	if strings.Contains(svg, "style=") {
		t.Error("something inline that the content policy forbids")
	}
}

func TestATimelineHatchesTheTimeWithoutAccess(t *testing.T) {
	line := hourly()
	line.FailedAt, line.LostAt = noon.Add(-time.Minute), noon.Add(40*time.Minute)
	english := string(line.Draw(words.In(words.English), 960, "x", "s"))
	if !strings.Contains(english, "no access from 12:40") || strings.Count(english, `class="mark failed"`) != 1 || strings.Contains(english, "mark planned") {
		t.Errorf("what is to be lost: %s", english)
	}
	// 6 h 40 min of 8 hours lie before it.
	if !strings.Contains(english, `class="lost" x="800.0"`) {
		t.Errorf("the hatching begins elsewhere: %s", english)
	}
	if french := string(line.Draw(words.In(words.French), 960, "x", "s")); !strings.Contains(french, "aucun accès à partir de 12\u202fh\u202f40") {
		t.Errorf("in French: %s", french)
	}
	line.LostAt = noon.Add(-time.Hour)
	if gone := string(line.Draw(words.In(words.English), 960, "x", "s")); !strings.Contains(gone, `class="lost" x="600.0"`) || strings.Contains(gone, "no access from") {
		t.Errorf("what is lost already: %s", gone)
	}
}

func TestATokenWithoutEndGoesOnToTheEdge(t *testing.T) {
	line := page.Timeline{From: noon.Add(-time.Hour), Now: noon, To: noon.Add(time.Hour), Tokens: []page.TimelineToken{{IssuedAt: noon.Add(-30 * time.Minute)}}}
	if svg := string(line.Draw(words.In(words.English), 400, "x", "s")); !strings.Contains(svg, `class="token newest" x="100.0" y="26" width="300.0"`) {
		t.Error(svg)
	}
}

var numbers = regexp.MustCompile(`\b(x|width)="(-?[0-9.]+)"`)

func TestEveryTimelineIsWellFormedAndWithinItsFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := func(name string) time.Time {
			return noon.Add(time.Duration(rapid.IntRange(-20000, 5000).Draw(t, name)) * time.Minute)
		}
		past := rapid.SampledFrom([]time.Duration{6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}).Draw(t, "past")
		line := page.Timeline{From: noon.Add(-past), Now: noon, To: noon.Add(past / 3), FailedAt: minutes("failed"), PlannedAt: minutes("planned")}
		if rapid.Bool().Draw(t, "loses") {
			line.LostAt = minutes("lost")
		}
		for range rapid.IntRange(0, 8).Draw(t, "tokens") {
			k := page.TimelineToken{IssuedAt: minutes("issued"), RejectedAt: minutes("rejected"), Approved: rapid.Bool().Draw(t, "approved")}
			if rapid.Bool().Draw(t, "ends") {
				k.ExpiresAt = k.IssuedAt.Add(time.Hour)
			}
			line.Tokens = append(line.Tokens, k)
		}
		width := rapid.SampledFrom([]int{340, 960}).Draw(t, "width")
		svg := string(line.Draw(words.In(words.French), width, "x", `"<&`))
		for read := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := read.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v\n%s", err, svg)
			}
		}
		for _, m := range numbers.FindAllStringSubmatch(svg, -1) {
			if n, err := strconv.ParseFloat(m[2], 64); err != nil || n < 0 || n > float64(width) {
				t.Errorf("%s leaves the frame of %d", m[0], width)
			}
		}
	})
}
