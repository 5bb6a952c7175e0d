package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// patience bounds one request, so that a server that hangs ends the run.
const patience = 30 * time.Second

// conn is a keep-alive HTTP/1.1 connection that does as little as it can: requests
// are ready bytes, and of an answer only the status and the length are read.
type conn struct {
	net.Conn
	r    *bufio.Reader
	body []byte // of the last answer, until the next
}

func dial(ctx context.Context, address string) (*conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	return newConn(c), nil
}

func newConn(c net.Conn) *conn { return &conn{Conn: c, r: bufio.NewReaderSize(c, 8<<10)} }

// ask sends a request and reads its answer.
func (c *conn) ask(request []byte) (status int, body []byte, err error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	if _, err := c.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if status, err = statusOf(line); err != nil {
		return 0, nil, err
	}
	size, err := c.readHeader()
	if err != nil {
		return 0, nil, err
	}
	if cap(c.body) < size {
		c.body = make([]byte, size)
	}
	c.body = c.body[:size]
	_, err = io.ReadFull(c.r, c.body)
	return status, c.body, err
}

// statusOf reads "HTTP/1.1 200 OK".
func statusOf(line []byte) (int, error) {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 {
		return 0, fmt.Errorf("not an answer: %q", line)
	}
	return strconv.Atoi(string(rest[:3]))
}

var errNoLength = errors.New("an answer without Content-Length, which this client does not read")

// readHeader reads to the end of the header and returns the length of the body.
func (c *conn) readHeader() (int, error) {
	size := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		const name = "content-length:"
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			if size, err = strconv.Atoi(string(bytes.TrimSpace(line[len(name):]))); err != nil || size < 0 {
				return 0, fmt.Errorf("the length of an answer: %q", line)
			}
		}
	}
	if size < 0 {
		return 0, errNoLength
	}
	return size, nil
}
