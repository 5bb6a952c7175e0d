package consent_test

import (
	"encoding/base64"
	"testing"

	"latchkey/authmethods"
	methods "latchkey/authmethods/store"
	"latchkey/crypto/secret"
	"latchkey/test/broker"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/zohosim"
)

func TestClientCredentialsAreTriedVerifiedAndFetchedAnew(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, func(n *methods.NewMethod) {
			n.Mode, n.DataCentre = authmethods.ModeClientCredentials, "eu"
			n.ClientID, n.ClientSecret = b.Seed.Self.ID, secret.New(b.Seed.Self.Secret)
		})
		enable := func(e authmethods.Environment, organization string) consent.Attempt {
			begun, err := b.Consents.Enable(t.Context(), b.Admin, "zoho-desk", e, consent.EnableOptions{Organization: organization})
			if err != nil {
				t.Fatal(err)
			}
			return begun.Attempt
		}
		if a := enable(authmethods.Production, ""); a.Status != consent.Failed || a.Code != authmethods.CodeOrganizationMissing {
			t.Errorf("without an organisation, of several: %s %s %s", a.Status, a.Code, a.Detail)
		}
		if a := enable(authmethods.Production, "20067000002"); a.Status != consent.Failed || a.Code != authmethods.CodeEnvironmentMismatch {
			t.Errorf("with the sandbox's organisation in production: %s %s %s", a.Status, a.Code, a.Detail)
		}
		if a := enable(authmethods.Production, "20067000001"); a.Status != consent.Completed {
			t.Fatalf("%s %s %s", a.Status, a.Code, a.Detail)
		}
		first := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		b.Expire(t, first.Connection)
		second := lend(t, b, tokens.LoanRequest{Method: "zoho-desk"})
		if second.TokenID == first.TokenID || second.Source != tokens.Refreshed || !b.Zoho.Token(second.AccessToken.Reveal()).Valid {
			t.Errorf("an expired token was not fetched anew: %s from %s", second.TokenID, second.Source)
		}
	})
}

func TestStaticTokensAndBasicCredentialsAreLentAsTheyAre(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		for _, c := range []struct {
			reference, kind string
			mode            authmethods.Mode
			address         string
			header          string
		}{
			{"hub", "hubspot", authmethods.ModeStaticToken, "", "Bearer pat-secret-of-hub"},
			{"desk", "zendesk", authmethods.ModeBasic, "https://acme.zendesk.com", "Basic " + base64.StdEncoding.EncodeToString([]byte("marie@acme.example/token:pat-secret-of-desk"))},
		} {
			b.ZohoDesk(t, func(n *methods.NewMethod) {
				n.Reference, n.IntegrationType, n.Mode, n.DataCentre = c.reference, c.kind, c.mode, ""
				n.EnvironmentURL, n.Scopes, n.ClientID = c.address, nil, ""
				if c.mode == authmethods.ModeBasic {
					n.ClientID = "marie@acme.example/token"
				}
				n.ClientSecret = secret.New("pat-secret-of-" + c.reference)
			})
			begun, err := b.Consents.Enable(t.Context(), b.Admin, c.reference, authmethods.Production, consent.EnableOptions{})
			if err != nil || begun.Attempt.Status != consent.Completed {
				t.Fatalf("%s: %s %s %v", c.reference, begun.Attempt.Status, begun.Attempt.Detail, err)
			}
			first := lend(t, b, tokens.LoanRequest{Method: c.reference})
			if got := first.Headers[0].Value.Reveal(); got != c.header || !first.ExpiresAt.IsZero() {
				t.Errorf("%s: header %q, expires %s", c.reference, got, first.ExpiresAt)
			}
			tenant, err := b.Methods.For(b.Admin)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tenant.ChangeMethod(t.Context(), c.reference, 0, methods.MethodChange{ClientSecret: secret.New("a new secret of " + c.reference)}); err != nil {
				t.Fatal(err)
			}
			b.Changed(b.Tenant.ID)
			if next := lend(t, b, tokens.LoanRequest{Method: c.reference}); next.TokenID == first.TokenID || next.AccessToken.Reveal() == first.AccessToken.Reveal() {
				t.Errorf("%s: the replaced secret is still lent", c.reference)
			}
			if _, err := b.Consents.Revoke(t.Context(), b.Admin, first.Connection); err != nil {
				t.Error(err)
			}
			if _, err := b.Lender.Lend(t.Context(), broker.Service(b.Tenant.ID), tokens.LoanRequest{Method: c.reference}); authmethods.KindOf(err) != authmethods.HumanNeeded {
				t.Errorf("%s: lending what was revoked: %v", c.reference, err)
			}
		}
	})
}

func TestARefreshTokenFromElsewhereIsTakenOver(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, nil)
		b.Approve(t, "zoho-desk", authmethods.Production, zohosim.Approval{User: "ada@example.eu", Environment: zohosim.Production})
		b.ZohoDesk(t, func(n *methods.NewMethod) { n.Reference = "moved" })
		theirs := b.RefreshToken(t, "zoho-desk")
		in := consent.Import{Method: "moved", Environment: authmethods.Production, RefreshToken: theirs, DataCentre: "eu"}
		connection, err := b.Consents.Import(t.Context(), b.Admin, in)
		if err != nil || connection.State != tokens.Active || connection.Organization.ID != "20067000001" {
			t.Fatalf("%s %s %v", connection.State, connection.Organization.ID, err)
		}
		if loan := lend(t, b, tokens.LoanRequest{Method: "moved"}); !b.Zoho.Token(loan.AccessToken.Reveal()).Valid {
			t.Error("the lent token is not valid")
		}
		in.Environment = authmethods.Sandbox
		if _, err := b.Consents.Import(t.Context(), b.Admin, in); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("a production token as sandbox: %v", err)
		}
		in.RefreshToken, in.Environment = secret.New("1000.no.such"), authmethods.Production
		if _, err := b.Consents.Import(t.Context(), b.Admin, in); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("a refresh token that does not exist: %v", err)
		}
		if loan := lend(t, b, tokens.LoanRequest{Method: "moved"}); !b.Zoho.Token(loan.AccessToken.Reveal()).Valid {
			t.Error("a failed import harmed the connection that was there")
		}
	})
}

func TestASelfClientCodeOfAnotherDataCentreIsExplained(t *testing.T) {
	each(t, func(t *testing.T, b *broker.Broker) {
		b.ZohoDesk(t, func(n *methods.NewMethod) {
			n.Mode, n.DataCentre = authmethods.ModeSelfClient, "us"
			n.ClientID, n.ClientSecret = b.Seed.Self.ID, secret.New(b.Seed.Self.Secret)
		})
		code, err := b.Zoho.SelfClientCode(zohosim.SelfClientRequest{Client: b.Seed.Self.ID, User: "ada@example.eu", Scope: "Desk.basic.READ", Environment: zohosim.Production})
		if err != nil {
			t.Fatal(err)
		}
		paste := func(dataCentre string) consent.Attempt {
			a, err := b.Consents.SelfClient(t.Context(), b.Admin, "zoho-desk", authmethods.Production, secret.New(code), dataCentre)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		if a := paste(""); a.Code != authmethods.CodeClientRejected || a.Status != consent.Failed {
			t.Errorf("a code of eu at us: %s %s %s", a.Status, a.Code, a.Detail)
		}
		if a := paste("eu"); a.Status != consent.Completed || a.DataCentre != "eu" {
			t.Errorf("the same code at eu: %s %s %s", a.Status, a.Code, a.Detail)
		}
	})
}
