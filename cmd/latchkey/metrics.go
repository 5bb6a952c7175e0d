package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"latchkey/tokens"
)

// newMetrics is where everything that is counted comes together.
func newMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// countRefreshes returns what counts token requests in r. The outcome is ok or the
// code of a problem.
func countRefreshes(r prometheus.Registerer) func(*tokens.Failure, time.Duration) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "latchkey_token_requests_total", Help: "Requests for new tokens, by what became of them.",
	}, []string{"outcome"})
	durations := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "latchkey_token_request_duration_seconds", Help: "Time that providers took to answer requests for new tokens.",
		Buckets: []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
	})
	r.MustRegister(requests, durations)
	return func(f *tokens.Failure, took time.Duration) {
		outcome := "ok"
		if f != nil {
			outcome = string(f.Code)
		}
		requests.WithLabelValues(outcome).Inc()
		durations.Observe(took.Seconds())
	}
}
