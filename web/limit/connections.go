package limit

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
)

// Connections bounds how many connections there are at once, in all and from one
// address. When there is no room the one goes that has waited longest without a
// request in hand, of the address with most connections: who connects and says nothing,
// or says it a byte at a time, makes way for who has something to say, and who comes in
// numbers makes way for who does not.
type Connections struct {
	most    int            // in all; 0: no limit
	each    int            // from one address
	trusted []netip.Prefix // from which any number may come: proxies

	mu      sync.Mutex
	all     int
	from    map[netip.Addr]int
	waiting *list.List // of *conn without a request in hand, the longest wait first
}

// NewConnections returns the limit of most connections, a quarter of them from one
// address. Addresses in trusted are proxies, which bring other people's.
func NewConnections(most int, trusted []netip.Prefix) *Connections {
	return &Connections{most: most, each: (most + 3) / 4, trusted: trusted, from: map[netip.Addr]int{}, waiting: list.New()}
}

// Listener returns l within the limit. Serve it with [Connections.Context] and
// [Connections.Handler].
func (c *Connections) Listener(l net.Listener) net.Listener {
	if c.most <= 0 {
		return l
	}
	return &listener{l, c}
}

// Context is the ConnContext of the server.
func (c *Connections) Context(ctx context.Context, from net.Conn) context.Context {
	if own, ok := from.(*conn); ok {
		return context.WithValue(ctx, key{}, own)
	}
	return ctx
}

// key finds the connection of a request.
type key struct{}

// Handler returns h, for whose requests connections are kept.
func (c *Connections) Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own, ok := r.Context().Value(key{}).(*conn); ok {
			c.busy(own)
			defer c.idle(own)
		}
		h.ServeHTTP(w, r)
	})
}

type listener struct {
	net.Listener
	of *Connections
}

// Accept implements [net.Listener]. Connections beyond the limit are closed unheard.
func (l *listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if own := l.of.admit(raw); own != nil {
			return own, nil
		}
		raw.Close()
	}
}

// conn is a connection that is counted until it is closed.
type conn struct {
	net.Conn
	of      *Connections
	address netip.Addr // the zero Addr is not counted by address
	place   *list.Element
	closed  bool
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.of.leave(c)
	return c.Conn.Close()
}

// CloseWrite lets net/http end an answer before it hangs up.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// admit counts a connection; nil: there is no room for it.
func (c *Connections) admit(raw net.Conn) *conn {
	own := &conn{Conn: raw, of: c, address: c.counted(raw.RemoteAddr())}
	c.mu.Lock()
	if own.address.IsValid() && c.from[own.address] >= c.each {
		c.mu.Unlock()
		return nil
	}
	var last *conn
	if c.all >= c.most {
		if last = c.leastMissed(); last == nil {
			c.mu.Unlock()
			return nil
		}
		c.forget(last)
	}
	c.all++
	if own.address.IsValid() {
		c.from[own.address]++
	}
	own.place = c.waiting.PushBack(own)
	c.mu.Unlock()
	if last != nil {
		last.Conn.Close() // not under the lock: it may take its time
	}
	return own
}

// leastMissed returns the connection that makes way; nil if all are in use. It is called
// with the lock held.
func (c *Connections) leastMissed() *conn {
	var most netip.Addr
	for address, n := range c.from {
		if n > c.from[most] {
			most = address
		}
	}
	for e := c.waiting.Front(); e != nil; e = e.Next() {
		if own := e.Value.(*conn); own.address == most {
			return own
		}
	}
	if front := c.waiting.Front(); front != nil {
		return front.Value.(*conn)
	}
	return nil
}

// counted returns the address by which a connection counts.
func (c *Connections) counted(remote net.Addr) netip.Addr {
	from, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return netip.Addr{}
	}
	a := from.Addr().Unmap()
	if slices.ContainsFunc(c.trusted, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return netip.Addr{}
	}
	return Network(a)
}

func (c *Connections) leave(own *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(own)
}

// forget stops counting a connection. It is called with the lock held.
func (c *Connections) forget(own *conn) {
	if own.closed {
		return
	}
	own.closed = true
	if own.place != nil {
		c.waiting.Remove(own.place)
		own.place = nil
	}
	c.all--
	if own.address.IsValid() {
		if c.from[own.address]--; c.from[own.address] == 0 {
			delete(c.from, own.address)
		}
	}
}

func (c *Connections) busy(own *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if own.place != nil {
		c.waiting.Remove(own.place)
		own.place = nil
	}
}

func (c *Connections) idle(own *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !own.closed && own.place == nil {
		own.place = c.waiting.PushBack(own)
	}
}
