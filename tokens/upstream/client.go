package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sync/singleflight"
)

// The bounds of every call.
const (
	callTimeout   = 20 * time.Second // in all, with the body
	dialTimeout   = 5 * time.Second
	tlsTimeout    = 5 * time.Second
	headerTimeout = 10 * time.Second

	maxHeaderBytes = 64 << 10
	maxTokenBody   = 256 << 10
	maxBody        = 1 << 20 // of anything else

	// idleTimeout is shorter than that of the servers with the shortest (5 s), so
	// that hardly a request meets a connection about to be closed.
	idleTimeout = 4 * time.Second
)

// Options say what may be called. The zero Options are the internet, at port 443
// and at those that no well-known service has.
type Options struct {
	// Allow lists networks that are exempt from the guard, and for whose addresses
	// http and any port are accepted.
	Allow []netip.Prefix
	// Roots are the certificate authorities to trust; nil: those of the system.
	Roots *x509.CertPool
}

// Client makes calls to providers. It is safe for concurrent use.
type Client struct {
	http    *http.Client
	guard   Guard
	known   discoveries
	flights singleflight.Group
	now     func() time.Time
}

// New returns a Client.
func New(o Options) *Client {
	return &Client{
		http:  NewHTTPClient(o),
		guard: NewGuard(o.Allow),
		known: discoveries{entries: map[string]discovery{}},
		now:   time.Now,
	}
}

// HTTPClient returns the guarded client that c uses, for other libraries.
func (c *Client) HTTPClient() *http.Client { return c.http }

// NewHTTPClient returns a client that dials only what a [Guard] lets through,
// knows no proxy and no cookies, follows no redirect, repeats no request that has
// a body, and bounds time and size of every answer.
func NewHTTPClient(o Options) *http.Client {
	g := NewGuard(o.Allow)
	return &http.Client{
		Transport:     &transport{secure: newTransport(g, "https", o.Roots), plain: newTransport(g, "http", nil)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       callTimeout,
	}
}

// newTransport serves one scheme only: a dialler is not told for which it dials,
// and the guard must know.
func newTransport(g Guard, scheme string, roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		Control: func(network, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || (network != "tcp4" && network != "tcp6") {
				return &AddressError{to, "it is not a TCP address"}
			}
			return g.Check(scheme, to)
		},
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true) // HTTP/2 has its own rules for sending again
	return &http.Transport{
		DialContext:           dialer.DialContext,
		Protocols:             &protocols,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   tlsTimeout,
		ResponseHeaderTimeout: headerTimeout,
		IdleConnTimeout:       idleTimeout,
		// No fewer connections than requests are let through at once.
		MaxConnsPerHost:        128,
		MaxIdleConnsPerHost:    64,
		MaxIdleConns:           256,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
		// Room for headers and body together, so that nothing is on the wire when a
		// gate is passed.
		WriteBufferSize: 16 << 10,
	}
}

// transport holds all requests and answers to the rules, whoever makes them.
type transport struct {
	secure, plain *http.Transport
}

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	if own.Header == nil {
		own.Header = http.Header{}
	}
	own.Header.Set("User-Agent", "Latchkey")
	own.Header.Set("Accept-Encoding", "identity")
	// Either would permit net/http to send a POST again.
	own.Header.Del("Idempotency-Key")
	own.Header.Del("X-Idempotency-Key")
	own.GetBody = nil
	by := t.secure
	if own.URL.Scheme == "http" {
		by = t.plain
	}
	resp, err := by.RoundTrip(own)
	if err != nil {
		return nil, err
	}
	// Nobody is to follow it, and http.Client fails on one that it cannot parse.
	resp.Header.Del("Location")
	resp.Body = &boundedBody{resp.Body, maxBody}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections work.
func (t *transport) CloseIdleConnections() {
	t.secure.CloseIdleConnections()
	t.plain.CloseIdleConnections()
}

var errBodyTooLong = errors.New("upstream: the body is too long")

// boundedBody fails where a body exceeds its bound, unlike [io.LimitReader],
// which would make it look whole.
type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		var one [1]byte
		if n, err := b.ReadCloser.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, errBodyTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
