package signin

import (
	"context"
	"sync"
	"time"

	"latchkey/authmethods"
)

// starts counts sign-ins that began and were not written down yet.
type starts struct {
	mu     sync.Mutex
	counts map[start]int64
}

type start struct {
	tenant    authmethods.TenantID
	connector authmethods.ID
}

func (s *starts) add(tenant authmethods.TenantID, connector authmethods.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[start]int64{}
	}
	s.counts[start{tenant, connector}]++ // as many as there are connectors
}

func (s *starts) take() map[start]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.counts
	s.counts = nil
	return taken
}

// Flush writes down how many sign-ins began. A count that cannot be written is lost:
// it is for a picture, and a connector may be gone.
func (s *Service) Flush(ctx context.Context) error {
	var failed error
	for of, n := range s.starts.take() {
		if err := s.o.SignIns.Count(ctx, of.tenant, of.connector, n, time.Now()); err != nil {
			failed = err
		}
	}
	return failed
}
