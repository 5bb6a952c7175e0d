package postgres

import (
	"context"
	"errors"
	"sync"
	"testing"
)

// shared is the server of this process. It is the one variable here that varies:
// tests of one process have nothing else in common that could hold it.
var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// template is the empty database that every PostgreSQL server has.
const template = "template0"

// URL returns the address of an empty database that is dropped when the test
// ends, as the role that owns it; [Served] and [Past] tell of others. Where PostgreSQL
// is missing the test fails, or under -short is skipped.
func URL(t testing.TB) string {
	t.Helper()
	return made(t, running(t), template)
}

// CopyOf is [URL] for a database that holds what fill puts into an empty one. On a
// server of ours fill is called once a process and copied, so all callers give the same
// one; it leaves no connection behind.
func CopyOf(t testing.TB, fill func(address string) error) string {
	t.Helper()
	s := running(t)
	if s.folder == nil {
		address := made(t, s, template)
		if err := fill(address); err != nil {
			t.Fatal(err)
		}
		return address
	}
	original, err := s.original(context.WithoutCancel(t.Context()), fill)
	if err != nil {
		t.Fatal(err)
	}
	return made(t, s, original)
}

// original returns the name of the database that fill filled.
func (s *Server) original(ctx context.Context, fill func(address string) error) (string, error) {
	s.filling.Lock()
	defer s.filling.Unlock()
	if s.filled != "" {
		return s.filled, nil
	}
	name, address, err := s.create(ctx, template)
	if err == nil {
		err = fill(address)
	}
	if err == nil {
		s.filled = name
	}
	return name, err
}

func running(t testing.TB) *Server {
	t.Helper()
	s, err := sharedServer()
	if errors.Is(err, errMissing) && testing.Short() {
		t.Skipf("skipped, because of -short: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// made makes a copy of a database for the time of a test.
func made(t testing.TB, s *Server, original string) string {
	t.Helper()
	name, address, err := s.create(t.Context(), original)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context()) // the test's own ends before its cleanups
	t.Cleanup(func() {
		if err := s.drop(ctx, name); err != nil {
			t.Error(err)
		}
	})
	return address
}

// Stop stops the server of this process if one was started. A TestMain may call
// it after m.Run to leave nothing behind; without it the data stays until the
// next test process takes it away.
func Stop() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.Stop()
	}
	shared.server, shared.err = nil, nil
}

func sharedServer() (*Server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = Start()
	}
	return shared.server, shared.err
}
