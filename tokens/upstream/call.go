package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
)

// call is one request.
type call struct {
	what     string // for error texts
	method   string
	url      string
	header   http.Header
	form     url.Values // nil: no body
	notAfter time.Time  // zero: no matter
}

// do sends w once. Its error is a *callError that holds a *tokens.Failure.
func (c *Client) do(ctx context.Context, w call) (*http.Response, error) {
	sent := &gate{notAfter: w.notAfter}
	if err := c.checkAddress(w.url); err != nil {
		return nil, w.unanswered(err, sent)
	}
	req, err := http.NewRequestWithContext(ctx, w.method, w.url, nil)
	if err != nil {
		return nil, w.unanswered(errBadAddress, sent)
	}
	if w.header != nil {
		req.Header = w.header
	}
	req.Header.Set("Accept", "application/json")
	if w.form != nil {
		form := w.form.Encode()
		// Without GetBody net/http cannot send it again.
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(form)), int64(len(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req = req.WithContext(sent.trace(ctx))
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, w.unanswered(err, sent)
	}
	return resp, nil
}

// gate knows whether a request was sent. It stands at the last moment: the
// headers are in the connection's buffer, and nothing was written yet.
type gate struct {
	notAfter time.Time
	state    atomic.Int32
	conn     net.Conn
}

const (
	untouched int32 = iota
	passed          // bytes may have been written
	shut            // none were and none will be
)

// trace returns a context in which a request passes the gate.
func (g *gate) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) { g.conn = got.Conn },
		WroteHeaders: func() {
			if g.tooLate() && g.shut() || !g.pass() {
				g.conn.Close() // nothing else keeps net/http from writing now
			}
		},
	})
}

func (g *gate) tooLate() bool { return !g.notAfter.IsZero() && time.Now().After(g.notAfter) }

// pass reports whether bytes may be written now.
func (g *gate) pass() bool {
	return g.state.CompareAndSwap(untouched, passed) || g.state.Load() == passed
}

// shut makes sure that nothing will be sent and returns true, or returns false if
// something may have been.
func (g *gate) shut() bool {
	return g.state.CompareAndSwap(untouched, shut) || g.state.Load() == shut
}

// callError is a call without an answer. Its text is in words of our own, because
// those of net/http quote URLs and what a server sent.
type callError struct {
	what, host, reason string
	causes             []error // what callers may look for
}

// Error implements error.
func (e *callError) Error() string { return e.what + " to " + e.host + ": " + e.reason }

// Unwrap implements the contract of [errors.Is].
func (e *callError) Unwrap() []error { return e.causes }

// unanswered explains err, the lack of an answer to w.
func (w call) unanswered(err error, g *gate) *callError {
	late, sent := g.tooLate(), !g.shut()
	e := &callError{what: w.what, host: hostOf(w.url), reason: reason(err, sent)}
	if late && !sent {
		e.reason = "too late to send; nothing was sent"
	}
	e.causes = []error{&tokens.Failure{Code: authmethods.CodeProviderDown, Unanswered: sent}}
	var refused *AddressError
	if errors.As(err, &refused) {
		e.causes = append(e.causes, refused)
	}
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, cause) {
			e.causes = append(e.causes, cause)
		}
	}
	return e
}

// hostOf is all of an address that an error text may hold.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return "an address without a host"
}

var errBadAddress = errors.New("upstream: the address is not a complete https address")

// reason says in words of our own why there was no answer.
func reason(err error, sent bool) string {
	var (
		refused *AddressError
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		op      *net.OpError
		timeout net.Error
	)
	switch {
	case errors.As(err, &refused):
		return refused.Error()
	case errors.Is(err, errBadAddress):
		return "it is not a complete https address"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the host name is not known"
	case errors.As(err, &dns):
		return "the host name could not be looked up"
	case errors.As(err, &cert):
		return "its certificate is not trusted"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &op) && op.Op == "dial":
		return "no connection"
	case sent:
		return "the connection ended before an answer came"
	}
	return "no connection, nothing was sent"
}

// checkAddress refuses what is not an https address, or an http address that the
// guard might let through.
func (c *Client) checkAddress(raw string) error {
	const longest = 8192 // some revoke by a token in the query
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] > '~' || raw[i] == '\\' {
			return errBadAddress
		}
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || len(raw) > longest || u.Hostname() == "" || u.User != nil || strings.Contains(raw, "#"):
		return errBadAddress
	case u.Scheme == "https", u.Scheme == "http" && c.guard.MayHTTP(u.Hostname()):
		return nil
	}
	return errBadAddress
}
