package connections

import (
	"cmp"
	"slices"
	"time"

	"latchkey/tokens"
	"latchkey/web/page"
	"latchkey/web/route"
	"latchkey/web/words"
)

// span is how much time the picture shows.
type span string

const (
	hours span = "6h"
	day   span = "24h"
	week  span = "7d"
)

func spanOf(c *route.Call) span {
	switch s := span(c.QueryParam("span")); s {
	case day, week:
		return s
	}
	return hours
}

// past is the part before now. The part behind it is a third as long.
func (s span) past() time.Duration {
	switch s {
	case day:
		return 24 * time.Hour
	case week:
		return 7 * 24 * time.Hour
	}
	return 6 * time.Hour
}

func (s span) tabs(c *route.Call, w words.Words) []page.Tab {
	var tabs []page.Tab
	for _, each := range []span{hours, day, week} {
		tabs = append(tabs, page.Tab{Label: w.Span(each.past()), Href: only(c) + "?span=" + string(each), Current: each == s})
	}
	return tabs
}

// The widths that the picture is drawn for, in pixels.
const wide, narrow = 960, 340

// maxEvents is how many lines the table beside the picture has.
const maxEvents = 100

// picture draws how the connection fared and will.
func (s *sight) picture(of span) page.Picture {
	now := s.course.Now.UTC()
	t := page.Timeline{From: now.Add(-of.past()), Now: now, To: now.Add(of.past() / 3)}
	for _, k := range s.course.Tokens {
		if !k.ExpiresAt.IsZero() && k.ExpiresAt.Before(t.From) {
			continue
		}
		t.Tokens = append(t.Tokens, page.TimelineToken{
			IssuedAt: k.IssuedAt.UTC(), ExpiresAt: utc(k.ExpiresAt), RejectedAt: utc(k.RejectedAt), Approved: s.approved(k),
		})
	}
	t.FailedAt, t.PlannedAt, t.LostAt = utc(s.course.FailedAt), utc(s.course.RefreshAt), s.lostAt(now)
	p := page.Picture{Summary: s.summary(&t)}
	p.Wide, p.Narrow = t.Draw(s.w, wide, "wide", p.Summary), t.Draw(s.w, narrow, "narrow", p.Summary)
	p.Events = s.events(&t)
	if p.More = len(p.Events) > maxEvents; p.More {
		p.Events = p.Events[:maxEvents]
	}
	return p
}

// utc leaves the zero time what it is.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// lostAt is when services lose access if nothing changes; zero: they do not.
func (s *sight) lostAt(now time.Time) time.Time {
	switch s.x.State {
	case tokens.Active:
		return time.Time{}
	case tokens.Revoked, tokens.Disabled, tokens.AwaitingConsent:
		return earliest(now, utc(s.course.BrokenAt), utc(s.x.TokenExpiresAt))
	}
	if s.x.TokenID == "" {
		return earliest(now, utc(s.course.BrokenAt))
	}
	return utc(s.x.TokenExpiresAt)
}

// earliest is the first of the times that happened.
func earliest(first time.Time, more ...time.Time) time.Time {
	for _, t := range more {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// summary says in a sentence or two what the picture shows.
func (s *sight) summary(t *page.Timeline) string {
	refreshed := 0
	for _, k := range t.Tokens {
		if !k.Approved && !k.IssuedAt.Before(t.From) {
			refreshed++
		}
	}
	said := s.w.Say("timeline.summary", "n", refreshed, "span", s.w.Span(t.Now.Sub(t.From)))
	switch {
	case t.LostAt.IsZero():
		return said
	case t.LostAt.After(t.Now):
		return said + " " + s.w.Say("timeline.lose", "time", s.w.Clock(t.LostAt))
	}
	return said + " " + s.w.Say("timeline.gone")
}

// events are what the picture shows, the newest first.
func (s *sight) events(t *page.Timeline) []page.TimelineEvent {
	var events []page.TimelineEvent
	add := func(at time.Time, what string) {
		if !at.IsZero() && !at.Before(t.From) && !at.After(t.To) {
			events = append(events, page.TimelineEvent{At: at, What: what})
		}
	}
	for _, k := range t.Tokens {
		if k.Approved {
			add(k.IssuedAt, "approved")
		} else {
			add(k.IssuedAt, "issued")
		}
		add(k.RejectedAt, "rejected")
	}
	add(t.FailedAt, "failed")
	add(utc(s.course.BrokenAt), "broken")
	if t.LostAt.IsZero() && t.PlannedAt.After(t.Now) {
		add(t.PlannedAt, "planned")
	}
	add(t.LostAt, "lost")
	slices.SortStableFunc(events, func(a, b page.TimelineEvent) int { return cmp.Compare(b.At.UnixNano(), a.At.UnixNano()) })
	return events
}
