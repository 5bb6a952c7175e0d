package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAConnectionIsUsedForManyRequests(t *testing.T) {
	peers := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peers[r.RemoteAddr] = true
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusTeapot)
		}
		fmt.Fprint(w, strings.Repeat(r.URL.Path, 100))
	}))
	defer s.Close()
	c, err := dial(t.Context(), s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, want := range []struct {
		path   string
		status int
	}{{"/one", 200}, {"/no", 418}, {"/longer-than-before", 200}, {"/x", 200}} {
		status, body, err := c.ask([]byte("GET " + want.path + " HTTP/1.1\r\nHost: x\r\n\r\n"))
		if err != nil || status != want.status || string(body) != strings.Repeat(want.path, 100) {
			t.Errorf("%s: got %d %q, %v", want.path, status, body, err)
		}
	}
	if len(peers) != 1 {
		t.Errorf("%d connections were made", len(peers))
	}
}

func TestAnswersThatCannotBeMeasuredAreRefused(t *testing.T) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"SSH-2.0-OpenSSH\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
	} {
		ours, theirs := net.Pipe()
		go func() {
			buffer := make([]byte, 100)
			theirs.Read(buffer)
			theirs.Write([]byte(text))
			theirs.Close()
		}()
		c := newConn(ours)
		if status, body, err := c.ask([]byte("GET / HTTP/1.1\r\n\r\n")); err == nil {
			t.Errorf("%q gave %d %q", text, status, body)
		}
	}
}

func TestALostConnectionIsAnErrorAndAWrongAnswerIsCounted(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, "hello")
	}))
	defer s.Close()
	good, refused := []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), []byte("GET /refused HTTP/1.1\r\nHost: x\r\n\r\n")
	all := &target{address: s.Listener.Addr().String(), requests: [][]byte{good, refused, good}, expect: []byte("hello")}
	o, err := all.closed(t.Context(), 2, onceEach(0, 3))
	if err != nil || len(o.latencies) != 2 || o.failed != 1 || !strings.Contains(o.trouble(), "403 hello") {
		t.Errorf("got %+v, %v", o, err)
	}
	s.Close()
	var refusal *net.OpError
	if _, err := all.closed(t.Context(), 2, onceEach(0, 3)); !errors.As(err, &refusal) {
		t.Errorf("got %v of a server that is gone", err)
	}
}
