package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// target is a server with the requests that it is asked.
type target struct {
	address  string
	requests [][]byte
	// expect is in the body of every answer that counts; nil: anything is.
	expect []byte
}

// outcome is what came of a run of requests.
type outcome struct {
	latencies []time.Duration // of the answers that count, in no order
	elapsed   time.Duration
	failed    int
	failure   string // of the first that failed
}

func (o *outcome) perSecond() float64 { return float64(len(o.latencies)) / o.elapsed.Seconds() }

// add joins the outcome of another connection.
func (o *outcome) add(other outcome) {
	o.latencies = append(o.latencies, other.latencies...)
	if o.failed == 0 {
		o.failure = other.failure
	}
	o.failed += other.failed
}

// note enters one answer.
func (o *outcome) note(t *target, latency time.Duration, status int, body []byte) {
	if status == http.StatusOK && bytes.Contains(body, t.expect) {
		o.latencies = append(o.latencies, latency)
		return
	}
	if o.failed++; o.failed == 1 {
		o.failure = fmt.Sprintf("%d %.300s", status, body)
	}
}

// trouble says what failed, nothing if nothing did.
func (o *outcome) trouble() string {
	if o.failed == 0 {
		return ""
	}
	return fmt.Sprintf("%d failed, first: %s", o.failed, o.failure)
}

// closed asks on so many connections at once, each its next request when the last
// is answered. next returns the index of a request, or a negative one to end; it is
// called by all of them.
func (t *target) closed(ctx context.Context, connections int, next func() int) (outcome, error) {
	conns, err := dialAll(ctx, connections, t.address)
	if err != nil {
		return outcome{}, err
	}
	defer closeAll(conns)
	var (
		mu    sync.Mutex // guards total and fault
		total outcome
		fault error
		wg    sync.WaitGroup
	)
	began := time.Now()
	for _, c := range conns {
		wg.Go(func() {
			own, err := t.keepAsking(ctx, c, next)
			mu.Lock()
			defer mu.Unlock()
			total.add(own)
			if fault == nil {
				fault = err
			}
		})
	}
	wg.Wait()
	total.elapsed = time.Since(began)
	return total, fault
}

func (t *target) keepAsking(ctx context.Context, c *conn, next func() int) (own outcome, err error) {
	for ctx.Err() == nil {
		i := next()
		if i < 0 {
			return own, nil
		}
		sent := time.Now()
		status, body, err := c.ask(t.requests[i])
		if err != nil {
			return own, fmt.Errorf("asking %s: %w", t.address, err)
		}
		own.note(t, time.Since(sent), status, body)
	}
	return own, ctx.Err()
}

// dialAll opens connections to the addresses in turn.
func dialAll(ctx context.Context, n int, addresses ...string) ([]*conn, error) {
	var conns []*conn
	for i := range n {
		c, err := dial(ctx, addresses[i%len(addresses)])
		if err != nil {
			closeAll(conns)
			return nil, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

func closeAll(conns []*conn) {
	for _, c := range conns {
		c.Close()
	}
}

// during picks any of n requests for so long.
func during(d time.Duration, n int) func() int {
	end := time.Now().Add(d)
	return func() int {
		if time.Now().After(end) {
			return -1
		}
		return rand.IntN(n)
	}
}

// onceEach picks each of the requests from first up to end once.
func onceEach(first, end int) func() int {
	var taken atomic.Int64
	return func() int {
		if i := first + int(taken.Add(1)) - 1; i < end {
			return i
		}
		return -1
	}
}
