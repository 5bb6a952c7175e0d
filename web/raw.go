package web

import (
	"bytes"
	"net"
	"strings"
)

// Listener returns l with the headers of every answer also on those that net/http
// gives by itself, before there is a request to speak of: to headers that are too
// large, and to what is no HTTP. secure says that tenants are reached over TLS.
func Listener(l net.Listener, secure bool) net.Listener {
	var b strings.Builder
	for _, h := range headersFor(secure) {
		b.WriteString("\r\n" + h.name + ": " + h.values[0])
	}
	return &listener{l, []byte(b.String())}
}

type listener struct {
	net.Listener
	headers []byte
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{c, l.headers}, nil
}

// conn is a connection on which what net/http says by itself is completed.
type conn struct {
	net.Conn
	headers []byte
}

// bare is how such an answer goes on behind its status line, in net/http.
var bare = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Write implements [net.Conn].
func (c *conn) Write(b []byte) (int, error) {
	end := bytes.IndexByte(b[:min(len(b), maxStatusLine)], '\r')
	if end < 0 || !bytes.HasPrefix(b, []byte("HTTP/1.1 ")) || !bytes.HasPrefix(b[end:], bare) {
		return c.Conn.Write(b)
	}
	whole := make([]byte, 0, len(b)+len(c.headers))
	whole = append(append(append(whole, b[:end]...), c.headers...), b[end:]...)
	if _, err := c.Conn.Write(whole); err != nil {
		return 0, err
	}
	return len(b), nil
}

// maxStatusLine is longer than any that net/http writes.
const maxStatusLine = 256

// CloseWrite lets net/http end an answer before it hangs up.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
