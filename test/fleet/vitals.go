package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"latchkey/test/judge"
)

// Metrics returns what the server exposes to Prometheus.
func (p *Process) Metrics(ctx context.Context) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Internal()+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	status, body, err := send(p.client(nil), r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("fleet: /metrics answered %d: %.500s", status, body)
	}
	return body, err
}

// Vitals says what the process uses, by its own account.
func (p *Process) Vitals(ctx context.Context) (v judge.Vitals, err error) {
	text, err := p.Metrics(ctx)
	if err != nil {
		return v, err
	}
	read := func(name string) int64 {
		value, found := metric(text, name)
		if !found {
			err = errors.Join(err, fmt.Errorf("fleet: no metric %s", name))
		}
		return int64(value)
	}
	v.Goroutines, v.FDs, v.RSS = int(read("go_goroutines")), int(read("process_open_fds")), read("process_resident_memory_bytes")
	return v, err
}

// metric finds a metric without labels in an exposition.
func metric(text []byte, name string) (float64, bool) {
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte(name+" ")); ok {
			n, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
			return n, err == nil
		}
	}
	return 0, false
}
