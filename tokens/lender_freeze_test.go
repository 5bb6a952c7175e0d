package tokens_test

import (
	"context"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
)

// stops is what is frozen: each look takes the next answer, the last one stays.
type stops struct {
	answers []bool
	known   bool
	looks   int
}

func (s *stops) Check(context.Context, authmethods.TenantID, string, *authmethods.Service) error {
	frozen := s.answers[min(s.looks, len(s.answers)-1)]
	s.looks++
	return asFrozen(frozen)
}

func (s *stops) Known(authmethods.TenantID, string, *authmethods.Service) error {
	return asFrozen(s.known)
}

func asFrozen(is bool) error {
	if !is {
		return nil
	}
	return (&authmethods.Freeze{ID: authmethods.FreezeOfTenant, Scope: authmethods.FreezeTenant}).Problem()
}

func (l *library) withFreezes(s *stops) {
	l.Lender = tokens.NewLender(tokens.LenderOptions{
		Engine: l.engine, Directory: l, Ledger: l, Freshness: l, Grace: time.Minute, Freezes: s,
	})
}

func TestWhatIsFrozenIsNotLentFromTheStoreOrFromMemory(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		s, svc := &stops{answers: []bool{false}}, service(acme, everything)
		l.withFreezes(s)
		for _, from := range []string{"refreshed", "memory"} {
			s.answers = []bool{true}
			_, err := l.lend(svc, desk)
			refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeFrozen)
			s.answers = []bool{false}
			if loan := l.mustLend(svc, desk); loan.Source != tokens.Source(from) {
				t.Errorf("lent from %s instead of %s", loan.Source, from)
			}
		}
	})
}

// TestWhatIsFrozenMeanwhileDoesNotLeave: a process may stand still between its first
// look and the answer.
func TestWhatIsFrozenMeanwhileDoesNotLeave(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		s, svc := &stops{answers: []bool{false, true}}, service(acme, everything)
		l.withFreezes(s)
		_, err := l.lend(svc, desk)
		refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeFrozen)
		s.answers = []bool{false}
		l.mustLend(svc, desk)
		s.answers, s.looks = []bool{false, true}, 0
		_, err = l.lend(svc, desk)
		refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeFrozen)
	})
}

func TestWhileTheStorageIsAwayAKnownFreezeHolds(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		s, svc := &stops{answers: []bool{false}}, service(acme, everything)
		l.withFreezes(s)
		l.mustLend(svc, desk)
		l.lose(30 * time.Second)
		if loan := l.mustLend(svc, desk); loan.State != tokens.Degraded {
			t.Errorf("lent as %s", loan.State)
		}
		s.known = true
		_, err := l.lend(svc, desk)
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
	})
}
