package consent_test

import (
	"net/http"
	"net/http/cookiejar"
	"slices"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/broker"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

// each runs f with a broker on each database.
func each(t *testing.T, f func(t *testing.T, b *broker.Broker)) {
	storage.Each(t, func(t *testing.T, d *db.DB) { f(t, broker.New(t, d, nil)) })
}

func lend(t *testing.T, b *broker.Broker, r tokens.LoanRequest) tokens.Loan {
	t.Helper()
	loan, err := b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), r)
	if err != nil {
		t.Fatal(err)
	}
	return loan
}

func TestAnApprovedConnectionLendsTokensThatTheProviderAccepts(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		for _, c := range []struct{ user, dataCentre, organization string }{
			{"ada@example.eu", "eu", "20067000001"},
			{"sam@example.com", "us", "10067000001"},
			{"remy@example.ca", "ca", "11067000001"},
		} {
			attempt := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: c.user})
			if attempt.Status != consent.Completed || attempt.DataCentre != c.dataCentre {
				t.Fatalf("%s: %s in %s: %s %s", c.user, attempt.Status, attempt.DataCentre, attempt.Code, attempt.Detail)
			}
			loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
			if v := b.Zoho.Token(loan.AccessToken.Reveal()); !v.Valid {
				t.Errorf("%s: the lent token is not valid: %s", c.user, v.Reason)
			}
			i := slices.IndexFunc(loan.Headers, func(h tokens.Header) bool { return h.Name == "orgId" })
			if i < 0 || loan.Headers[i].Value.Reveal() != c.organization {
				t.Errorf("%s: loan for the wrong organisation", c.user)
			}
		}
	})
}

//
func TestReconnectingRevokesTheRefreshTokenThatItReplaces(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
		first := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu"})
		second := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		if b.Zoho.Token(first.AccessToken.Reveal()).Valid || !b.Zoho.Token(second.AccessToken.Reveal()).Valid {
			t.Error("the old grant lives on, or the new one does not")
		}
		if first.Connection != second.Connection {
			t.Error("reconnecting made another connection")
		}
	})
}

//
func TestConsentsThatMustFail(t *testing.T) {
	type broken struct {
		name     string
		prepare  func(*testing.T, *broker.Broker)
		method   func(*methods.NewMethod)
		e        authmethods.Environment
		approval zohosim.Approval
		callback func(string) string
		code     authmethods.Code
	}
	ada := zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Production}
	fault := func(f zohosim.Fault) func(*testing.T, *broker.Broker) {
		return func(_ *testing.T, b *broker.Broker) { f.Path = "/oauth/v2/token"; b.Zoho.Inject(f) }
	}
	for _, c := range []broken{
		{name: "declined", approval: zohosim.Approval{User: "ada@example.eu", Reject: true}, code: authmethods.CodeApprovalDeclined},
		{name: "wrong secret", method: func(n *methods.NewMethod) { n.ClientSecret = secret.New("not the secret of it") }, approval: ada, code: authmethods.CodeClientRejected},
		{name: "a production organisation for the sandbox", e: authmethods.Sandbox, approval: ada, code: authmethods.CodeEnvironmentMismatch},
		{name: "no refresh token", approval: ada, code: authmethods.CodeNoLongTermAccess,
			prepare: fault(zohosim.Fault{Kind: "canned", Status: 200, Body: `{"access_token":"1000.aa.bb","expires_in":3600,"token_type":"Bearer","api_domain":""}`})},
		{name: "expired code", approval: ada, code: authmethods.CodeCodeExpired,
			prepare: fault(zohosim.Fault{Kind: "canned", Status: 200, Body: `{"error":"invalid_code"}`})},
		{name: "throttled", approval: ada, code: authmethods.CodeProviderThrottled,
			prepare: fault(zohosim.Fault{Kind: "canned", Status: 400, Body: `{"error_description":"您的请求过于频繁","error":"拒绝访问","status":"failure"}`})},
		{name: "maintenance page", approval: ada, code: authmethods.CodeUnexpectedReply, prepare: fault(zohosim.Fault{Kind: "html"})},
		{name: "provider down", approval: ada, code: authmethods.CodeProviderDown, prepare: fault(zohosim.Fault{Kind: "unavailable"})},
		{name: "answer cut short", approval: ada, code: authmethods.CodeUnexpectedReply, prepare: fault(zohosim.Fault{Kind: "truncated"})},
		{name: "unknown accounts server", approval: ada, code: authmethods.CodeAccountsServerRefused, callback: replaceQuery("accounts-server", "https://accounts.zoho.attacker.example")},
		{name: "location and server disagree", approval: ada, code: authmethods.CodeAccountsServerRefused, callback: replaceQuery("location", "us")},
		{name: "foreign issuer", approval: ada, code: authmethods.CodeAccountsServerRefused, callback: replaceQuery("iss", "https://evil.example")},
		{name: "no code at all", approval: ada, code: authmethods.CodeUnexpectedReply, callback: replaceQuery("code", "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			storage.Each(t, func(t *testing.T, d *db.DB) {
				b := broker.New(t, d, nil)
				b.ZohoDesk(t, c.method)
				if c.e == "" {
					c.e = authmethods.Production
				}
				_, address := b.Begin(t, "zoho-desk", c.e, consent.EnableOptions{})
				callback := walk(t, address, c.approval)
				if c.callback != nil {
					callback = c.callback(callback)
				}
				if c.prepare != nil {
					c.prepare(t, b)
				}
				attempt, err := b.Return(t, callback)
				if err != nil {
					t.Fatal(err)
				}
				if attempt.Status != consent.Failed || attempt.Code != c.code {
					t.Errorf("ended %s with %s (%s), want failed with %s", attempt.Status, attempt.Code, attempt.Detail, c.code)
				}
				_, err = b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk", Environment: c.e})
				if authmethods.KindOf(err) != authmethods.HumanNeeded {
					t.Errorf("a failed consent enabled something: %v", err)
				}
			})
		})
	}
}

func walk(t *testing.T, address string, a zohosim.Approval) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	callback, err := zohosim.Approve(&http.Client{Jar: jar}, address, a)
	if err != nil {
		t.Fatal(err)
	}
	return callback
}
