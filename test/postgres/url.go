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

// URL returns the address of an empty database that is dropped when the test
// ends, as the role that owns it; [Served] and [Past] tell of others. Where PostgreSQL is missing the test fails, or under -short is skipped.
func URL(t testing.TB) string {
	t.Helper()
	s, err := sharedServer()
	if errors.Is(err, errMissing) && testing.Short() {
		t.Skipf("skipped, because of -short: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name, address, err := s.create(t.Context())
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
