package tokens

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPatienceEndsLikeADeadline(t *testing.T) {
	for name, wait := range map[string]func(*patience){
		"for who waits on it":          func(p *patience) { <-p.Done() },
		"for a context made of it":     func(p *patience) { c, cancel := context.WithCancel(p); defer cancel(); <-c.Done() },
		"for who waits on a later one": func(p *patience) { c, cancel := context.WithTimeout(p, time.Hour); defer cancel(); <-c.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := withPatience(t.Context(), 25*time.Second)
				defer p.release()
				if end, ok := p.Deadline(); !ok || !end.Equal(began.Add(25*time.Second)) || p.Err() != nil {
					t.Errorf("it ends at %s, %v", end, p.Err())
				}
				wait(p)
				if took := time.Since(began); took != 25*time.Second || !errors.Is(p.Err(), context.DeadlineExceeded) {
					t.Errorf("it ended after %s with %v", took, p.Err())
				}
			})
		})
	}
}

func TestPatienceEndsWithItsCaller(t *testing.T) {
	for _, waiting := range []bool{true, false} {
		caller, leave := context.WithCancel(t.Context())
		p := withPatience(caller, time.Hour)
		if waiting {
			defer context.AfterFunc(p, func() {})()
		}
		leave()
		if !errors.Is(p.Err(), context.Canceled) {
			t.Errorf("waited for: %t, %v", waiting, p.Err())
		}
		<-p.Done()
		p.release()
	}
}

func TestPatienceThatIsReleasedLetsGo(t *testing.T) {
	p := withPatience(t.Context(), time.Hour)
	p.release()
	<-p.Done()
	if p.Err() == nil {
		t.Error("it goes on")
	}
	waited := withPatience(t.Context(), time.Hour)
	done := waited.Done()
	waited.release()
	<-done
}
