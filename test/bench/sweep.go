package main

import (
	"context"
	"fmt"
	"time"
)

// sweepExpired has 64 callers ask for expired tokens, each for another.
func (b *bench) sweepExpired(ctx context.Context) error {
	for _, d := range []dialect{sqlite, postgreSQL} {
		if err := b.sweepOn(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) sweepOn(ctx context.Context, d dialect) error {
	i, err := b.install(ctx, d, b.sweep, expired(time.Now()))
	if err != nil {
		return err
	}
	defer b.remove(ctx, i)
	p, err := b.serve(ctx, i)
	if err != nil {
		return err
	}
	defer p.stop()
	b.provider.forget()
	all := i.target(p, 0, b.sweep, "refreshed")
	swept, err := p.during(func() (outcome, error) { return all.closed(ctx, inFlight, onceEach(0, b.sweep)) })
	if err != nil {
		return err
	}
	asked := b.provider.counted()
	ideal := time.Duration(b.sweep) * b.delay / inFlight
	note := fmt.Sprintf("the provider had %d calls for %d tokens, at most %d for one, %d overlapped", asked.calls, asked.tokens, asked.most, asked.overlaps)
	if trouble := swept.trouble(); trouble != "" {
		note += "; " + trouble
	}
	perRefresh := float64(swept.cpu.Microseconds()) / float64(max(1, asked.calls))
	b.report.add(
		row{
			what: fmt.Sprintf("sweep of %d expired, %d in flight, %s", b.sweep, inFlight, d), unit: "× ideal", must: 1.25, aim: 1.1,
			value:  swept.elapsed.Seconds() / ideal.Seconds(),
			figure: fmt.Sprintf("%.1f s against %.1f s", swept.elapsed.Seconds(), ideal.Seconds()), note: note,
		},
		row{
			what: "CPU a refresh, " + string(d), unit: "µs", must: 400, aim: 250, value: perRefresh,
			figure: fmt.Sprintf("%.1f s for %d", swept.cpu.Seconds(), asked.calls),
		},
	)
	return nil
}
