package states

import (
	"time"

	"latchkey/authmethods"
	"latchkey/web/page"
	"latchkey/web/words"
)

func consentOf(e authmethods.Environment, at int) page.Consent {
	return page.Consent{
		ID: "cs_01JD7Q8K6ZT3M5V9N2B4C6D8F0", Method: "Zoho Desk – Support", Provider: "Zoho Desk", Environment: e,
		BegunAt: Began, ExpiresAt: Began.Add(10 * time.Minute), Steps: page.Steps{Provider: "Zoho Desk", At: at},
	}
}

func completed(e authmethods.Environment) page.CompletedPage {
	c := page.CompletedPage{
		Consent: consentOf(e, 4), Tenant: "Acme", TenantSlug: "acme", Reference: "zoho-desk",
		Notes: []string{"The account lives in the data centre Europe; the connection uses that one."}, DataCentre: "Europe",
		Approver: "ada@example.eu", Organization: page.Organization{ID: "20067000001", Name: "Moreau Support"},
		Scopes: []string{"Desk.tickets.READ", "Desk.basic.READ"},
	}
	c.EndedAt = Began.Add(90 * time.Second)
	return c
}

func lacking(w words.Words) page.CompletedPage {
	c := completed(authmethods.Production)
	c.Code = string(authmethods.CodeScopesMissing)
	c.Lacking = page.CardOf(w, authmethods.Diagnose(authmethods.CodeScopesMissing))
	c.Detail = "Approved with fewer permissions than were asked for. Missing: Desk.basic.READ."
	c.Approver, c.Organization.Name = "", ""
	return c
}

// Failure is a consent that came to nothing, for the reason with that code.
func Failure(w words.Words, code authmethods.Code, detail string) page.FailedPage {
	f := page.FailedPage{Consent: consentOf(authmethods.Production, 0), Card: *page.CardOf(w, authmethods.Diagnose(code))}
	f.Code, f.Detail, f.EndedAt = string(code), detail, Began.Add(time.Minute)
	return f
}

func choose(unchosen bool) page.ChoosePage {
	return page.ChoosePage{
		Consent: consentOf(authmethods.Production, 3), Unchosen: unchosen, Form: page.Form{Action: "/consents/cs_1/organization", Token: "t"},
		Organizations: []page.Organization{
			{ID: "20067000001", Name: "Moreau Support", Default: true, Environment: authmethods.Production},
			{ID: "20067000002", Name: "Moreau Support Sandbox", Environment: authmethods.Sandbox},
			{ID: "20067000003"},
		},
	}
}

func start(e authmethods.Environment, name string) page.StartPage {
	s := page.StartPage{
		Consent: consentOf(e, 1), Tenant: "Acme", Minutes: 9, Ticket: "ticket", Form: page.Form{Action: "/consents/cs_1/start", Token: "t"},
		Scopes: []page.Scope{{Name: "Desk.tickets.READ", Lets: "Read tickets"}, {Name: "Desk.custom.READ"}},
	}
	if name != "" {
		s.Method, s.Tenant, s.Scopes = name, name, []page.Scope{{Name: name, Lets: name}, {Name: name}}
	}
	return s
}
