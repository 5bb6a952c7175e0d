package freeze_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// wire is the way to a database, which can be cut.
type wire struct {
	t        *testing.T
	listener net.Listener
	direct   string

	mu     sync.Mutex
	target string
	down   bool
	open   map[net.Conn]bool
}

func newWire(t *testing.T) *wire {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, listener: listener, open: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		w.cut()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { w.serve(conn) })
		}
	})
	return w
}

// through is the address of the database by way of the wire.
func (w *wire) through(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.target, w.direct = u.Host, database
	w.mu.Unlock()
	u.Host = w.listener.Addr().String()
	return u.String()
}

func (w *wire) serve(conn net.Conn) {
	defer conn.Close()
	w.mu.Lock()
	target := w.target
	w.mu.Unlock()
	other, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", target)
	if err != nil {
		return
	}
	defer other.Close()
	if !w.keep(conn, other) {
		return
	}
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{conn, other}, {other, conn}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			conn.Close()
			other.Close()
		})
	}
	both.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, conn)
	delete(w.open, other)
}

func (w *wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		if !w.down {
			w.open[c] = true
		}
	}
	return !w.down
}

// cut breaks all connections and lets no new ones through.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for c := range w.open {
		c.Close()
	}
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}
