package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
	"time"
)

// FreePort finds a TCP port that nobody listens at. It is none of those that
// systems give to outgoing connections, so that it stays free while whoever
// listens at it is down for a while.
func FreePort(ctx context.Context) (int, error) {
	l, err := listenSomewhere(ctx)
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// listenSomewhere listens at a port as [FreePort] finds.
func listenSomewhere(ctx context.Context) (net.Listener, error) {
	const first, last, tries = 10_000, 32_000, 100
	var err error
	for range tries {
		var l net.Listener
		address := fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(last-first))
		if l, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("fleet: finding a free port: %w", err)
}

// listenAgain listens at an address where we listened before. A program that was
// started meanwhile may keep it taken for a moment, having inherited it.
func listenAgain(ctx context.Context, address string) (net.Listener, error) {
	for deadline := time.Now().Add(startPatience); ; time.Sleep(10 * time.Millisecond) {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return l, err
		}
	}
}
