package kms

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"

	"latchkey/crypto/seal"
)

// maxAnswer is far above any wrapped key.
const maxAnswer = 64 << 10

// newClient returns a client that goes where it is told and nowhere else: no proxy, no
// redirects. ca is a file of certificates; empty: the system's.
func newClient(ca string) (*http.Client, error) {
	t := &http.Transport{
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: patience, ResponseHeaderTimeout: patience, MaxIdleConnsPerHost: 4, IdleConnTimeout: 10 * patience,
		MaxResponseHeaderBytes: maxAnswer, ForceAttemptHTTP2: true,
	}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("reading the certificates to trust: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", ca)
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// encrypted reports whether what is sent to an address cannot be read on the way.
func encrypted(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// answer is what a service says: what was asked for, or why not.
type answer struct {
	status int
	body   []byte
}

// post sends in as JSON and returns the answer. An error is a failure on the way.
func post(ctx context.Context, c *http.Client, address string, header http.Header, in any) (answer, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return answer{}, err
	}
	defer clear(text)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	return answer{resp.StatusCode, body}, err
}

// sort turns an answer into out, or tells which kind of failure it is. What is wrong
// with what was sent can, when a key is unwrapped, only be that it is not what was
// wrapped.
func (a answer) sort(doing string, unwrapping bool, why string, out any) error {
	said := fmt.Errorf("it answered %d %.200q", a.status, why)
	switch {
	case a.status == http.StatusOK:
		if err := json.Unmarshal(a.body, out); err != nil {
			return away(doing, fmt.Errorf("its answer cannot be read: %w", err))
		}
		return nil
	case a.status == http.StatusBadRequest && unwrapping:
		return fmt.Errorf("%s: %w: %w", doing, seal.ErrTampered, said)
	case a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout, a.status >= 500:
		return away(doing, said)
	}
	return refused(doing, said)
}
