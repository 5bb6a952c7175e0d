package limit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

// serve runs a server whose handler waits for hold, if asked to.
func serve(t *testing.T, c *Connections, hold <-chan struct{}) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{
		ReadHeaderTimeout: time.Minute, ConnContext: c.Context,
		Handler: c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hold" {
				io.WriteString(w, "held")
				w.(http.Flusher).Flush()
				<-hold
			}
			io.WriteString(w, "done")
		})),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(c.Listener(l)) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
		if c.all != 0 || len(c.from) != 0 || c.waiting.Len() != 0 {
			t.Errorf("after the end %d connections of %d addresses are counted", c.all, len(c.from))
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// gone waits until the other side has hung up.
func gone(conn net.Conn) bool {
	_, err := io.Copy(io.Discard, conn)
	_ = err // it may be a reset: gone all the same
	return true
}

func ask(conn net.Conn, path string) (*bufio.Reader, error) {
	_, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return nil, err
	}
	if path == "/hold" {
		return r, nil // its body goes on
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return r, errors.Join(err, resp.Body.Close())
}

func TestWhoSaysNothingMakesWayAndWhoIsServedStays(t *testing.T) {
	hold := make(chan struct{})
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	address := serve(t, NewConnections(3, trusted), hold)
	served := dial(t, address)
	if _, err := ask(served, "/hold"); err != nil {
		t.Fatal(err)
	}
	silent, dripping := dial(t, address), dial(t, address)
	if _, err := io.WriteString(dripping, "GET / HT"); err != nil {
		t.Fatal(err)
	}
	for range 20 { // each needs room that only the silent can make
		if _, err := ask(dial(t, address), "/"); err != nil {
			t.Fatalf("somebody with something to say was not heard: %v", err)
		}
	}
	if !gone(silent) || !gone(dripping) {
		t.Error("who says nothing stays")
	}
	close(hold)
	rest, err := io.ReadAll(io.LimitReader(served, 12))
	if err != nil || len(rest) == 0 {
		t.Errorf("who was being served got %q: %v", rest, err)
	}
}

func TestOneAddressHasAQuarterOfTheConnections(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	c := NewConnections(8, nil)
	address := serve(t, c, hold)
	for range 2 {
		if _, err := ask(dial(t, address), "/"); err != nil {
			t.Fatal(err)
		}
	}
	if !gone(dial(t, address)) {
		t.Error("a third connection stays")
	}
}

func TestWhoComesInNumbersMakesWayFirst(t *testing.T) {
	c := NewConnections(8, nil)
	come := func(address string) *conn {
		near, far := net.Pipe()
		t.Cleanup(func() { near.Close(); far.Close() })
		return c.admit(&placed{near, address})
	}
	patient := come("192.0.2.1:1000") // has waited longest of all
	var crowd []*conn
	for i := range 20 {
		crowd = append(crowd, come(fmt.Sprintf("192.0.2.%d:1000", 2+i%4)))
	}
	if patient.closed {
		t.Error("the one connection of an address made way for a crowd")
	}
	left := 0
	for _, each := range crowd {
		if each != nil && !each.closed {
			left++
		}
	}
	if left != 7 || c.all != 8 {
		t.Errorf("%d of the crowd are left, %d in all", left, c.all)
	}
}

// placed is a connection from an address.
type placed struct {
	net.Conn
	address string
}

func (p *placed) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(p.address))
}
