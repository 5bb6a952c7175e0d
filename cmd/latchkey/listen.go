package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// listen opens a listener on HOST:PORT or unix:PATH.
func listen(ctx context.Context, address string) (net.Listener, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
		if err := removeStaleSocket(ctx, path); err != nil {
			return nil, err
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, network, address)
	if err != nil {
		return nil, &refusal{
			what:  "Cannot listen on " + address + ".",
			cause: "Another program uses it, or the address is not this machine's.",
			do:    "Stop the other program, or choose another address.",
			err:   err,
		}
	}
	return l, nil
}

// removeStaleSocket removes the socket of a server that was killed. One that
// somebody still answers on stays.
func removeStaleSocket(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &refusal{what: "The socket " + path + " cannot be made.", err: err}
	}
	if info.Mode().Type() != fs.ModeSocket {
		return &refusal{what: path + " is there and is no socket.", do: "Choose another path with LATCHKEY_INTERNAL_LISTEN."}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		conn.Close()
		return &refusal{what: "Somebody answers on the socket " + path + ".", cause: "Another Latchkey runs.", do: "Stop it, or choose another path."}
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return nil // listening itself will say what is wrong
	}
	return os.Remove(path)
}

// shown is a listener's address as it is configured and printed.
func shown(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return "unix:" + l.Addr().String()
	}
	return l.Addr().String()
}
