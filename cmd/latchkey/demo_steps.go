package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/zohosim"
)

// show goes through the demonstration. It uses the server's interfaces as an
// administrator, a person with a browser and a service would.
func (d *demo) show(ctx context.Context) error {
	for _, s := range []struct {
		says string
		do   func(context.Context) (string, error)
	}{
		{"A tenant", d.makeTenant},
		{"Keys", d.makeKeys},
		{"A method for production", d.makeMethod("zoho-desk", "Zoho Desk")},
		{"Approved at Zoho", d.enable("zoho-desk", authmethods.Production)},
		{"A method for the sandbox", d.makeMethod("zoho-desk-sandbox", "Zoho Desk (sandbox)")},
		{"Approved at Zoho", d.enable("zoho-desk-sandbox", authmethods.Sandbox)},
		{"A token is lent", d.lend("zoho-desk", authmethods.Production)},
		{"And one of the sandbox", d.lend("zoho-desk-sandbox", authmethods.Sandbox)},
		{"A connector for signing in", d.makeConnector},
		{"Ada signs in with Zoho", d.signIn},
	} {
		began := time.Now()
		what, err := s.do(ctx)
		if err != nil {
			return fmt.Errorf("the demonstration stopped at «%s»: %w", strings.ToLower(s.says), err)
		}
		fmt.Fprintf(d.out, "%s (%s)\n", s.says, time.Since(began).Round(100*time.Microsecond))
		fmt.Fprintf(d.out, "  %s\n\n", strings.ReplaceAll(what, "\n", "\n  "))
	}
	fmt.Fprintf(d.out, "All of it worked, in %s.\n\n", time.Since(d.began).Round(time.Millisecond))
	return nil
}

// makeTenant makes acme and registers its redirect URI at the simulator, as
// somebody would in Zoho's console.
func (d *demo) makeTenant(ctx context.Context) (string, error) {
	t, err := d.storage.tenants.Create(ctx, operator(), store.NewTenant{Slug: "acme", Name: "Acme"})
	if err != nil {
		return "", err
	}
	d.tenant, d.origin = t, d.storage.publicURL.Origin(t.Slug)
	redirect := d.storage.publicURL.RedirectURI(t)
	signIn := d.storage.publicURL.SignInRedirectURI(t)
	if d.seed, err = zohosim.Demo(d.sim.Sim, redirect, signIn); err != nil {
		return "", err
	}
	return "acme, whose pages are at " + d.origin + "/\nIts redirect URIs, registered at Zoho: " + redirect + "\n  and " + signIn, nil
}

// makeKeys makes the two keys that everything else is done with.
func (d *demo) makeKeys(ctx context.Context) (string, error) {
	view, _, err := d.storage.as(ctx, d.tenant.Slug)
	if err != nil {
		return "", err
	}
	permits, err := parsePermits([]string{"zoho-desk:production", "zoho-desk-sandbox:sandbox"})
	if err != nil {
		return "", err
	}
	issue := func(n store.NewService) (string, error) {
		service, err := view.CreateService(ctx, n)
		if err != nil {
			return "", err
		}
		issued, err := view.IssueKey(ctx, string(service.ID), n.Name, time.Time{})
		return issued.Shown.Reveal(), err
	}
	if d.admin, err = issue(store.NewService{Name: "administrator", Admin: true}); err != nil {
		return "", err
	}
	if d.service, err = issue(store.NewService{Name: "call-pop", Permits: permits}); err != nil {
		return "", err
	}
	return "one for an administrator, and one for the service call-pop, which may borrow from\n" +
		"zoho-desk in production and zoho-desk-sandbox in the sandbox and from nothing else", nil
}

// makeMethod creates an authentication method through the administration API.
func (d *demo) makeMethod(reference, name string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		request := map[string]any{
			"name": name, "reference": reference, "integration_type": "zoho_desk", "mode": "oauth",
			"client_id": d.seed.Server.ID, "client_secret": d.seed.Server.Secret,
			"scopes": []string{"Desk.tickets.READ", "Desk.basic.READ"}, "data_centre": "auto",
		}
		err := d.call(ctx, http.MethodPost, d.origin+"/api/v1/auth-methods", d.admin, request, http.StatusCreated, nil)
		return reference + ", with client ID and secret; the secret is sealed and never shown again", err
	}
}

// enable makes a consent and goes through it as a person with a browser would.
func (d *demo) enable(reference string, e authmethods.Environment) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var begun struct {
			Consent      string `json:"consent"`
			AuthorizeURL string `json:"authorize_url"`
		}
		err := d.call(ctx, http.MethodPost, d.origin+"/api/v1/auth-methods/"+reference+"/enable", d.admin,
			map[string]any{"environment": e}, 0, &begun)
		if err != nil {
			return "", err
		}
		person, err := d.browser()
		if err != nil {
			return "", err
		}
		if err := person.approve(ctx, begun.AuthorizeURL, zohosim.Approval{User: "ada@example.eu", Environment: string(e)}); err != nil {
			return "", err
		}
		var consent struct {
			Status     string `json:"status"`
			Connection string `json:"connection"`
			DataCentre string `json:"data_centre"`
		}
		if err := d.call(ctx, http.MethodGet, d.origin+"/api/v1/consents/"+begun.Consent, d.admin, nil, http.StatusOK, &consent); err != nil {
			return "", err
		}
		if consent.Status != "completed" {
			return "", fmt.Errorf("the consent %s is %s", begun.Consent, consent.Status)
		}
		return fmt.Sprintf("%s is enabled in %s: Ada signed in, chose her %[2]s organisation and accepted\n"+
			"Zoho answered from its data centre %[3]s; the connection is %[4]s", reference, e, consent.DataCentre, consent.Connection), nil
	}
}

// lend borrows a token twice as the service would, and calls Desk with it.
func (d *demo) lend(reference string, e authmethods.Environment) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		var first, second struct {
			loan
			TokenID   string `json:"token_id"`
			ExpiresIn int    `json:"expires_in"`
			Source    string `json:"source"`
		}
		request := map[string]any{"method": reference, "environment": e, "purpose": "demonstration"}
		address := d.internal + "/internal/v1/tokens"
		if err := d.call(ctx, http.MethodPost, address, d.service, request, http.StatusOK, &first); err != nil {
			return "", err
		}
		began := time.Now()
		if err := d.call(ctx, http.MethodPost, address, d.service, request, http.StatusOK, &second); err != nil {
			return "", err
		}
		took := time.Since(began)
		d.token = cmp.Or(d.token, first.TokenID)
		tickets, err := d.tickets(ctx, &first.loan)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s…, good for %d s; the next loan of it came from %s in %s\n"+
			"GET %s/tickets with its headers (%s): %s", first.AccessToken[:min(16, len(first.AccessToken))], first.ExpiresIn,
			second.Source, took.Round(10*time.Microsecond), first.APIBaseURL, strings.Join(sortedKeys(first.Headers), ", "), tickets), nil
	}
}

// tickets calls Zoho Desk with the headers that came with the loan.
func (d *demo) tickets(ctx context.Context, l *loan) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.APIBaseURL+"/tickets", nil)
	if err != nil {
		return "", err
	}
	for name, value := range l.Headers {
		r.Header.Set(name, value)
	}
	var answer struct {
		Data []struct {
			Subject string `json:"subject"`
		} `json:"data"`
	}
	status, body, err := d.send(d.plain(), r)
	if err != nil {
		return "", err
	}
	if status == http.StatusNoContent {
		return "no tickets there", nil
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return "", fmt.Errorf("the call to Desk answered %d: %s", status, body)
	}
	var subjects []string
	for _, t := range answer.Data {
		subjects = append(subjects, "«"+t.Subject+"»")
	}
	return fmt.Sprintf("%d tickets %s", len(subjects), strings.Join(subjects, ", ")), nil
}

// approve opens the start page, goes on to the provider, approves there, and comes
// back through the redirect URI.
func (b *browser) approve(ctx context.Context, start string, a zohosim.Approval) error {
	if err := b.open(ctx, start); err != nil {
		return fmt.Errorf("opening the start page: %w", err)
	}
	authorize, err := b.confirm(ctx, start)
	if err != nil {
		return fmt.Errorf("going on to the provider: %w", err)
	}
	callback, err := zohosim.Approve(b.demo.plain(), authorize, a)
	if err != nil {
		return err
	}
	if err := b.open(ctx, callback); err != nil {
		return fmt.Errorf("coming back from the provider: %w", err)
	}
	return nil
}

// confirm presses the button of the start page.
func (b *browser) confirm(ctx context.Context, start string) (string, error) {
	u, err := url.Parse(start)
	if err != nil {
		return "", err
	}
	form := url.Values{"ticket": {u.Query().Get("ticket")}}
	u.RawQuery = ""
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	status, body, err := b.demo.send(b.client, r)
	if err != nil {
		return "", err
	}
	var answer struct {
		AuthorizeURL string `json:"authorize_url"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK || answer.AuthorizeURL == "" {
		return "", fmt.Errorf("the start page answered %d: %s", status, body)
	}
	return answer.AuthorizeURL, nil
}
