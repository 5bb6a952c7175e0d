package replica

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

const (
	// look is how often it is looked whether a server has heard.
	look = 25 * time.Millisecond
	// leave is how long an answer may take to leave a server after its last look at
	// what is forbidden.
	leave = 250 * time.Millisecond
)

// Mark is a place in the feed: who has heard of it has heard of every change that
// was committed before it was made.
type Mark struct {
	Seq  int64
	made time.Time
}

// Place makes a mark. Call it after what it is to follow is committed. Numbers of
// changes are given in the order in which they are asked for, and a server that has
// heard of one that was asked for after a commit has seen that commit.
func Place(ctx context.Context, s db.System) (Mark, error) {
	in, err := s.For(authmethods.Platform, "marking a place in the feed")
	if err != nil {
		return Mark{}, err
	}
	seq, err := db.AnnounceSeq(ctx, in, string(feed.Mark), "")
	return Mark{Seq: seq, made: time.Now()}, err
}

// Report is what became of waiting for the servers.
type Report struct {
	Heard []Replica // they have said so
	// Lapsed have not said so, and cannot act on what they remember any more: they
	// must ask the database first, if they run at all.
	Lapsed  []Replica
	Waiting []Replica // not yet known; none when it is over
	Took    time.Duration
}

// Wait waits until every server has heard of the mark, or must have stopped trusting
// its memory: by being silent for too long, or because all that it lends without
// news has lapsed since the mark was made. tell, unless it is nil, is called whenever
// those who are waited for have become others. If ctx ends first, the report says
// who is missing.
func (m Mark) Wait(ctx context.Context, s db.System, tell func(Report)) (Report, error) {
	var report Report
	waiting := -1
	for {
		age := time.Since(m.made) // before looking: what it excuses must be over by then
		now, err := m.look(ctx, s, age)
		if err == nil {
			report = now
			if len(report.Waiting) == 0 {
				return m.over(ctx, report)
			}
			if tell != nil && len(report.Waiting) != waiting {
				waiting = len(report.Waiting)
				tell(report)
			}
		}
		select {
		case <-ctx.Done():
			report.Took = time.Since(m.made)
			return report, context.Cause(ctx)
		case <-time.After(look):
		}
	}
}

// look sorts the servers.
func (m Mark) look(ctx context.Context, s db.System, age time.Duration) (Report, error) {
	all, err := list(ctx, s)
	report := Report{Took: time.Since(m.made)}
	for _, r := range all {
		switch {
		case r.Applied >= m.Seq:
			report.Heard = append(report.Heard, r)
		case r.Lapsed() && r.silent > age+life+r.lending():
			// It was over with it before the mark was made.
		case r.Lapsed() || age > r.lending():
			report.Lapsed = append(report.Lapsed, r)
		default:
			report.Waiting = append(report.Waiting, r)
		}
	}
	return report, err
}

// over lets the answers leave that were given the moment before.
func (m Mark) over(ctx context.Context, report Report) (Report, error) {
	select {
	case <-ctx.Done():
		return report, context.Cause(ctx)
	case <-time.After(leave):
	}
	report.Took = time.Since(m.made)
	return report, nil
}
