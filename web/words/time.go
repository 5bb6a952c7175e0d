package words

import (
	"strconv"
	"time"
)

// Times are shown where they are: convert one to the reader's zone with
// [time.Time.In] before it is shown. One in UTC says so, because hardly a reader's
// clock shows it.

// Date writes a day: 21 November 2026, 21 novembre 2026.
func (w Words) Date(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 && w.Language() == French {
		day = "1er"
	}
	return day + " " + w.Say("month."+strconv.Itoa(int(t.Month()))) + " " + strconv.Itoa(t.Year())
}

// Clock writes a time of day: 10:31, 10 h 31.
func (w Words) Clock(t time.Time) string { return w.hours(t) + zone(t) }

// Moment writes a point in time to the second.
func (w Words) Moment(t time.Time) string {
	if w.Language() == French {
		return w.Date(t) + " à " + w.hours(t) + Narrow + "min" + Narrow + t.Format("05") + Narrow + "s" + zone(t)
	}
	return w.Date(t) + ", " + t.Format("15:04:05") + zone(t)
}

func (w Words) hours(t time.Time) string {
	if w.Language() == French {
		return strconv.Itoa(t.Hour()) + Narrow + "h" + Narrow + t.Format("04")
	}
	return t.Format("15:04")
}

func zone(t time.Time) string {
	if t.Location() == time.UTC {
		return " UTC"
	}
	return ""
}

// Ago says how long something is past: 3 minutes ago, il y a 3 minutes.
func (w Words) Ago(d time.Duration) string {
	if d < time.Minute {
		return w.Say("time.just_now")
	}
	return w.Say("time.ago", "span", w.Span(d))
}

// In says in how long something will be: in 41 minutes, dans 41 minutes.
func (w Words) In(d time.Duration) string {
	if d < time.Minute {
		return w.Say("time.in_a_moment")
	}
	return w.Say("time.in", "span", w.Span(d))
}

const day = 24 * time.Hour

// Span writes a length of time in its largest unit, as people say it: 41 minutes,
// 3 hours, 12 days.
func (w Words) Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.Say("time.seconds", "n", int(d/time.Second))
	case d < time.Hour:
		return w.Say("time.minutes", "n", int(d/time.Minute))
	case d < 2*day:
		return w.Say("time.hours", "n", int(d/time.Hour))
	}
	return w.Say("time.days", "n", int(d/day))
}
