package walls_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// recorder stands between the server and PostgreSQL and takes down what statements are
// run. Prepared ones have names that follow from their text.
type recorder struct {
	mu  sync.Mutex
	ran []string
}

// record returns the address of a database by way of a recorder.
func record(t testing.TB, address string) (string, *recorder) {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	rec, to := &recorder{}, u.Host
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			go rec.pass(t, here, to)
		}
	}()
	u.Host = l.Addr().String()
	return u.String(), rec
}

func (r *recorder) pass(t testing.TB, here net.Conn, to string) {
	defer here.Close()
	var dialer net.Dialer
	there, err := dialer.DialContext(t.Context(), "tcp", to)
	if err != nil {
		return
	}
	defer there.Close()
	go func() {
		_, _ = io.Copy(here, there) // it ends with either
		here.Close()
	}()
	_ = r.read(here, there) // it ends with either
}

// read passes on the messages of a client. The first has no type.
func (r *recorder) read(from io.Reader, to io.Writer) error {
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[:4]
		}
		if _, err := io.ReadFull(from, head); err != nil {
			return err
		}
		size := int(binary.BigEndian.Uint32(head[len(head)-4:])) - 4
		if size < 0 || size > 1<<24 {
			return errors.New("no message")
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(from, body); err != nil {
			return err
		}
		if !first {
			r.take(head[0], body)
		}
		if _, err := to.Write(append(head, body...)); err != nil {
			return err
		}
	}
}

// take takes down a query, or the name of the statement that is bound.
func (r *recorder) take(kind byte, body []byte) {
	texts := strings.SplitN(string(body), "\x00", 3)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case kind == 'Q':
		r.ran = append(r.ran, texts[0])
	case kind == 'B' && len(texts) > 1:
		r.ran = append(r.ran, texts[1])
	}
}

// taken returns what ran since it was asked last.
func (r *recorder) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ran := r.ran
	r.ran = nil
	return ran
}
