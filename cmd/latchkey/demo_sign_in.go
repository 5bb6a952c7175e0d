package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/zohosim"
)

// makeConnector lets people sign in by the method that lends tokens, and makes those
// whom the simulator knows.
func (d *demo) makeConnector(ctx context.Context) (string, error) {
	api := d.origin + "/api/v1"
	var made struct {
		LoginURL string `json:"login_url"`
	}
	err := d.call(ctx, http.MethodPost, api+"/sso-connectors", d.admin, map[string]any{
		"name": "Zoho", "reference": "zoho", "type": "oidc", "method": "zoho-desk", "environment": "production",
	}, http.StatusCreated, &made)
	if err != nil {
		return "", err
	}
	for i, u := range d.seed.Users {
		person := map[string]any{"user_name": u.Email, "display_name": u.FirstName + " " + u.LastName, "connectors": []string{"zoho"}}
		if i == 0 {
			person["roles"] = []string{"workspace-admin"}
		}
		if err := d.call(ctx, http.MethodPost, api+"/users", d.admin, person, http.StatusCreated, nil); err != nil {
			return "", err
		}
	}
	d.loginURL = made.LoginURL
	return "zoho, whose SSO login URL is " + made.LoginURL + "\nAda, Sam and Rémy, of three data centres, are associated with it; Ada administers", nil
}

// signIn signs Ada in as her browser would.
func (d *demo) signIn(ctx context.Context) (string, error) {
	ada, err := d.browser()
	if err != nil {
		return "", err
	}
	authorize, err := ada.led(ctx, d.loginURL)
	if err != nil {
		return "", err
	}
	callback, err := zohosim.Approve(d.plain(), authorize, zohosim.Approval{User: "ada@example.eu"})
	if err != nil {
		return "", err
	}
	if err := ada.open(ctx, callback); err != nil {
		return "", fmt.Errorf("coming back from the provider: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.origin+"/api/sso/session", nil)
	if err != nil {
		return "", err
	}
	status, body, err := d.send(ada.client, r)
	if err != nil {
		return "", err
	}
	var answer struct {
		User struct {
			UserName string `json:"user_name"`
		} `json:"user"`
		Session struct {
			Connector string `json:"connector"`
		} `json:"session"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return "", fmt.Errorf("/api/sso/session answered %d: %s", status, body)
	}
	if err := d.promote(ctx, answer.User.UserName); err != nil {
		return "", err
	}
	return answer.User.UserName + " by the connector " + answer.Session.Connector +
		"; her account at Zoho is pinned to her user, and Zoho gave no lasting access\nFrom now on she operates the installation too", nil
}

// promote makes somebody an operator, as only an operator can. It comes after the first
// sign-in: no rule links an account of a provider to an operator.
func (d *demo) promote(ctx context.Context, user string) error {
	people, err := d.storage.people.directory.For(d.storage.operator(d.tenant.ID))
	if err != nil {
		return err
	}
	_, err = people.ChangeUser(ctx, user, 0, directory.UserChange{Roles: &[]string{sso.RoleOperator, sso.RoleWorkspaceAdmin}})
	return err
}

// led opens an address and returns where it leads.
func (b *browser) led(ctx context.Context, address string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	stays := *b.client
	stays.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stays.Do(r)
	if err != nil {
		return "", err
	}
	if err := resp.Body.Close(); err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusSeeOther {
		return "", fmt.Errorf("%s answered %d", r.URL.Path, resp.StatusCode)
	}
	return resp.Header.Get("Location"), nil
}
