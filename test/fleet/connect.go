package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"latchkey/test/judge"
	"latchkey/zohosim"
)

// Connection is an approved connection of a tenant.
type Connection struct {
	judge.Connection
	Of      *Tenant
	User    string // who approved, at the provider
	Subject string // "tenant" for the first of a tenant
}

// Connect approves one more connection of the tenant at the provider, through the
// first server that runs, as a person with a browser does. Each has a user of its
// own, so that they share no limit.
func (w *World) Connect(t testing.TB, tenant *Tenant) *Connection {
	t.Helper()
	tenant.connections++
	n := len(w.Connections) + 1
	c := &Connection{Of: tenant, User: fmt.Sprintf("user%d@%s.example", n, tenant.Slug), Subject: "tenant"}
	if tenant.connections > 1 {
		c.Subject = fmt.Sprintf("subject-%d", tenant.connections)
	}
	_, err := w.Provider.AddUser(zohosim.User{Email: c.User, DC: "eu", EmailVerified: true, FirstName: "User", Orgs: []zohosim.Org{
		{ID: fmt.Sprintf("2006%08d", n), Product: zohosim.Desk, Name: "Desk of " + tenant.Slug, Environment: zohosim.Production, Default: true, Admin: true},
	}})
	must(t, err)
	must(t, w.approve(t.Context(), c))
	for _, e := range w.Provider.Events() {
		if e.Kind == zohosim.EventToken && e.Outcome == "ok" && e.User == c.User {
			c.Grant = e.Grant
		}
	}
	if c.Grant == "" {
		t.Fatalf("the provider does not know the grant of %s", c.ID)
	}
	w.Connections = append(w.Connections, c)
	return c
}

// approve goes through a consent.
func (w *World) approve(ctx context.Context, c *Connection) error {
	p := w.running()
	if p == nil {
		return fmt.Errorf("fleet: no server runs")
	}
	var begun struct {
		Consent string `json:"consent"`
		Start   string `json:"authorize_url"`
	}
	body := map[string]any{"environment": "production", "subject": c.Subject}
	if err := p.Call(ctx, c.Of, "POST", "/api/v1/auth-methods/"+c.Of.Method+"/enable", body, &begun); err != nil {
		return err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	browser := p.client(jar)
	defer browser.CloseIdleConnections()
	authorize, err := pressStart(ctx, browser, begun.Start)
	if err != nil {
		return err
	}
	callback, err := zohosim.Approve(nil, authorize, zohosim.Approval{User: c.User, Environment: zohosim.Production})
	if err != nil {
		return err
	}
	if err := get(ctx, browser, callback); err != nil {
		return err
	}
	var consent struct {
		Status     string `json:"status"`
		Connection string `json:"connection"`
		Detail     string `json:"detail"`
	}
	if err := p.Call(ctx, c.Of, "GET", "/api/v1/consents/"+begun.Consent, nil, &consent); err != nil {
		return err
	}
	if consent.Status != "completed" {
		return fmt.Errorf("fleet: the consent %s is %s: %s", begun.Consent, consent.Status, consent.Detail)
	}
	c.ID, c.Tenant, c.Client = consent.Connection, c.Of.Slug, c.Of.Client.ID
	return nil
}

func (w *World) running() *Process {
	for _, p := range w.Processes {
		if p.Running() {
			return p
		}
	}
	return nil
}

func get(ctx context.Context, browser *http.Client, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/html")
	status, body, err := send(browser, r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("fleet: %s answered %d: %.500s", r.URL.Path, status, body)
	}
	return err
}

// pressStart opens the start page of a consent, presses its button and returns
// where that leads.
func pressStart(ctx context.Context, browser *http.Client, start string) (string, error) {
	if err := get(ctx, browser, start); err != nil {
		return "", err
	}
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
	status, body, err := send(browser, r)
	if err != nil {
		return "", err
	}
	var answer struct {
		AuthorizeURL string `json:"authorize_url"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return "", fmt.Errorf("fleet: the start page answered %d: %.500s", status, body)
	}
	return answer.AuthorizeURL, nil
}
