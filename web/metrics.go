package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"latchkey/tokens"
	"latchkey/web/route"
)

// metrics counts requests and loans. Labels come from our own tables only, so that
// nobody can make more of them.
type metrics struct {
	requests   *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	loans      *prometheus.CounterVec
	rejections *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_http_requests_total", Help: "Requests answered.",
		}, []string{"listener", "method", "route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "latchkey_http_request_duration_seconds", Help: "Time from request to answer.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"listener", "route"}),
		loans: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_loans_total", Help: "Tokens lent, by where they came from.",
		}, []string{"source"}),
		rejections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_rejections_total", Help: "Reports that a provider refused a token, by what became of them.",
		}, []string{"verdict"}),
	}
	r.MustRegister(m.requests, m.durations, m.loans, m.rejections)
	return m
}

func (m *metrics) request(l route.Listener, method, path string, status int, took time.Duration) {
	name := listenerName(l)
	m.requests.WithLabelValues(name, method, path, fmt.Sprintf("%dxx", status/100)).Inc()
	m.durations.WithLabelValues(name, path).Observe(took.Seconds())
}

func (m *metrics) lent(s tokens.Source)      { m.loans.WithLabelValues(string(s)).Inc() }
func (m *metrics) rejected(o tokens.Outcome) { m.rejections.WithLabelValues(string(o)).Inc() }

// exposition shows everything that is registered, not only what is counted here.
func exposition(handler http.Handler) func(*route.Call) error {
	return func(c *route.Call) error {
		handler.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}
