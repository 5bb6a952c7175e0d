package main

import (
	"context"
	"fmt"
	"time"
)

// sweepDue leaves it to the server to refresh tokens that are due, and looks at
// loans of others meanwhile.
func (b *bench) sweepDue(ctx context.Context) error {
	i, err := b.install(ctx, sqlite, b.sweep+b.names, due(time.Now()))
	if err != nil {
		return err
	}
	defer b.remove(ctx, i)
	// The last ones have nothing due: they are lent while the others are refreshed.
	if err := i.renew(ctx, b.sweep, fresh(time.Now())); err != nil {
		return err
	}
	b.provider.forget()
	p, err := b.serve(ctx, i)
	if err != nil {
		return err
	}
	defer p.stop()
	began := time.Now()
	others := i.target(p, b.sweep, b.sweep+b.names, "")
	if _, err := others.closed(ctx, 16, onceEach(0, b.names)); err != nil {
		return err
	}
	busy, refreshed, err := b.whileSweeping(ctx, others)
	if err != nil {
		return err
	}
	seen := time.Since(began)
	var quiet outcome
	if refreshed == b.sweep {
		if _, err := p.settle(ctx, b.patience); err != nil {
			return err
		}
		if quiet, err = others.open(ctx, inFlight, b.besides(), b.open); err != nil {
			return err
		}
	}
	b.reportDue(refreshed, seen, &busy, &quiet)
	return nil
}

// besides is how many loans a second are asked for beside a sweep.
func (b *bench) besides() int { return b.perSec / 3 }

// whileSweeping keeps loans going, a second at a time, until all tokens that are
// due were refreshed or none is any more. It returns how many were.
func (b *bench) whileSweeping(ctx context.Context, t *target) (total outcome, refreshed int, err error) {
	const quiet = 15 * time.Second // without a refresh: the sweep is over, or never began
	over := make(chan int, 1)
	go func() { over <- b.provider.awaitTokens(ctx, b.sweep, quiet) }()
	for {
		second, err := t.open(ctx, inFlight, b.besides(), time.Second)
		if err != nil {
			return total, 0, err
		}
		total.add(second)
		select {
		case refreshed := <-over:
			return total, refreshed, nil
		default:
		}
	}
}

// reportDue adds the rows of a sweep that was seen for so long.
func (b *bench) reportDue(refreshed int, seen time.Duration, busy, quiet *outcome) {
	asked := b.provider.counted()
	share := float64(b.sweep) / 10_000
	sweep := row{
		what: fmt.Sprintf("background sweep of %d", b.sweep), unit: "s", must: 12 * share, aim: 9 * share, value: asked.took.Seconds(),
		figure: fmt.Sprintf("%d calls, at most %d for one token, %d overlapped", asked.calls, asked.most, asked.overlaps),
	}
	latency := row{what: "p99 of loans meanwhile against quiet", unit: "×", must: 2}
	switch {
	case refreshed == 0:
		sweep.failed = fmt.Sprintf("nothing was refreshed in %s", seen.Round(time.Second))
	case refreshed < b.sweep:
		sweep.failed = fmt.Sprintf("%d of %d were refreshed in %s", refreshed, b.sweep, seen.Round(time.Second))
	case busy.failed > 0:
		latency.failed = busy.trouble()
	}
	if latency.failed == "" {
		latency.failed = sweep.failed
	}
	during, without := percentile(busy.latencies, 0.99), percentile(quiet.latencies, 0.99)
	if without > 0 {
		latency.value = during.Seconds() / without.Seconds()
	}
	latency.figure = fmt.Sprintf("%s against %s, at %d loans a second", during.Round(time.Microsecond), without.Round(time.Microsecond), b.besides())
	b.report.add(sweep, latency)
}
