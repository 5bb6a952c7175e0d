package tokens_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

// lines is a log that is looked at afterwards.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// check wants something to have been logged, and none of the secrets.
func (l *lines) check(t *testing.T, secrets ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b.Len() == 0 {
		t.Error("nothing was logged")
	}
	for _, s := range secrets {
		if strings.Contains(l.b.String(), s) {
			t.Errorf("the log holds %s:\n%s", s, l.b.String())
		}
	}
}
