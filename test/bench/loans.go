package main

import (
	"context"
	"fmt"
	"time"
)

// series are the figures of one server, a value for each round.
type series struct{ cpu, rate, p99 []float64 }

func (s *series) add(c *cost) {
	s.cpu = append(s.cpu, c.perRequest())
	s.rate = append(s.rate, c.perSecond())
	s.p99 = append(s.p99, float64(percentile(c.latencies, 0.99).Microseconds()))
}

// contender is a server and what it is asked.
type contender struct {
	*process
	*target
}

// round measures one run of a contender.
func (c *contender) round(into *series, f func() (outcome, error)) error {
	measured, err := c.during(f)
	if err != nil {
		return err
	}
	if trouble := measured.trouble(); trouble != "" {
		return fmt.Errorf("the load on %s: %s", c.cmd.Path, trouble)
	}
	into.add(&measured)
	return nil
}

// alternate measures two contenders in turn, as many rounds as the run has.
func (b *bench) alternate(a, z *contender, load func(*contender) (outcome, error)) (of, against series, err error) {
	for range b.rounds {
		if err = a.round(&of, func() (outcome, error) { return load(a) }); err != nil {
			return of, against, err
		}
		if err = z.round(&against, func() (outcome, error) { return load(z) }); err != nil {
			return of, against, err
		}
	}
	return of, against, nil
}

// versus is the row of a ratio of medians.
func versus(what string, of, against []float64, unit string, must, aim float64, least bool) row {
	o, a := median(of), median(against)
	r := row{what: what, figure: fmt.Sprintf("%s against %s", amount(o, unit), amount(a, unit)), unit: "×", must: must, aim: aim, least: least}
	if a > 0 {
		r.value = o / a
	}
	return r
}

// warmed starts a server and has it lend n connections, spread over all, so that
// they are in its memory.
func (b *bench) warmed(ctx context.Context, i *installation, n int) (*contender, error) {
	p, err := b.serve(ctx, i)
	if err != nil {
		return nil, err
	}
	all := i.spread(p, n, "")
	o, err := all.closed(ctx, 16, onceEach(0, n))
	if trouble := o.trouble(); err == nil && trouble != "" {
		err = fmt.Errorf("warming up: %s", trouble)
	}
	if err == nil {
		_, err = p.settle(ctx, b.patience)
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	all.expect = []byte(`"source":"memory"`)
	return &contender{p, all}, nil
}

func (b *bench) bare(ctx context.Context) (*contender, error) {
	p, t, err := b.startBare(ctx)
	if err != nil {
		return nil, err
	}
	_, err = t.closed(ctx, 16, onceEach(0, bareNames))
	return &contender{p, t}, err
}

func (b *bench) loansFromMemory(ctx context.Context) error {
	i, err := b.fresh(ctx, sqlite, b.loaded)
	if err != nil {
		return err
	}
	server, err := b.warmed(ctx, i, b.names)
	if err != nil {
		return err
	}
	defer server.stop()
	bare, err := b.bare(ctx)
	if err != nil {
		return err
	}
	defer bare.stop()
	for _, connections := range []int{16, inFlight} {
		of, against, err := b.alternate(server, bare, func(c *contender) (outcome, error) {
			return c.closed(ctx, connections, during(b.round, len(c.requests)))
		})
		if err != nil {
			return err
		}
		at := fmt.Sprintf(", at %d connections", connections)
		b.report.add(
			versus("loan from memory, CPU a request"+at, of.cpu, against.cpu, "µs", 2.0, 1.5, false),
			versus("loan from memory, requests a second"+at, of.rate, against.rate, "/s", 0.6, 0.75, true),
		)
	}
	return nil
}

func (b *bench) loansFromStore(ctx context.Context) error {
	bare, err := b.bare(ctx)
	if err != nil {
		return err
	}
	defer bare.stop()
	for _, of := range []struct {
		dialect   dialect
		must, aim float64
	}{{sqlite, 3, 2.6}, {postgreSQL, 3.5, 2.9}} {
		i, err := b.fresh(ctx, of.dialect, b.loaded)
		if err != nil {
			return err
		}
		var server, against series
		for range b.rounds {
			if err := b.storeRound(ctx, i, &server); err != nil {
				return err
			}
			if err := bare.round(&against, func() (outcome, error) {
				return bare.closed(ctx, 16, during(b.round, bareNames))
			}); err != nil {
				return err
			}
		}
		b.report.add(
			versus("loan that reads the store, CPU a request, "+string(of.dialect), server.cpu, against.cpu, "µs", of.must, of.aim, false),
			versus("loan that reads the store, requests a second, "+string(of.dialect), server.rate, against.rate, "/s", 0, 0, true),
		)
	}
	return nil
}

// storeRound asks a server that has just started for each of many connections
// once. Their first loans are in the ledger, so nothing but the ledger's count is
// to be written.
func (b *bench) storeRound(ctx context.Context, i *installation, into *series) error {
	p, err := b.serve(ctx, i)
	if err != nil {
		return err
	}
	defer p.kill() // the counts of these loans are of no interest
	// Keys, methods and statements are at hand; these connections are others.
	ready := i.target(p, b.stored, b.stored+2*tenants, "")
	if _, err := ready.closed(ctx, 16, onceEach(0, len(ready.requests))); err != nil {
		return err
	}
	c := &contender{p, i.target(p, 0, b.stored, "store")}
	return c.round(into, func() (outcome, error) { return c.closed(ctx, 16, onceEach(0, b.stored)) })
}

func (b *bench) openLoop(ctx context.Context) error {
	i, err := b.fresh(ctx, sqlite, b.loaded)
	if err != nil {
		return err
	}
	server, err := b.warmed(ctx, i, b.names)
	if err != nil {
		return err
	}
	defer server.stop()
	bare, err := b.bare(ctx)
	if err != nil {
		return err
	}
	defer bare.stop()
	of, against, err := b.alternate(server, bare, func(c *contender) (outcome, error) {
		return c.open(ctx, inFlight, b.perSec, b.open)
	})
	if err != nil {
		return err
	}
	b.report.add(versus(fmt.Sprintf("open-loop p99 at %d loans a second", b.perSec), of.p99, against.p99, "µs", 1.5, 1.2, false))
	return nil
}

// growth compares a small database with a huge one.
func (b *bench) growth(ctx context.Context) error {
	const few = 1_000
	var servers []*contender
	for _, connections := range []int{b.huge, few} {
		i, err := b.fresh(ctx, sqlite, connections)
		if err != nil {
			return err
		}
		c, err := b.warmed(ctx, i, min(b.names, connections))
		if err != nil {
			return err
		}
		defer c.stop()
		servers = append(servers, c)
	}
	of, against, err := b.alternate(servers[0], servers[1], func(c *contender) (outcome, error) {
		return c.closed(ctx, 16, during(b.round, len(c.requests)))
	})
	if err != nil {
		return err
	}
	b.report.add(versus(fmt.Sprintf("CPU a loan, %d connections against %d", b.huge, few), of.cpu, against.cpu, "µs", 1.25, 1.15, false))
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
