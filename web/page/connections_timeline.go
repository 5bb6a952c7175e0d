package page

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"latchkey/web/words"
)

// Timeline is how a connection fared and will fare, as a picture shows it.
type Timeline struct {
	From, Now, To time.Time
	Tokens        []TimelineToken // in the order of their issue
	FailedAt      time.Time       // when the last refresh failed; zero: it succeeded
	PlannedAt     time.Time       // when the next refresh is due; zero: there is none
	LostAt        time.Time       // since or from when services have no access; zero: that is not to be expected
}

// TimelineToken is an access token.
type TimelineToken struct {
	IssuedAt, ExpiresAt time.Time // ExpiresAt is zero for one that never expires
	RejectedAt          time.Time // zero: no service reported it
	Approved            bool      // it came with an approval, not by a refresh
}

// The rows of the picture, from above.
const (
	axisBase    = 14
	firstLane   = 26
	laneHeight  = 14
	laneStep    = 19
	markMiddle  = 78
	bandTop     = 94
	bandHeight  = 12
	noteBase    = 124
	pictureHigh = 132
)

// drawing is a picture on its way.
type drawing struct {
	Timeline
	w     words.Words
	width int
	id    string
	b     strings.Builder
}

// Draw returns the picture as SVG, so many pixels wide. The id is unique in the page.
func (t Timeline) Draw(w words.Words, width int, id, summary string) template.HTML {
	d := &drawing{Timeline: t, w: w, width: width, id: id}
	d.put(`<svg class="timeline" viewBox="0 0 %d %d" role="img" aria-labelledby="%s-title"><title id="%[3]s-title">%s</title>`, width, pictureHigh, id, template.HTMLEscapeString(summary))
	d.put(`<defs><pattern id="%s-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-ground" width="7" height="7"/><path class="hatch" d="M0 0V7"/></pattern></defs>`, id)
	d.axis()
	d.band()
	for i := range d.Tokens {
		d.bar(i)
	}
	d.marks()
	d.now()
	d.put(`</svg>`)
	return template.HTML(d.b.String()) // #nosec G203 -- made here; what is not ours is escaped
}

func (d *drawing) put(format string, args ...any) { fmt.Fprintf(&d.b, format, args...) }

// x is where a time is, within the picture.
func (d *drawing) x(at time.Time) float64 {
	share := float64(at.Sub(d.From)) / float64(d.To.Sub(d.From))
	return float64(d.width) * min(1, max(0, share))
}

func (d *drawing) within(at time.Time) bool {
	return !at.IsZero() && !at.Before(d.From) && !at.After(d.To)
}

// steps are the distances that lines of the axis may have.
var steps = [...]time.Duration{
	5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour,
}

// room is what the writing at a line needs, in pixels.
const room = 84

// step is the distance of lines that leaves room for what is written at them.
func (d *drawing) step() time.Duration {
	for _, s := range steps {
		if float64(d.width)*float64(s)/float64(d.To.Sub(d.From)) >= room {
			return s
		}
	}
	return steps[len(steps)-1]
}

func (d *drawing) axis() {
	step := d.step()
	for at := d.From.Truncate(step).Add(step); at.Before(d.To); at = at.Add(step) {
		x := d.x(at)
		d.put(`<path class="grid" d="M%.1f 20V%d"/>`, x, bandTop+bandHeight)
		if x > 28 && x < float64(d.width)-28 && (x < d.x(d.Now)-58 || x > d.x(d.Now)+58) {
			d.put(`<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>`, x, axisBase, template.HTMLEscapeString(d.tick(at, step)))
		}
	}
}

// tick is what is written at a line: the time of day, or the day at midnight.
func (d *drawing) tick(at time.Time, step time.Duration) string {
	if step >= 12*time.Hour {
		day, _, _ := strings.Cut(d.w.Date(at), fmt.Sprintf(" %d", at.Year()))
		return day
	}
	return strings.TrimSuffix(d.w.Clock(at), " UTC")
}

// band shows when a token was available, and when none will be.
func (d *drawing) band() {
	d.put(`<rect class="none" x="0" y="%d" width="%.1f" height="%d" rx="3"/>`, bandTop, d.x(d.Now), bandHeight)
	for _, t := range d.Tokens {
		if to := d.end(t); to.After(d.From) {
			d.rect("available", t.IssuedAt, earlier(to, d.Now), bandTop, bandHeight)
		}
	}
	switch {
	case d.LostAt.IsZero():
		d.rect("expected", d.Now, d.To, bandTop, bandHeight)
	default:
		d.rect("expected", d.Now, d.LostAt, bandTop, bandHeight)
		d.lost()
	}
}

// lost hatches the time in which services have no access.
func (d *drawing) lost() {
	from := max(d.x(d.LostAt), 0)
	d.put(`<rect class="lost" x="%.1f" y="22" width="%.1f" height="%d" fill="url(#%s-hatch)"/>`, from, float64(d.width)-from, bandTop+bandHeight-22, d.id)
	if d.LostAt.Before(d.Now) {
		return
	}
	said := d.w.Say("timeline.lost_from", "time", strings.TrimSuffix(d.w.Clock(d.LostAt), " UTC"))
	d.put(`<text class="loss" x="%d" y="%d" text-anchor="end">%s</text>`, d.width-2, noteBase, template.HTMLEscapeString(said))
}

// end is when a token ends in the picture.
func (d *drawing) end(t TimelineToken) time.Time {
	if t.ExpiresAt.IsZero() {
		return d.To
	}
	return t.ExpiresAt
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// rect draws from one time to another, at least as wide as can be seen.
func (d *drawing) rect(class string, from, to time.Time, y, height int) {
	if !to.After(from) || to.Before(d.From) || from.After(d.To) {
		return
	}
	left, right := d.x(from), d.x(to)
	d.put(`<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d" rx="3"/>`, class, left, y, max(1.5, right-left), height)
}

// bar draws a token. Neighbours are in lanes of their own, so that it is seen how they
// overlap.
func (d *drawing) bar(i int) {
	t := d.Tokens[i]
	class := "token"
	if i == len(d.Tokens)-1 && d.end(t).After(d.Now) {
		class = "token newest"
	}
	d.rect(class, t.IssuedAt, d.end(t), firstLane+i%2*laneStep, laneHeight)
}

// marks draws what happened: ▲ refreshed, ★ approved, ✖ failed, ⟂ rejected, △ planned.
func (d *drawing) marks() {
	for _, t := range d.Tokens {
		if d.within(t.IssuedAt) {
			mark := "refreshed"
			if t.Approved {
				mark = "approved"
			}
			d.mark(mark, t.IssuedAt)
		}
		if d.within(t.RejectedAt) {
			d.mark("rejected", t.RejectedAt)
		}
	}
	if d.within(d.FailedAt) {
		d.mark("failed", d.FailedAt)
	}
	if d.within(d.PlannedAt) && d.PlannedAt.After(d.Now) && d.LostAt.IsZero() {
		d.mark("planned", d.PlannedAt)
	}
}

// shapes are those of the marks, around their middle.
var shapes = map[string]string{
	"refreshed": "M0-5L5 4H-5Z",
	"planned":   "M0-5L5 4H-5Z",
	"approved":  "M0-7L1.8-2.2 6.7-2.2 2.8.9 4.2 5.7 0 2.8-4.2 5.7-2.8.9-6.7-2.2-1.8-2.2Z",
	"failed":    "M-5-5L5 5M5-5L-5 5",
	"rejected":  "M0-6V5M-6 5H6",
}

func (d *drawing) mark(name string, at time.Time) {
	x := min(max(d.x(at), 8), float64(d.width)-8)
	d.put(`<path class="mark %s" transform="translate(%.1f %d)" d="%s"/>`, name, x, markMiddle, shapes[name])
}

func (d *drawing) now() {
	x := d.x(d.Now)
	d.put(`<path class="now" d="M%.1f 20V%d"/>`, x, bandTop+bandHeight+4)
	said := d.w.Say("timeline.now", "time", strings.TrimSuffix(d.w.Clock(d.Now), " UTC"))
	d.put(`<text class="now-text" x="%.1f" y="%d" text-anchor="middle">%s</text>`, x, axisBase, template.HTMLEscapeString(said))
}

// Symbol is the mark of that name, for the legend of the picture.
func (ConnectionPage) Symbol(name string) template.HTML {
	return template.HTML(`<svg class="timeline symbol" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true" focusable="false"><path class="mark ` + name + `" d="` + shapes[name] + `"/></svg>`) // #nosec G203 -- made here
}
