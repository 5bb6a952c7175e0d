package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// herd has 64 callers ask one process for the same expired token at once.
func (b *bench) herd(ctx context.Context) error {
	return b.herdOn(ctx, sqlite, 1, 2, 1.5)
}

// replicas has them ask several processes on one database.
func (b *bench) replicas(ctx context.Context) error {
	for _, processes := range []int{2, 4} {
		if err := b.herdOn(ctx, postgreSQL, processes, 4, 2.5); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) herdOn(ctx context.Context, d dialect, processes int, must, aim float64) error {
	// Each herd is at another tenant's connection, and each tenant has one more that
	// was lent before, so that keys and methods are at hand everywhere.
	i, err := b.install(ctx, d, 2*tenants, expired(time.Now()))
	if err != nil {
		return err
	}
	defer b.remove(ctx, i)
	if err := i.renew(ctx, tenants, fresh(time.Now())); err != nil {
		return err
	}
	var addresses []string
	for range processes {
		p, err := b.serve(ctx, i)
		if err != nil {
			return err
		}
		defer p.stop()
		addresses = append(addresses, p.address)
		warm := i.target(p, tenants, 2*tenants, "")
		o, err := warm.closed(ctx, 16, onceEach(0, tenants))
		if trouble := o.trouble(); err == nil && trouble != "" {
			err = fmt.Errorf("warming up: %s", trouble)
		}
		if err != nil {
			return err
		}
	}
	conns, err := dialAll(ctx, inFlight, addresses...)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	b.provider.forget()
	var total outcome
	for n := range b.herds {
		one, err := together(conns, i.request(n))
		if err != nil {
			return err
		}
		total.add(one)
	}
	b.report.add(b.herdRow(processes, &total, must, aim))
	return nil
}

func (b *bench) herdRow(processes int, total *outcome, must, aim float64) row {
	asked := b.provider.counted()
	p99 := percentile(total.latencies, 0.99)
	r := row{
		what: fmt.Sprintf("%d callers, one expired token, p99, %d process(es)", inFlight, processes), unit: "× delay", must: must, aim: aim,
		value: p99.Seconds() / b.delay.Seconds(),
		figure: fmt.Sprintf("%.0f ms; %d calls for %d tokens, %d overlapped, %d errors",
			milliseconds(p99), asked.calls, asked.tokens, asked.overlaps, total.failed),
		note: total.trouble(),
	}
	if asked.most != 1 || asked.tokens != b.herds || total.failed > 0 {
		r.failed = r.figure
	}
	return r
}

// together sends the same request on all connections at once.
func together(conns []*conn, request []byte) (outcome, error) {
	all := &target{expect: []byte(`"access_token":"`)}
	parts := make([]outcome, len(conns))
	start := make(chan struct{})
	var g errgroup.Group
	for i, c := range conns {
		g.Go(func() error {
			<-start
			sent := time.Now()
			status, body, err := c.ask(request)
			if err == nil {
				parts[i].note(all, time.Since(sent), status, body)
			}
			return err
		})
	}
	close(start)
	err := g.Wait()
	var total outcome
	for _, part := range parts {
		total.add(part)
	}
	return total, err
}
