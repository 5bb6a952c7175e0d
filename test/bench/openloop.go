package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// timetable says when each request of an open loop is to be sent, whatever became
// of those before it.
type timetable struct {
	start time.Time
	every time.Duration
	count int
}

func newTimetable(start time.Time, perSecond int, d time.Duration) timetable {
	return timetable{start, time.Second / time.Duration(perSecond), int(d.Seconds() * float64(perSecond))}
}

func (t timetable) at(i int) time.Time { return t.start.Add(time.Duration(i) * t.every) }

// keep sends the index of each request on out when its time has come. sleep is
// told how long that is.
func (t timetable) keep(ctx context.Context, sleep func(time.Duration), out chan<- int) {
	defer close(out)
	for i := range t.count {
		if wait := time.Until(t.at(i)); wait > 0 {
			sleep(wait)
		}
		if ctx.Err() != nil {
			return
		}
		out <- i
	}
}

// run has each request done by the next free worker. A latency is counted from
// the time in the timetable: one that waited for a worker, because the server kept
// those waiting that came before, has waited for the server.
func (t timetable) run(ctx context.Context, sleep func(time.Duration), workers int, do func(worker, i int) error, done func(worker, i int, latency time.Duration)) error {
	due := make(chan int, t.count) // the timetable never waits for a worker
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { t.keep(ctx, sleep, due); return nil })
	for w := range workers {
		g.Go(func() error {
			for i := range due {
				if err := do(w, i); err != nil {
					return err
				}
				done(w, i, time.Since(t.at(i)))
			}
			return nil
		})
	}
	return g.Wait()
}

// open asks so many times a second for a while, on up to so many connections.
func (t *target) open(ctx context.Context, connections, perSecond int, d time.Duration) (outcome, error) {
	conns, err := dialAll(ctx, connections, t.address)
	if err != nil {
		return outcome{}, err
	}
	defer closeAll(conns)
	type answer struct {
		status int
		body   []byte
	}
	var (
		mu    sync.Mutex // guards total
		total outcome
	)
	answers := make([]answer, connections)
	next := during(24*time.Hour, len(t.requests))
	began := time.Now()
	err = newTimetable(began.Add(10*time.Millisecond), perSecond, d).run(ctx, sleepExactly, connections,
		func(w, _ int) (err error) {
			answers[w].status, answers[w].body, err = conns[w].ask(t.requests[next()])
			if err != nil {
				err = fmt.Errorf("asking %s: %w", t.address, err)
			}
			return err
		},
		func(w, _ int, latency time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			total.note(t, latency, answers[w].status, answers[w].body)
		})
	total.elapsed = time.Since(began)
	return total, err
}

// sleepExactly sleeps to some tens of microseconds. The runtime's timers wait in
// whole milliseconds once the process is idle, which is more than an answer takes.
func sleepExactly(d time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	nanosleep(d)
}
