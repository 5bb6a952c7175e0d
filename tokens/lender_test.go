package tokens_test

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	"latchkey/tokens"
)

//
func TestPermits(t *testing.T) {
	permit := func(tenant, method, environment string, scopes ...string) authmethods.Permit {
		return authmethods.Permit{Tenant: tenant, Method: method, Environment: environment, Scopes: scopes}
	}
	in := func(tenant string) tokens.LoanRequest { r := desk; r.Tenant = tenant; return r }
	forScopes := func(scopes ...string) tokens.LoanRequest { r := desk; r.Scopes = scopes; return r }
	const lent = authmethods.Code("lent")
	for _, c := range []struct {
		name    string
		owner   authmethods.TenantID
		permits []authmethods.Permit
		request tokens.LoanRequest
		want    authmethods.Code
	}{
		{"without permits nothing is lent", acme, nil, desk, authmethods.CodeLoanNotAllowed},
		{"a permit for everything of its own tenant", acme, []authmethods.Permit{everything}, desk, lent},
		{"a permit for this method and environment", acme, []authmethods.Permit{permit("", "zoho-desk", "production")}, desk, lent},
		{"a permit for another method", acme, []authmethods.Permit{permit("", "zoho-crm", "*")}, desk, authmethods.CodeLoanNotAllowed},
		{"a permit for another environment", acme, []authmethods.Permit{permit("", "*", "sandbox")}, desk, authmethods.CodeLoanNotAllowed},
		{"two permits of which one fits", acme, []authmethods.Permit{permit("", "zoho-crm", "*"), permit("", "zoho-desk", "*")}, desk, lent},
		{"its own tenant by name", acme, []authmethods.Permit{everything}, in("acme"), lent},
		{"another tenant is not there", acme, []authmethods.Permit{everything}, in("other"), authmethods.CodeNotFound},
		{"another tenant is not there, whatever the permit says", acme, []authmethods.Permit{permit("*", "*", "*"), permit("other", "*", "*")}, in("other"), authmethods.CodeNotFound},
		{"a tenant that does not exist", acme, []authmethods.Permit{everything}, in("nobody"), authmethods.CodeNotFound},
		{"the platform with a permit for that tenant", authmethods.Platform, []authmethods.Permit{permit("acme", "*", "*")}, in("acme"), lent},
		{"the platform with a permit for another tenant", authmethods.Platform, []authmethods.Permit{permit("other", "*", "*")}, in("acme"), authmethods.CodeLoanNotAllowed},
		{"the platform with a permit for every tenant", authmethods.Platform, []authmethods.Permit{permit("*", "*", "*")}, in("other"), lent},
		{"the platform with a permit for its own tenant", authmethods.Platform, []authmethods.Permit{everything}, in("acme"), authmethods.CodeLoanNotAllowed},
		{"a narrowed permit for its scope", acme, []authmethods.Permit{permit("", "*", "*", "tickets.READ")}, forScopes("tickets.READ"), lent},
		{"a narrowed permit for another scope", acme, []authmethods.Permit{permit("", "*", "*", "tickets.READ")}, forScopes("contacts.READ"), authmethods.CodeLoanNotAllowed},
		{"a narrowed permit for the whole token", acme, []authmethods.Permit{permit("", "*", "*", "tickets.READ")}, desk, authmethods.CodeLoanNotAllowed},
		{"a scope that the connection has", acme, []authmethods.Permit{everything}, forScopes("tickets.READ"), lent},
		{"a scope in other letters", acme, []authmethods.Permit{everything}, forScopes("Tickets.read"), lent},
		{"a scope that ALL covers", acme, []authmethods.Permit{everything}, forScopes("contacts.READ", "contacts.UPDATE"), lent},
		{"a scope that the connection lacks", acme, []authmethods.Permit{everything}, forScopes("tickets.READ", "tickets.DELETE"), authmethods.CodeScopesMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLibrary(t, func(t *testing.T, l *library) {
				svc := service(c.owner, c.permits...)
				for _, from := range []string{"store", "memory"} {
					_, err := l.lend(svc, c.request)
					if c.want == lent {
						if err != nil {
							t.Errorf("from the %s: %v", from, err)
						}
						continue
					}
					var p *authmethods.Problem
					if !errors.As(err, &p) || p.Code != c.want {
						t.Errorf("from the %s: %v, want %s", from, err, c.want)
					}
					l.mustLend(service(authmethods.Platform, permit("*", "*", "*")), in("acme")) // into memory
					l.mustLend(service(acme, everything), desk)
				}
			})
		})
	}
}

func TestAForeignTenantAndNoTenantAreTheSameAnswer(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		ask := func(tenant string) error {
			r := desk
			r.Tenant = tenant
			_, err := l.lend(svc, r)
			return err
		}
		foreign, none := ask("other"), ask("nobody")
		if diff := cmp.Diff(none, foreign, cmp.Comparer(func(a, b authmethods.Kind) bool { return a == b })); diff != "" {
			t.Errorf("a foreign tenant (+) is told from none (-):\n%s", diff)
		}
	})
}

func TestALoanSaysAllThatACallNeeds(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		loan := l.mustLend(service(acme, everything), desk)
		headers := map[string]string{}
		for _, h := range loan.Headers {
			headers[h.Name] = h.Value.Reveal()
		}
		if diff := cmp.Diff(map[string]string{"Authorization": "Zoho-oauthtoken at1", "orgId": "2389290"}, headers); diff != "" {
			t.Error(diff)
		}
		loan.Headers = nil
		if loan.AccessToken.Reveal() != "at1" || loan.Source != tokens.Refreshed || loan.State != tokens.Active || loan.ExpiresIn != time.Hour ||
			loan.Tenant != "acme" || loan.Method != "zoho-desk" || loan.Environment != authmethods.Production || loan.Connection == "" {
			t.Errorf("%+v", loan)
		}
	})
}

func TestWhereALoanComesFrom(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		want := func(source tokens.Source, token string, left time.Duration) {
			t.Helper()
			loan := l.mustLend(svc, desk)
			if loan.Source != source || loan.AccessToken.Reveal() != token || loan.ExpiresIn != left {
				t.Errorf("%s from %s with %s left, want %s from %s with %s", loan.AccessToken.Reveal(), loan.Source, loan.ExpiresIn, token, source, left)
			}
		}
		want(tokens.Refreshed, "at1", time.Hour)
		time.Sleep(time.Minute)
		want(tokens.FromMemory, "at1", 59*time.Minute)
		l.Forget(other)
		want(tokens.FromMemory, "at1", 59*time.Minute)
		l.Forget(acme)
		want(tokens.FromStore, "at1", 59*time.Minute)
		l.ForgetAll()
		want(tokens.FromStore, "at1", 59*time.Minute)
		l.stale = 2 * time.Second // nobody tells us of changes
		want(tokens.FromStore, "at1", 59*time.Minute)
		l.stale = 0
		time.Sleep(45 * time.Minute) // due: it is lent, and refreshed meanwhile
		want(tokens.FromMemory, "at1", 14*time.Minute)
		synctest.Wait()
		want(tokens.FromStore, "at2", time.Hour)
		want(tokens.FromMemory, "at2", time.Hour)
		if up := l.ups[acme]; up.calls != 2 {
			t.Errorf("%d requests, want 2", up.calls)
		}
	})
}

func TestAPromiseOfLife(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		with := func(d time.Duration) tokens.LoanRequest { r := desk; r.MinTTL = d; return r }
		l.mustLend(svc, desk)
		time.Sleep(30 * time.Minute)
		if loan := l.mustLend(svc, with(20*time.Minute)); loan.Source != tokens.FromMemory {
			t.Errorf("from %s", loan.Source)
		}
		if loan := l.mustLend(svc, with(40*time.Minute)); loan.Source != tokens.Refreshed || loan.ExpiresIn < 40*time.Minute {
			t.Errorf("from %s with %s left", loan.Source, loan.ExpiresIn)
		}
		calls := l.ups[acme].calls
		_, err := l.lend(svc, with(2*time.Hour))
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeProviderDown)
		if l.ups[acme].calls != calls {
			t.Error("asked the provider for what it does not have")
		}
	})
}

func TestWhatIsNotEnabledIsNotLent(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		l.mustLend(svc, desk)
		l.enabled = false
		l.Forget(acme)
		_, err := l.lend(svc, desk)
		refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeMethodDisabled)
		l.connected = false
		for _, enabled := range []bool{true, false} {
			l.enabled = enabled
			_, err = l.lend(svc, desk)
			refusesWith(t, err, authmethods.HumanNeeded, authmethods.CodeConsentRequired)
		}
	})
}

func TestAChangeWhileTheStoreIsReadIsNotForgotten(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*library)
	}{
		{"of the tenant", func(l *library) { l.Forget(acme) }},
		{"of everybody", func(l *library) { l.ForgetAll() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLibrary(t, func(t *testing.T, l *library) {
				svc := service(acme, everything)
				// The method is disabled after the directory has read it as enabled.
				l.finding = func() { l.finding = nil; l.enabled = false; c.change(l) }
				l.mustLend(svc, desk)
				if _, err := l.lend(svc, desk); err == nil {
					t.Error("what was read before the change is lent after it")
				}
			})
		})
	}
}

func TestAChangeBetweenTwoReadersLeavesNothingOldInMemory(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		l.mustLend(svc, desk)
		l.Forget(acme)
		l.mustLend(svc, desk) // read after the change, by one
		l.finding = func() { l.finding = nil; l.Forget(acme) }
		l.stale = time.Minute
		l.mustLend(svc, desk) // read before a change, by another, and put later
		l.stale = 0
		if loan := l.mustLend(svc, desk); loan.Source != tokens.FromStore {
			t.Errorf("lent from %s what a change has overtaken", loan.Source)
		}
	})
}

//
func TestTheFirstLoanIsOnRecordBeforeTheTokenLeaves(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		first, second := service(acme, everything), service(acme, everything)
		second.ID = "sa_second"
		l.full = true
		if loan, err := l.lend(first, desk); err == nil || !loan.AccessToken.IsZero() {
			t.Error("lent without a record, from the store")
		}
		l.full = false
		l.mustLend(first, desk)
		l.full = true
		if loan := l.mustLend(first, desk); loan.Source != tokens.FromMemory {
			t.Errorf("a loan on record came from %s", loan.Source)
		}
		if loan, err := l.lend(second, desk); err == nil || !loan.AccessToken.IsZero() {
			t.Error("lent to a second service without a record, from memory")
		}
		l.full = false
		if loan := l.mustLend(second, desk); loan.Source != tokens.FromMemory {
			t.Errorf("came from %s", loan.Source)
		}
		want := tokens.Borrowing{Tenant: acme, Connection: "conn_tn_acme", Service: "sa_second", ServiceName: "dialler", Purpose: "call pop-up"}
		got := l.entries[len(l.entries)-1]
		if got.Token == "" {
			t.Error("no token on record")
		}
		if got.ExpiresAt.IsZero() {
			t.Error("it is not on record how long the token lives")
		}
		got.Token, got.ExpiresAt = "", time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheRecordOfOneServiceIsNoneOfAnother(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		one, two := service(acme, everything), service(acme, everything)
		two.ID = "sa_two"
		l.mustLend(one, desk)
		l.Forget(acme)
		again := l.mustLend(one, desk) // read together with the record of it
		loan := l.mustLend(two, desk)
		if again.Source != tokens.FromStore || loan.Source != tokens.FromMemory {
			t.Errorf("lent from %s and %s", again.Source, loan.Source)
		}
		if !l.onRecord(two.ID, loan.TokenID) {
			t.Error("the second service's loan is not on record")
		}
		if err := l.Flush(t.Context()); err != nil || l.loans != 3 {
			t.Errorf("%d loans counted, %v; want 3", l.loans, err)
		}
	})
}

func TestLoansOnRecordOutliveTheStorageForTheGrace(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		known, stranger := service(acme, everything), service(acme, everything)
		stranger.ID = "sa_stranger"
		l.mustLend(known, desk)
		l.lose(30 * time.Second)
		if loan := l.mustLend(known, desk); loan.State != tokens.Degraded || loan.Source != tokens.FromMemory {
			t.Errorf("%s from %s", loan.State, loan.Source)
		}
		_, err := l.lend(stranger, desk)
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
		_, err = l.lend(service(acme), desk)
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
		long := desk
		long.MinTTL = 2 * time.Hour
		_, err = l.lend(known, long)
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
		l.stale = time.Minute + 1
		_, err = l.lend(known, desk)
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
		l.stale = 30 * time.Second
		l.Forget(acme)
		_, err = l.lend(known, desk)
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
	})
}

func TestADueTokenIsLentDuringTheGraceUntilItEnds(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		l.mustLend(svc, desk)
		l.lose(30 * time.Second)
		time.Sleep(59*time.Minute + 49*time.Second)
		if _, err := l.lend(svc, desk); err == nil {
			t.Error("a token that should be refreshed first was lent blindly")
		}
	})
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		l.mustLend(svc, desk)
		l.lose(30 * time.Second)
		time.Sleep(50 * time.Minute)
		l.mustLend(svc, desk)
	})
}

func TestWithoutGraceNothingIsLentWithoutTheStorage(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		l.Lender = l.lender(0)
		svc := service(acme, everything)
		l.mustLend(svc, desk)
		l.lose(2 * time.Second)
		_, err := l.lend(svc, desk)
		refusesWith(t, err, authmethods.Unavailable, authmethods.CodeStorageUnavailable)
	})
}

func TestALoanOfAGrantInTroubleIsDegraded(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		l.mustLend(svc, desk)
		l.ups[acme].replies = []reply{{0, unavailable}}
		time.Sleep(46 * time.Minute)
		l.mustLend(svc, desk) // starts the refresh ahead
		synctest.Wait()
		if loan := l.mustLend(svc, desk); loan.State != tokens.Degraded {
			t.Errorf("state %s after a failure", loan.State)
		}
		time.Sleep(5 * time.Second)
		l.mustLend(svc, desk)
		synctest.Wait()
		if loan := l.mustLend(svc, desk); loan.State != tokens.Active {
			t.Errorf("state %s after a success", loan.State)
		}
	})
}

func TestTheStateIsKnownWithinASecondWhoeverRefreshes(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		svc := service(acme, everything)
		l.mustLend(svc, desk)
		l.ups[acme].replies = []reply{{4 * time.Second, unavailable}}
		time.Sleep(46 * time.Minute)
		other := &tokens.Engine{Policy: policy, Upstream: l, Log: slog.New(slog.DiscardHandler)}
		slot := l.target(acme, desk.Environment).Slot
		if _, _, _, err := other.Token(t.Context(), slot, tokens.Want{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		l.ForgetAll()
		l.mustLend(svc, desk) // read while the other process holds the lease
		time.Sleep(4 * time.Second)
		for range 2 { // the first has it looked up
			l.mustLend(svc, desk)
			time.Sleep(time.Second)
		}
		if loan := l.mustLend(svc, desk); loan.State != tokens.Degraded {
			t.Errorf("state %s long after a failure in another process", loan.State)
		}
	})
}

func TestConcurrentLoansAreAllOnRecord(t *testing.T) {
	inLibrary(t, func(t *testing.T, l *library) {
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				if _, err := l.lend(service(acme, everything), desk); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if l.ups[acme].calls != 1 {
			t.Errorf("%d requests, want 1", l.ups[acme].calls)
		}
	})
}
