package tokens_test

import (
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/tokens"
)

func TestTwoHundredReportsOfOneTokenCauseOneRefresh(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		refused := l.mustLend(svc, desk)
		l.ups[acme].replies = []reply{{300e6, rotates}}
		var wg sync.WaitGroup
		var mu sync.Mutex
		outcomes := map[tokens.Outcome]int{}
		for range 200 {
			wg.Go(func() {
				outcome, loan, err := l.Reject(t.Context(), svc, refused.TokenID, tokens.Rejection{Status: 401, Code: "INVALID_OAUTH"})
				if err != nil || loan.AccessToken.Reveal() != "at2" {
					t.Errorf("%s: %v", outcome, err)
				}
				mu.Lock()
				defer mu.Unlock()
				outcomes[outcome]++
			})
		}
		wg.Wait()
		if l.ups[acme].calls != 2 || outcomes[tokens.Replaced]+outcomes[tokens.AlreadyReplaced] != 200 || outcomes[tokens.Replaced] == 0 {
			t.Errorf("%d requests, want 2; %v", l.ups[acme].calls, outcomes)
		}
		if loan := l.mustLend(svc, desk); loan.AccessToken.Reveal() != "at2" {
			t.Errorf("lent %s after it was refused", loan.AccessToken.Reveal())
		}
	})
}

func TestRejections(t *testing.T) {
	type report = tokens.Rejection
	for _, c := range []struct {
		name    string
		prepare func(*library)
		report  report
		outcome tokens.Outcome
		calls   int // of the provider, beside the first
		token   string
	}{
		{"a 401 with the code of a bad token", nil, report{401, "INVALID_OAUTH"}, tokens.Replaced, 1, "at2"},
		{"a bare 401", nil, report{401, ""}, tokens.Replaced, 1, "at2"},
		{"a 401 that means a scope", nil, report{401, "SCOPE_MISMATCH"}, tokens.ScopeProblem, 0, ""},
		{"a 403", nil, report{403, "INVALID_OAUTH"}, tokens.ScopeProblem, 0, ""},
		{"a 429, which is not about the token", nil, report{429, "THRESHOLD_EXCEEDED"}, tokens.NotReplaced, 0, ""},
		{"a 500, which is not about the token", nil, report{500, ""}, tokens.NotReplaced, 0, ""},
		{"with the budget spent", func(l *library) { l.spend(8) }, report{401, ""}, tokens.NotReplaced, 0, ""},
		{"with one left of the budget", func(l *library) { l.spend(7) }, report{401, ""}, tokens.Replaced, 1, "at2"},
		{"while the provider is down", func(l *library) { l.ups[acme].replies = []reply{{0, unavailable}} }, report{401, ""}, tokens.NotReplaced, 1, ""},
		{"while the provider throttles", func(l *library) { l.ups[acme].replies = []reply{{0, throttles}} }, report{401, ""}, tokens.NotReplaced, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLibrary(t, func(t *testing.T, l *library) {
				svc := service(acme, everything)
				id := l.mustLend(svc, desk).TokenID
				if c.prepare != nil {
					c.prepare(l)
				}
				outcome, loan, err := l.Reject(t.Context(), svc, id, c.report)
				if err != nil || outcome != c.outcome || loan.AccessToken.Reveal() != c.token || l.ups[acme].calls != 1+c.calls {
					t.Errorf("%s with %q after %d more requests, %v; want %s with %q after %d",
						outcome, loan.AccessToken.Reveal(), l.ups[acme].calls-1, err, c.outcome, c.token, c.calls)
				}
				if !loan.AccessToken.IsZero() && !l.onRecord(svc.ID, loan.TokenID) {
					t.Error("the new token is not on record")
				}
			})
		})
	}
}

func TestAStaleReportCausesNoRefresh(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		old := l.mustLend(svc, desk).TokenID
		l.Reject(t.Context(), svc, old, tokens.Rejection{Status: 401})
		l.spend(8) // no budget is needed for it
		for range 5 {
			outcome, loan, err := l.Reject(t.Context(), svc, old, tokens.Rejection{Status: 401})
			if err != nil || outcome != tokens.AlreadyReplaced || loan.AccessToken.Reveal() != "at2" {
				t.Errorf("%s with %q, %v", outcome, loan.AccessToken.Reveal(), err)
			}
		}
		if l.ups[acme].calls != 2 {
			t.Errorf("%d requests, want 2", l.ups[acme].calls)
		}
	})
}

func TestNobodyCanReportWhatHeMayNotBorrow(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		id := l.mustLend(service(acme, everything), desk).TokenID
		for name, svc := range map[string]*authmethods.Service{
			"another tenant's service":  service(other, everything),
			"a service without permits": service(acme),
			"a platform service with a permit for another tenant": service(authmethods.Platform,
				authmethods.Permit{Tenant: "other", Method: authmethods.Any, Environment: authmethods.Any}),
		} {
			_, _, err := l.Reject(t.Context(), svc, id, tokens.Rejection{Status: 401})
			_, _, none := l.Reject(t.Context(), svc, "tok_none", tokens.Rejection{Status: 401})
			if authmethods.KindOf(err) != authmethods.NotFound || err.Error() != none.Error() {
				t.Errorf("%s is told %v, and %v of a token that does not exist", name, err, none)
			}
		}
		if l.ups[acme].calls != 1 {
			t.Error("a forged report caused a refresh")
		}
	})
}

func TestANarrowedServiceCanReportToo(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, authmethods.Permit{Method: authmethods.Any, Environment: authmethods.Any, Scopes: []string{"tickets.READ"}})
		r := desk
		r.Scopes = []string{"tickets.READ"}
		id := l.mustLend(svc, r).TokenID
		outcome, loan, err := l.Reject(t.Context(), svc, id, tokens.Rejection{Status: 401})
		if err != nil || outcome != tokens.Replaced || loan.AccessToken.Reveal() != "at2" {
			t.Errorf("%s with %q, %v", outcome, loan.AccessToken.Reveal(), err)
		}
	})
}

func TestTheFirstLoanAfterARejectionIsOnRecordToo(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		id := l.mustLend(svc, desk).TokenID
		l.full = true
		if _, loan, _ := l.Reject(t.Context(), svc, id, tokens.Rejection{Status: 401}); !loan.AccessToken.IsZero() {
			t.Error("lent without a record")
		}
	})
}
