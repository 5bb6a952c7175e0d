package consent_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"latchkey/authmethods"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

func TestAStateIsGoodForOneExchange(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		_, address := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{})
		callback := walk(t, address, zohosim.Approval{User: "sam@example.com"})
		var wg sync.WaitGroup
		var mu sync.Mutex
		completed, late := 0, 0
		for range 16 {
			wg.Go(func() {
				attempt, err := b.Return(t, callback)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && attempt.Status == consent.Completed {
					completed++
				} else if authmethods.KindOf(err) == authmethods.NotFound {
					late++
				}
			})
		}
		wg.Wait()
		exchanges := tokenRequests(b, "authorization_code")
		if completed != 1 || late != 15 || exchanges != 1 {
			t.Errorf("%d completed, %d out of date, %d exchanges at the provider; want 1, 15 and 1", completed, late, exchanges)
		}
	})
}

//
func TestAnotherBrowserCanNeitherCompleteNorSeeAConsent(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		attempt, address := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{})
		callback := walk(t, address, zohosim.Approval{User: "sam@example.com"})
		state := strings.SplitN(strings.SplitN(callback, "state=", 2)[1], "&", 2)[0]
		other := secret.New("another browser altogether")
		_, err := b.Consents.Complete(t.Context(), b.Browser, consent.Callback{Code: "x", State: state, Query: func(string) string { return "" }}, other)
		if authmethods.KindOf(err) != authmethods.NotFound {
			t.Errorf("completing from another browser: %v", err)
		}
		if _, err := b.Consents.Result(t.Context(), b.Browser, attempt.ID, other); authmethods.KindOf(err) != authmethods.NotFound {
			t.Errorf("another browser sees the result: %v", err)
		}
		if done, err := b.Return(t, callback); err != nil || done.Status != consent.Completed {
			t.Errorf("the right browser was locked out: %s %v", done.Status, err)
		}
	})
}

func TestATenantSeesNothingOfAnothersConsentsAndConnections(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		attempt := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		other := b.NewTenant(t, "globex")
		admin := authmethods.NewCaller(other.ID, authmethods.Actor{Kind: authmethods.ActorPerson}, authmethods.AdminRights, "")
		for name, do := range map[string]func() error{
			"consent":    func() error { _, err := b.Consents.Attempt(t.Context(), admin, attempt.ID); return err },
			"connection": func() error { _, err := b.Consents.Connection(t.Context(), admin, attempt.Connection); return err },
			"revoke":     func() error { _, err := b.Consents.Revoke(t.Context(), admin, attempt.Connection); return err },
			"test":       func() error { _, err := b.Consents.Test(t.Context(), admin, attempt.Connection); return err },
			"loan": func() error {
				_, err := b.Lender.Lend(t.Context(), broker.Service(other.ID), tokens.LoanRequest{Method: "zoho-desk"})
				return err
			},
			"loan by name": func() error {
				_, err := b.Lender.Lend(t.Context(), broker.Service(other.ID), tokens.LoanRequest{Tenant: "acme", Method: "zoho-desk"})
				return err
			},
		} {
			p, ok := problem(do())
			if diff := cmp.Diff(authmethods.Missing(), p); !ok || diff != "" {
				t.Errorf("%s of another tenant is told apart from a missing one:\n%s", name, diff)
			}
		}
	})
}

func TestTwoHundredCallersOfAnExpiredTokenCauseOneRefresh(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		first := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[authmethods.ID]int{}
		for range 200 {
			wg.Go(func() {
				outcome, loan, err := b.Lender.Reject(t.Context(), broker.Service(b.Tenant.ID), first.TokenID, tokens.Rejection{Status: 401, Code: "INVALID_OAUTH"})
				if err != nil || outcome != tokens.Replaced && outcome != tokens.AlreadyReplaced {
					t.Errorf("%s %v", outcome, err)
				}
				mu.Lock()
				got[loan.TokenID]++
				mu.Unlock()
			})
		}
		wg.Wait()
		refreshes := tokenRequests(b, "refresh_token")
		if refreshes != 1 || len(got) != 1 || got[first.TokenID] != 0 {
			t.Errorf("%d refreshes, %d different tokens; want one of each, and a new one", refreshes, len(got))
		}
		if outcome, _, err := b.Lender.Reject(t.Context(), broker.Service(b.Tenant.ID), first.TokenID, tokens.Rejection{Status: 403, Code: "SCOPE_MISMATCH"}); outcome != tokens.ScopeProblem || err != nil {
			t.Errorf("a missing permission was answered with %s %v", outcome, err)
		}
	})
}

func TestALostGrantAsksForReconnectionAndAThrottleNever(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		first := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		service := broker.Service(b.Tenant.ID)
		b.Zoho.Inject(zohosim.Fault{
			Path: "/oauth/v2/token", Kind: "canned", Status: 400, Times: -1, Body: `{"error_description":"您的请求过于频繁","error":"拒绝访问","status":"failure"}`,
		})
		if outcome, _, err := b.Lender.Reject(t.Context(), service, first.TokenID, tokens.Rejection{Status: 401}); outcome != tokens.NotReplaced || err != nil {
			t.Errorf("throttled: %s %v", outcome, err)
		}
		connection, err := b.Consents.Connection(t.Context(), b.Admin, first.Connection)
		if err != nil || connection.State != tokens.Throttled {
			t.Errorf("state %s %v, want throttled", connection.State, err)
		}
		if loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"}); loan.State != tokens.Degraded || loan.TokenID != first.TokenID {
			t.Errorf("a token that is still good is lent as %s", loan.State)
		}
		_, err = b.Lender.Lend(t.Context(), service, tokens.LoanRequest{Method: "zoho-desk", MinTTL: 2 * time.Hour})
		if authmethods.KindOf(err) != authmethods.Unavailable {
			t.Errorf("a life that cannot be had now: %v", err)
		}
		b.Zoho.ClearFaults()
		if b.Zoho.RemoveApp("sam@example.com", b.Seed.Server.ID) == 0 {
			t.Fatal("there was no grant to remove")
		}
		b.Forgive(t, first.Connection)
		if _, _, err := b.Lender.Reject(t.Context(), service, first.TokenID, tokens.Rejection{Status: 401}); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("a report about a lost grant: %v", err)
		}
		if _, err := b.Lender.Lend(t.Context(), service, tokens.LoanRequest{Method: "zoho-desk"}); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("a token that was refused, of a grant that is lost: %v", err)
		}
		connection, err = b.Consents.Connection(t.Context(), b.Admin, first.Connection)
		if err != nil || connection.State != tokens.ReconnectRequired || connection.Reason != authmethods.CodeGrantLost {
			t.Errorf("state %s for %s %v, want reconnect_required for grant_lost", connection.State, connection.Reason, err)
		}
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		if loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"}); loan.State != tokens.Active || loan.Connection != first.Connection {
			t.Errorf("after reconnecting: %s", loan.State)
		}
	})
}

func TestARefusedClientPausesTheMethodAndKillsNoConnection(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		first := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		tenant, err := b.Methods.For(b.Admin)
		if err != nil {
			t.Fatal(err)
		}
		change := func(key string) {
			if _, err := tenant.ChangeMethod(t.Context(), "zoho-desk", 0, methods.MethodChange{ClientSecret: secret.New(key)}); err != nil {
				t.Fatal(err)
			}
			b.Changed(b.Tenant.ID)
		}
		change("no longer the right secret")
		b.Expire(t, first.Connection)
		service := broker.Service(b.Tenant.ID)
		for range 3 {
			_, err = b.Lender.Lend(t.Context(), service, tokens.LoanRequest{Method: "zoho-desk"})
			if p, ok := problem(err); !ok || p.Code != authmethods.CodeClientRejected {
				t.Fatalf("lending with a wrong secret: %v", err)
			}
		}
		if n := tokenRequests(b, "refresh_token"); n != 1 {
			t.Errorf("the provider was asked %d times with a client that it had refused", n)
		}
		change(b.Seed.Server.Secret)
		if loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"}); loan.State != tokens.Active || loan.Source != tokens.Refreshed {
			t.Errorf("with the right secret again: %s from %s", loan.State, loan.Source)
		}
	})
}

func TestARestartedBrokerLendsTheStoredTokenWithoutARefresh(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		d := storage.Open(t, url)
		b := broker.New(t, d, nil)
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		first := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		again := b.Restart(t, storage.Open(t, url))
		loan := lend(t, again, tokens.LoanRequest{Method: "zoho-desk"})
		if loan.TokenID != first.TokenID || loan.Source != tokens.FromStore || tokenRequests(b, "refresh_token") != 0 {
			t.Errorf("after a restart: token %s from %s, %d refreshes", loan.TokenID, loan.Source, tokenRequests(b, "refresh_token"))
		}
		if loan := lend(t, again, tokens.LoanRequest{Method: "zoho-desk"}); loan.Source != tokens.FromMemory {
			t.Errorf("the second loan came from %s", loan.Source)
		}
	})
}

//
func TestARevokedConnectionLendsNothingAndIsGivenBackAtTheProvider(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		connection, err := b.Consents.Revoke(t.Context(), b.Admin, loan.Connection)
		if err != nil || connection.State != tokens.Revoked {
			t.Fatalf("revoked: %s %v", connection.State, err)
		}
		_, err = b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk"})
		if p, ok := problem(err); !ok || p.Code != authmethods.CodeReconnectRequired || p.Reason != authmethods.CodeRevoked {
			t.Errorf("lending from a revoked connection: %v", err)
		}
		if b.Zoho.Token(loan.AccessToken.Reveal()).Valid {
			t.Error("the provider still takes the token")
		}
		if _, err := b.Consents.Revoke(t.Context(), b.Admin, loan.Connection); err != nil {
			t.Errorf("revoking twice: %v", err)
		}
	})
}

func TestNoSecretIsStoredOrLoggedInClear(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		b := broker.New(t, storage.Open(t, url), nil)
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		b.Expire(t, loan.Connection)
		second := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		for name, canary := range map[string]string{
			"client secret": b.Seed.Server.Secret, "first token": loan.AccessToken.Reveal(), "second token": second.AccessToken.Reveal(),
		} {
			if strings.Contains(b.Logs(), canary) {
				t.Errorf("the %s is in the log", name)
			}
			if where := storage.FindText(t, url, canary); where != "" {
				t.Errorf("the %s is in clear in %s", name, where)
			}
		}
	})
}

// tokenRequests counts the requests of a grant type that reached the simulator.
func tokenRequests(b *broker.Broker, grantType string) int {
	n := 0
	for _, e := range b.Zoho.Events() {
		if (e.Kind == zohosim.EventToken || e.Kind == zohosim.EventRefresh) && e.Detail == grantType {
			n++
		}
	}
	return n
}

func problem(err error) (*authmethods.Problem, bool) {
	var p *authmethods.Problem
	ok := errors.As(err, &p)
	return p, ok
}

func TestTwoProcessesOnOneDatabaseRefreshAnExpiredTokenOnce(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		one := broker.New(t, storage.Open(t, url), nil)
		one.ZohoDesk(t, nil)
		attempt := one.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		two := one.Restart(t, storage.Open(t, url))
		one.Expire(t, attempt.Connection)
		one.Zoho.Inject(zohosim.Fault{Path: "/oauth/v2/token", Kind: "slow", AfterMS: 200})
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[authmethods.ID]int{}
		for i := range 200 {
			process := []*broker.Broker{one, two}[i%2]
			wg.Go(func() {
				loan, err := process.Lender.Lend(t.Context(), broker.Service(process.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk"})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				got[loan.TokenID]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if n := tokenRequests(one, "refresh_token"); n != 1 || len(got) != 1 {
			t.Errorf("%d refreshes and %d different tokens, want one of each", n, len(got))
		}
	})
}

func TestConsentsThatEndAtTheSameTimeMakeOneConnection(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		const people = 6
		var callbacks [people]string
		for i := range callbacks {
			_, address := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{})
			callbacks[i] = walk(t, address, zohosim.Approval{User: "sam@example.com"})
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		connections := map[authmethods.ID]int{}
		for _, callback := range callbacks {
			wg.Go(func() {
				attempt, err := b.Return(t, callback)
				if err != nil || attempt.Status != consent.Completed {
					t.Errorf("%s %s %s %v", attempt.Status, attempt.Code, attempt.Detail, err)
				}
				mu.Lock()
				defer mu.Unlock()
				connections[attempt.Connection]++
			})
		}
		wg.Wait()
		if len(connections) != 1 {
			t.Errorf("%d connections were made, want 1", len(connections))
		}
		if loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"}); !b.Zoho.Token(loan.AccessToken.Reveal()).Valid {
			t.Error("the lent token is not that of the consent that ended last")
		}
	})
}
