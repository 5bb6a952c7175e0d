package consent_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/broker"
	"latchkey/test/forcesim"
	"latchkey/test/storage"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

func TestSandboxAndProductionOfOneMethodAreApart(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		for e, organization := range map[authmethods.Environment]string{authmethods.Production: "20067000001", authmethods.Sandbox: "20067000002"} {
			attempt := b.Approve(t, "zoho-desk", e, zohosim.Approval{User: "ada@example.eu", Environment: string(e)})
			if attempt.Status != consent.Completed {
				t.Fatalf("%s: %s %s %s", e, attempt.Status, attempt.Code, attempt.Detail)
			}
			loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk", Environment: e})
			var sent string
			for _, h := range loan.Headers {
				if h.Name == "orgId" {
					sent = h.Value.Reveal()
				}
			}
			if sent != organization || loan.Environment != e {
				t.Errorf("%s lends for organisation %q of %s", e, sent, loan.Environment)
			}
		}
	})
}

func TestTheAPIDomainProvesTheEnvironmentOfZohoCRM(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, func(n *methods.NewMethod) {
			n.Reference, n.IntegrationType, n.Scopes = "crm", "zoho_crm", []string{"ZohoCRM.modules.ALL", "ZohoCRM.org.READ", "ZohoCRM.users.READ"}
		})
		ada := zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Sandbox}
		if a := b.Approve(t, "crm", authmethods.Production, ada); a.Code != authmethods.CodeEnvironmentMismatch {
			t.Errorf("a sandbox approved as production ended %s %s %s", a.Status, a.Code, a.Detail)
		}
		if a := b.Approve(t, "crm", authmethods.Sandbox, ada); a.Status != consent.Completed {
			t.Fatalf("sandbox: %s %s %s", a.Status, a.Code, a.Detail)
		}
		loan := lend(t, b, tokens.LoanRequest{Method: "crm"})
		if !strings.Contains(loan.APIBaseURL, "sandbox.zohoapis.eu") {
			t.Errorf("the sandbox is at %s", loan.APIBaseURL)
		}
	})
}

func TestAPastedSelfClientCodeMakesAConnection(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, func(n *methods.NewMethod) {
			n.Mode, n.DataCentre = authmethods.ModeSelfClient, "eu"
			n.ClientID, n.ClientSecret = b.Seed.Self.ID, secret.New(b.Seed.Self.Secret)
		})
		if _, err := b.Consents.Enable(t.Context(), b.Admin, "zoho-desk", authmethods.Production, consent.EnableOptions{}); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("enabling without a code: %v", err)
		}
		paste := func(code string) consent.Attempt {
			attempt, err := b.Consents.SelfClient(t.Context(), b.Admin, "zoho-desk", authmethods.Production, secret.New(code), "")
			if err != nil {
				t.Fatal(err)
			}
			return attempt
		}
		if a := paste("1000.not.acode"); a.Status != consent.Failed || a.Code != authmethods.CodeCodeExpired {
			t.Errorf("a wrong code ended %s %s", a.Status, a.Code)
		}
		code, err := b.Zoho.SelfClientCode(zohosim.SelfClientRequest{
			Client: b.Seed.Self.ID, User: "ada@example.eu", Scope: "Desk.tickets.READ,Desk.basic.READ", Environment: zohosim.Production,
		})
		if err != nil {
			t.Fatal(err)
		}
		if a := paste(code); a.Status != consent.Completed {
			t.Fatalf("ended %s %s %s", a.Status, a.Code, a.Detail)
		}
		if loan := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"}); !b.Zoho.Token(loan.AccessToken.Reveal()).Valid {
			t.Error("the lent token is not valid")
		}
	})
}

// withSalesforce is a broker with a method "force" whose clients are registered in both
// environments of the simulator, and granted these scopes only if any are given.
func withSalesforce(t *testing.T, d *db.DB, grants ...string) (*broker.Broker, *forcesim.Server) {
	t.Helper()
	force := forcesim.Start()
	t.Cleanup(force.Close)
	b := broker.New(t, d, fstest.MapFS{"salesforce.yaml": {Data: []byte(salesforceAt(force.URL))}})
	for _, h := range []forcesim.Host{forcesim.Production, forcesim.Sandbox} {
		force.Register(h, forcesim.Client{
			ID: "client-of-" + string(h), Secret: "secret-of-" + string(h), RequirePKCE: true, Scopes: grants,
			RedirectURIs: []string{broker.PublicURL.RedirectURI(b.Tenant)},
		})
	}
	b.ZohoDesk(t, func(n *methods.NewMethod) {
		n.Reference, n.IntegrationType, n.DataCentre = "force", "salesforce", ""
		n.Scopes = []string{"api", "refresh_token", "openid", "id"}
		n.ClientID, n.ClientSecret = "client-of-"+string(forcesim.Production), secret.New("secret-of-"+string(forcesim.Production))
	})
	tenant, err := b.Methods.For(b.Admin)
	if err != nil {
		t.Fatal(err)
	}
	id, key := "client-of-"+string(forcesim.Sandbox), secret.New("secret-of-"+string(forcesim.Sandbox))
	if _, err := tenant.ChangeMethod(t.Context(), "force", 0, methods.MethodChange{
		Environments: map[authmethods.Environment]methods.EnvironmentChange{authmethods.Sandbox: {ClientID: &id, ClientSecret: key}},
	}); err != nil {
		t.Fatal(err)
	}
	return b, force
}

// approved is what became of a consent for the method "force".
func approved(t *testing.T, b *broker.Broker, e authmethods.Environment) consent.Attempt {
	t.Helper()
	_, address := b.Begin(t, "force", e, consent.EnableOptions{})
	attempt, err := b.Return(t, redirectedTo(t, address))
	if err != nil || attempt.Status != consent.Completed {
		t.Fatalf("%s: %s %s %s %v", e, attempt.Status, attempt.Code, attempt.Detail, err)
	}
	return attempt
}

func TestSeparateHostsForSandboxAndProduction(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		b, force := withSalesforce(t, d)
		for e, host := range map[authmethods.Environment]forcesim.Host{authmethods.Production: forcesim.Production, authmethods.Sandbox: forcesim.Sandbox} {
			if a := approved(t, b, e); a.Code != "" {
				t.Errorf("%s: %s %s", e, a.Code, a.Detail)
			}
			loan := lend(t, b, tokens.LoanRequest{Method: "force", Environment: e})
			if loan.APIBaseURL != force.InstanceURL(host) {
				t.Errorf("%s is at %s, want %s", e, loan.APIBaseURL, force.InstanceURL(host))
			}
			result, err := b.Consents.Test(t.Context(), b.Admin, loan.Connection)
			if err != nil || !result.OK {
				t.Errorf("%s: the test call ended %+v %v", e, result, err)
			}
		}
	})
}

//
func TestWhatWasGrantedIsKeptAndWhatIsLackingIsTold(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		b, _ := withSalesforce(t, d, "api", "refresh_token", "id")
		a := approved(t, b, authmethods.Production)
		if a.Code != authmethods.CodeScopesMissing || !strings.Contains(a.Detail, "openid") || strings.Contains(a.Detail, "api") {
			t.Errorf("the consent ended with %s: %s", a.Code, a.Detail)
		}
		loan := lend(t, b, tokens.LoanRequest{Method: "force", Scopes: []string{"api"}})
		if slices.Contains(loan.Scopes, "openid") || !slices.Contains(loan.Scopes, "api") {
			t.Errorf("the loan says that it has the scopes %v", loan.Scopes)
		}
		_, err := b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "force", Scopes: []string{"openid"}})
		if p, ok := problem(err); !ok || p.Code != authmethods.CodeScopesMissing {
			t.Errorf("a loan for what was not granted: %v", err)
		}
	})
}

func salesforceAt(base string) string {
	return `extends: salesforce
hosts:
  login:
    production: ` + base + `/login.salesforce.com
    sandbox: ` + base + `/test.salesforce.com
api:
  instance_hosts: [127.0.0.1]
`
}

// redirectedTo goes to an address that answers at once with a redirect.
func redirectedTo(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Location") == "" {
		t.Fatalf("no redirect but %s", resp.Status)
	}
	return resp.Header.Get("Location")
}

func TestSomebodyChoosesWhenSeveralOrganisationsFit(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		b := broker.New(t, d, fstest.MapFS{"zoho_desk.yaml": {Data: []byte("extends: zoho_desk\norganizations: {proof: null}\n")}})
		user, err := b.Zoho.AddUser(zohosim.User{Email: "two@example.eu", DC: "eu", Orgs: []zohosim.Org{
			{ID: "20069000001", Product: zohosim.Desk, Name: "First", Environment: zohosim.Production, Default: true, Admin: true},
			{ID: "20069000002", Product: zohosim.Desk, Name: "Second", Environment: zohosim.Production, Admin: true},
		}})
		if err != nil {
			t.Fatal(err)
		}
		b.ZohoDesk(t, nil)
		waiting := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: user.Email})
		if waiting.Status != consent.AwaitingOrganization || len(waiting.Organizations) != 2 {
			t.Fatalf("ended %s with %d organisations, want a choice of two", waiting.Status, len(waiting.Organizations))
		}
		if _, err := b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: "zoho-desk"}); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("a loan before the choice: %v", err)
		}
		if _, err := b.Consents.Choose(t.Context(), b.Admin, waiting.ID, "20067000001"); authmethods.KindOf(err) != authmethods.Invalid {
			t.Errorf("an organisation that is not offered: %v", err)
		}
		done, err := b.Consents.Choose(t.Context(), b.Admin, waiting.ID, "20069000002")
		if err != nil || done.Status != consent.Completed || done.Organization.Name != "Second" {
			t.Fatalf("after the choice: %s %q %v", done.Status, done.Organization.Name, err)
		}
		again := b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: user.Email})
		if again.Status != consent.Completed || again.Organization.ID != "20069000002" {
			t.Errorf("reconnecting asked again, or chose another: %s %q", again.Status, again.Organization.ID)
		}
	})
}
