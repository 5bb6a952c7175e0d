package main

import (
	"context"
	"fmt"
	"time"
)

// footprint measures what a server costs that does nothing: memory, idle CPU, and
// the time to start.
func (b *bench) footprint(ctx context.Context) error {
	for _, of := range []struct {
		connections      int
		memory, memoryBy float64 // must and aim, MiB
	}{{0, 40, 25}, {b.loaded, 200, 110}, {b.huge, 256, 128}} {
		i, err := b.fresh(ctx, sqlite, of.connections)
		if err != nil {
			return err
		}
		if err := b.resting(ctx, i, of.memory, of.memoryBy); err != nil {
			return err
		}
		if of.connections == 0 {
			continue
		}
		if err := b.starting(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// resting has a server lend every connection once, and looks at it when it has
// nothing more to do.
func (b *bench) resting(ctx context.Context, i *installation, must, aim float64) error {
	p, err := b.serve(ctx, i)
	if err != nil {
		return err
	}
	defer p.stop()
	asked, err := b.askAll(ctx, p, i)
	if err != nil {
		return err
	}
	settled, err := p.settle(ctx, b.patience)
	if err != nil {
		return err
	}
	now, peak, err := residentSet(p.pid())
	if err != nil {
		return err
	}
	name := "memory, empty"
	if i.connections > 0 {
		name = fmt.Sprintf("memory, %d connections", i.connections)
	}
	b.report.add(row{
		what: name, value: mebibytes(now), unit: "MiB", must: must, aim: aim,
		figure: fmt.Sprintf("%.0f MiB, %.0f at most; %d asked once; looked at %s later", mebibytes(now), mebibytes(peak), asked, settled.Round(time.Second)),
	})
	if i.connections == 0 {
		return nil
	}
	return b.idling(ctx, p, i.connections)
}

// askAll has the server lend every connection once, or as many as there is time
// for, and returns how many.
func (b *bench) askAll(ctx context.Context, p *process, i *installation) (int, error) {
	all := i.target(p, 0, i.connections, "")
	end := time.Now().Add(b.asking)
	each := onceEach(0, i.connections)
	o, err := all.closed(ctx, 16, func() int {
		if time.Now().After(end) {
			return -1
		}
		return each()
	})
	if trouble := o.trouble(); err == nil && trouble != "" {
		err = fmt.Errorf("asking for every connection: %s", trouble)
	}
	return len(o.latencies), err
}

func (b *bench) idling(ctx context.Context, p *process, connections int) error {
	idle, err := p.during(func() (outcome, error) { return outcome{}, wait(ctx, b.idle) })
	if err != nil {
		return err
	}
	b.report.add(row{
		what: fmt.Sprintf("idle CPU, %d connections", connections), unit: "%", must: 0.5, aim: 0.1,
		value:  100 * idle.cpu.Seconds() / b.idle.Seconds(),
		figure: fmt.Sprintf("%s in %s", idle.cpu, b.idle),
	})
	return nil
}

// starting starts a server several times on the same database.
func (b *bench) starting(ctx context.Context, i *installation) error {
	var took []float64
	for range b.starts {
		p, err := b.serve(ctx, i)
		if err != nil {
			return err
		}
		took = append(took, milliseconds(p.started))
		p.stop()
	}
	b.report.add(row{
		what: fmt.Sprintf("start, %d connections", i.connections), unit: "ms", must: 250, aim: 100, value: median(took),
		figure: fmt.Sprintf("median of %d until /readyz says 200", b.starts),
	})
	return nil
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
