package web

import (
	"fmt"
	"net/http"
	"sync"
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

	mu    sync.RWMutex // guards known
	known map[series]*measured
	lends map[tokens.Source]prometheus.Counter
}

// series is what requests are counted by.
type series struct {
	listener     route.Listener
	method, path string
	class        int // of the status
}

// measured are the metrics of a series, looked up once.
type measured struct {
	requests  prometheus.Counter
	durations prometheus.Observer
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		known: map[series]*measured{}, lends: map[tokens.Source]prometheus.Counter{},
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
	for _, s := range []tokens.Source{tokens.FromMemory, tokens.FromStore, tokens.Refreshed} {
		m.lends[s] = m.loans.WithLabelValues(string(s))
	}
	return m
}

func (m *metrics) request(l route.Listener, method, path string, status int, took time.Duration) {
	of := m.of(series{l, method, path, status / 100})
	of.requests.Inc()
	of.durations.Observe(took.Seconds())
}

// of returns the metrics of a series, which it looks up once.
func (m *metrics) of(key series) *measured {
	m.mu.RLock()
	found := m.known[key]
	m.mu.RUnlock()
	if found != nil {
		return found
	}
	name := listenerName(key.listener)
	found = &measured{
		m.requests.WithLabelValues(name, key.method, key.path, fmt.Sprintf("%dxx", key.class)), m.durations.WithLabelValues(name, key.path),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[key] = found // or once more, which is the same
	return found
}

func (m *metrics) lent(s tokens.Source)      { m.lends[s].Inc() }
func (m *metrics) rejected(o tokens.Outcome) { m.rejections.WithLabelValues(string(o)).Inc() }

// exposition shows everything that is registered, not only what is counted here.
func exposition(handler http.Handler) func(*route.Call) error {
	return func(c *route.Call) error {
		handler.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}
