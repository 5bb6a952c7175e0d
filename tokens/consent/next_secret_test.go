package consent_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/migrations"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

const followingSecret = "the-secret-that-follows-k7q2"

// rotate makes s the only secret that the provider takes from the server's client.
func rotate(t *testing.T, b *broker.Broker, s string) {
	t.Helper()
	client := b.Seed.Server
	client.Secret = s
	if err := b.Zoho.AddClient(client); err != nil {
		t.Fatal(err)
	}
}

// await has a secret wait behind the present one of the method zoho-desk.
func await(t *testing.T, b *broker.Broker, s string) {
	t.Helper()
	in := tenant(t, b)
	if _, err := in.ChangeMethod(t.Context(), "zoho-desk", 0, store.MethodChange{NextSecret: secret.New(s)}); err != nil {
		t.Fatal(err)
	}
	b.Changed(b.Tenant.ID)
}

func tenant(t *testing.T, b *broker.Broker) *store.Tenant {
	t.Helper()
	in, err := b.Methods.For(b.Admin)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// promoted waits for the promotions that are under way and returns the method, and how
// many promotions are on record.
func promoted(t *testing.T, b *broker.Broker) (authmethods.Method, int) {
	t.Helper()
	if err := b.Engine.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	in := tenant(t, b)
	m, err := in.Method(t.Context(), "zoho-desk")
	if err != nil {
		t.Fatal(err)
	}
	events, err := in.History(t.Context(), "zoho-desk", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return m, len(slices.DeleteFunc(events, func(e authmethods.Event) bool { return e.Action != "method.secret_promoted" }))
}

// outcomes are what the simulator answered to requests of a grant type, by refresh token.
func outcomes(b *broker.Broker, grantType string) map[string][]string {
	of := map[string][]string{}
	for _, e := range b.Zoho.Events() {
		if (e.Kind == zohosim.EventToken || e.Kind == zohosim.EventRefresh) && e.Detail == grantType {
			of[e.Refresh] = append(of[e.Refresh], e.Outcome)
		}
	}
	return of
}

// F12: a client secret is changed at the provider while services borrow.
func TestASecretIsChangedAtTheProviderAndNoLoanFails(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		b := broker.New(t, storage.Open(t, url), nil)
		b.ZohoDesk(t, nil)
		const subjects = 6
		var connections []authmethods.ID
		for i := range subjects {
			attempt, address := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{Subject: "user-" + strconv.Itoa(i)})
			attempt, err := b.Return(t, walk(t, address, zohosim.Approval{User: "sam@example.com"}))
			if err != nil || attempt.Status != consent.Completed {
				t.Fatalf("%+v %v", attempt, err)
			}
			connections = append(connections, attempt.Connection)
		}
		await(t, b, followingSecret)
		rotate(t, b, followingSecret)
		for _, each := range connections {
			b.Expire(t, each)
		}
		var wg sync.WaitGroup
		for i := range 4 * subjects {
			wg.Go(func() {
				loan, err := b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk", Subject: "user-" + strconv.Itoa(i%subjects)})
				if err != nil || !b.Zoho.Token(loan.AccessToken.Reveal()).Valid {
					t.Errorf("a loan failed: %v", err)
				}
			})
		}
		wg.Wait()
		m, n := promoted(t, b)
		if n != 1 || m.NextSecret.Set || m.Secret.Last4 != "k7q2" {
			t.Errorf("%d promotions, after which %+v counts and %+v waits", n, m.Secret, m.NextSecret)
		}
		refreshes := outcomes(b, "refresh_token")
		extra := 0
		for refresh, got := range refreshes {
			if got = slices.DeleteFunc(got, func(o string) bool { return o == "ok" }); len(got) > 1 || len(refreshes[refresh]) > 2 {
				t.Errorf("a grant was refreshed with %v", refreshes[refresh])
			}
			extra += len(got)
		}
		if len(refreshes) != subjects || extra == 0 {
			t.Errorf("%d grants were refreshed, %d of them with a second request", len(refreshes), extra)
		}
		list, err := b.Consents.Connections(t.Context(), b.Admin, consent.Query{Method: "zoho-desk"})
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range list {
			if each.State != tokens.Active || each.Failures != 0 {
				t.Errorf("a connection is %s after %d failures", each.State, each.Failures)
			}
		}
		// From then on the new secret is the only one, with one request each.
		before := tokenRequests(b, "refresh_token")
		b.Expire(t, connections[0])
		b.Changed(b.Tenant.ID)
		lend(t, b, tokens.LoanRequest{Method: "zoho-desk", Subject: "user-0"})
		if got := tokenRequests(b, "refresh_token") - before; got != 1 {
			t.Errorf("%d requests after the promotion", got)
		}
		for _, each := range []string{b.Seed.Server.Secret, followingSecret} {
			if where := storage.FindText(t, url, each); where != "" || strings.Contains(b.Logs(), each) {
				t.Errorf("a secret is in clear in %s", where)
			}
		}
		if c, err := tenant(t, b).Client(t.Context(), m.ID, authmethods.Production); err != nil || c.Secret.Reveal() != followingSecret || !c.Next.IsZero() {
			t.Errorf("the old secret is still there: %v", err)
		}
	})
}

func TestANextSecretThatIsWrongTooIsOneRefusalAndNoLoop(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		attempt := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		await(t, b, followingSecret)
		rotate(t, b, "neither-of-the-two")
		b.Expire(t, attempt.Connection)
		for range 5 {
			_, err := b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk"})
			if p, ok := problem(err); !ok || p.Code != authmethods.CodeClientRejected {
				t.Fatalf("the loan: %v", err)
			}
			b.Changed(b.Tenant.ID)
		}
		m, n := promoted(t, b)
		if n != 0 || !m.NextSecret.Set || m.In(authmethods.Production).Rejected == nil {
			t.Errorf("%d promotions, the client is refused: %+v", n, m.In(authmethods.Production))
		}
		if got := tokenRequests(b, "refresh_token"); got != 2 {
			t.Errorf("%d requests, want one with each secret", got)
		}
		if c, err := b.Consents.Connection(t.Context(), b.Admin, attempt.Connection); err != nil || c.State == tokens.ReconnectRequired {
			t.Errorf("the connection is %s: %v", c.State, err)
		}
	})
}

// What is no refusal of the client leaves the next secret alone.
func TestTheNextSecretWaitsThroughEverythingElse(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		attempt := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		await(t, b, followingSecret)
		for _, kind := range []string{zohosim.FaultUnavailable, zohosim.FaultTooMany, zohosim.FaultReset, zohosim.FaultLost, zohosim.FaultHTML} {
			b.Zoho.Inject(zohosim.Fault{Kind: kind, Path: "/oauth/v2/token"})
			b.Expire(t, attempt.Connection)
			b.Forgive(t, attempt.Connection)
			b.Changed(b.Tenant.ID)
			b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk"}) // whatever comes of it
		}
		b.Zoho.ClearFaults()
		if err := b.Zoho.Revoke(b.RefreshToken(t, "zoho-desk").Reveal()); err != nil {
			t.Fatal(err)
		}
		b.Expire(t, attempt.Connection)
		b.Forgive(t, attempt.Connection)
		b.Changed(b.Tenant.ID)
		_, err := b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk"})
		if p, ok := problem(err); !ok || p.Reason != authmethods.CodeGrantLost {
			t.Errorf("a revoked grant: %v", err)
		}
		for _, got := range outcomes(b, "refresh_token") {
			if slices.Contains(got, "invalid_client_secret") {
				t.Errorf("another secret was tried: %v", got)
			}
		}
		if m, n := promoted(t, b); n != 0 || !m.NextSecret.Set {
			t.Errorf("%d promotions", n)
		}
	})
}

// An authorization code is not used up by a refusal of the client (RFC 6749 section 5.2),
// and an approval that began before the change ends after it.
func TestAnApprovalGoesThroughAChangeOfTheSecret(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		_, first := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{})
		_, second := b.Begin(t, "zoho-desk", authmethods.Sandbox, consent.EnableOptions{})
		await(t, b, followingSecret)
		rotate(t, b, followingSecret)
		for i, address := range []string{first, second} {
			attempt, err := b.Return(t, walk(t, address, zohosim.Approval{User: "ada@example.eu", Environment: []string{zohosim.Production, zohosim.Sandbox}[i]}))
			if err != nil || attempt.Status != consent.Completed {
				t.Fatalf("approval %d: %s %s %s %v", i, attempt.Status, attempt.Code, attempt.Detail, err)
			}
			if m, n := promoted(t, b); n != 1 || m.NextSecret.Set {
				t.Errorf("after approval %d there are %d promotions", i, n)
			}
		}
		var all []string
		for _, o := range outcomes(b, "authorization_code") {
			all = append(all, o...)
		}
		if slices.Sort(all); strings.Join(all, " ") != "invalid_client_secret ok ok" {
			t.Errorf("the codes were answered with %v", all)
		}
		// A present secret that is replaced still ends what began before.
		_, third := b.Begin(t, "zoho-desk", authmethods.Production, consent.EnableOptions{})
		if _, err := tenant(t, b).ChangeMethod(t.Context(), "zoho-desk", 0, store.MethodChange{ClientSecret: secret.New("typed-anew")}); err != nil {
			t.Fatal(err)
		}
		if attempt, err := b.Return(t, walk(t, third, zohosim.Approval{User: "ada@example.eu"})); err != nil || attempt.Code != authmethods.CodeLinkOutOfDate {
			t.Errorf("%s %v", attempt.Code, err)
		}
	})
}

// A process that ends between the answer and the promotion leaves both secrets; the next
// refresh finds the same, and promotes.
func TestAPromotionThatDidNotHappenIsMadeUpFor(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		b := broker.New(t, storage.Open(t, url), nil)
		b.ZohoDesk(t, nil)
		attempt := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "sam@example.com"})
		await(t, b, followingSecret)
		rotate(t, b, followingSecret)
		run := func(statements ...string) {
			for _, each := range statements {
				if _, err := storage.Raw(t, url).ExecContext(t.Context(), each); err != nil {
					t.Fatal(err)
				}
			}
		}
		if storage.DialectOf(url) == migrations.SQLite {
			run(`CREATE TRIGGER no_promotion BEFORE UPDATE OF client_secret ON methods BEGIN SELECT RAISE(ABORT, 'not now'); END`)
		} else {
			run(`CREATE FUNCTION no_promotion() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$`,
				`CREATE TRIGGER no_promotion BEFORE UPDATE OF client_secret ON methods FOR EACH ROW EXECUTE FUNCTION no_promotion()`)
		}
		b.Expire(t, attempt.Connection)
		lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		if m, n := promoted(t, b); n != 0 || !m.NextSecret.Set || m.Secret.Last4 == "k7q2" {
			t.Errorf("%d promotions, still waiting: %t", n, m.NextSecret.Set)
		}
		on := map[bool]string{true: "", false: " ON methods"}[storage.DialectOf(url) == migrations.SQLite]
		run("DROP TRIGGER no_promotion" + on)
		b.Expire(t, attempt.Connection)
		b.Changed(b.Tenant.ID)
		lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		if m, n := promoted(t, b); n != 1 || m.NextSecret.Set {
			t.Errorf("%d promotions, still waiting: %t", n, m.NextSecret.Set)
		}
	})
}
