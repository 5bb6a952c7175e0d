package zohosim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server is a simulator that listens.
type Server struct {
	*Sim
	URL  string
	http *http.Server
	done chan error
	stop func() bool
}

// Start listens on addr, or on a free port of 127.0.0.1 when addr is empty, until Close is called
// or ctx ends. An empty BaseURL becomes the address it listens on.
func Start(ctx context.Context, cfg Config, addr string) (*Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", or(addr, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("starting the simulator: %w", err)
	}
	cfg.BaseURL = or(cfg.BaseURL, "http://"+listener.Addr().String())
	s := &Server{Sim: New(cfg), URL: cfg.BaseURL, done: make(chan error, 1)}
	s.http = &http.Server{Handler: s.Sim, ReadHeaderTimeout: 10 * time.Second}
	go func() { s.done <- s.http.Serve(listener) }()
	s.stop = context.AfterFunc(ctx, func() { _ = s.http.Close() })
	return s, nil
}

// Wait returns when the server has stopped: nil after Close or the end of its context.
func (s *Server) Wait() error {
	err := <-s.done
	s.done <- err
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving the simulator: %w", err)
}

// Close stops the server and waits until it no longer listens.
func (s *Server) Close() error {
	s.stop()
	if err := s.http.Close(); err != nil {
		return fmt.Errorf("closing the simulator: %w", err)
	}
	return s.Wait()
}
