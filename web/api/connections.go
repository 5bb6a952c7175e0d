package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// connection is a connection on the wire.
type connection struct {
	ID               authmethods.ID          `json:"id"`
	MethodID         authmethods.ID          `json:"method_id"`
	Method           string                  `json:"method"`
	Environment      authmethods.Environment `json:"environment"`
	Subject          string                  `json:"subject"`
	State            tokens.State            `json:"state"`
	Reason           authmethods.Code        `json:"reason,omitempty"`
	Diagnosis        *diagnosis              `json:"diagnosis,omitempty"`
	DataCentre       string                  `json:"data_centre,omitempty"`
	Account          tokens.Account          `json:"account"`
	Organization     *organization           `json:"organization,omitempty"`
	Organizations    []organization          `json:"organizations"`
	Scopes           []string                `json:"scopes"`
	APIBaseURL       string                  `json:"api_base_url,omitempty"`
	TokenID          authmethods.ID          `json:"token_id,omitempty"`
	TokenIssuedAt    time.Time               `json:"token_issued_at,omitzero"`
	TokenExpiresAt   time.Time               `json:"token_expires_at,omitzero"`
	RefreshExpiresAt time.Time               `json:"refresh_expires_at,omitzero"`
	Warnings         []string                `json:"warnings"`
	Failures         int                     `json:"failures"`
	RetryAt          time.Time               `json:"retry_at,omitzero"`
	ApprovedBy       string                  `json:"approved_by,omitempty"`
	ApprovedAt       time.Time               `json:"approved_at,omitzero"`
	CreatedAt        time.Time               `json:"created_at"`
}

type organization struct {
	ID          string                  `json:"id"`
	Name        string                  `json:"name,omitempty"`
	Default     bool                    `json:"default,omitempty"`
	Environment authmethods.Environment `json:"environment,omitempty"`
}

func showConnection(x tokens.Connection) connection {
	shown := connection{
		ID: x.ID, MethodID: x.MethodID, Method: x.Method, Environment: x.Environment, Subject: x.Subject,
		State: x.State, Reason: x.Reason, Diagnosis: diagnosed(x.Reason), DataCentre: x.DataCentre, Account: x.Account,
		Organizations: showOrganizations(x.Organizations), Scopes: append([]string{}, x.Scopes...), APIBaseURL: x.APIBaseURL,
		TokenID: x.TokenID, TokenIssuedAt: x.TokenIssuedAt.UTC(), TokenExpiresAt: x.TokenExpiresAt.UTC(),
		RefreshExpiresAt: x.RefreshExpiresAt.UTC(), Warnings: append([]string{}, x.Warnings...), Failures: x.Failures, RetryAt: x.RetryAt.UTC(),
		ApprovedBy: x.ApprovedBy, ApprovedAt: x.ApprovedAt.UTC(), CreatedAt: x.CreatedAt.UTC(),
	}
	if o := organization(x.Organization); o.ID != "" {
		shown.Organization = &o
	}
	return shown
}

func showOrganizations(all []tokens.Organization) []organization {
	shown := []organization{}
	for _, o := range all {
		shown = append(shown, organization(o))
	}
	return shown
}

var states = []tokens.State{
	tokens.Disabled, tokens.AwaitingConsent, tokens.Active, tokens.Degraded,
	tokens.Throttled, tokens.ReconnectRequired, tokens.Revoked,
}

// ListConnections lists the connections. With a state, a page may be shorter than
// its limit before the last.
func (h *Handlers) ListConnections(c *route.Call) error {
	q := list.Read(c.Request(), "method", "environment", "state")
	cq := consent.Query{
		Method: q.Text("method", maxRef), Environment: list.Choice(q, "environment", authmethods.Environments[:]...),
		After: q.AfterID("conn"), Limit: q.Limit + 1,
	}
	state := list.Choice(q, "state", states...)
	if err := q.Err(); err != nil {
		return err
	}
	found, err := h.Consents.Connections(c.Request().Context(), c.Caller, cq)
	if err != nil {
		return err
	}
	page := list.PageOf(found, q.Limit, func(x tokens.Connection) string { return list.IDCursor(x.ID) })
	if state != "" {
		var some []tokens.Connection
		for _, x := range page.Items {
			if x.State == state {
				some = append(some, x)
			}
		}
		page.Items = some
	}
	return c.Reply(http.StatusOK, list.Show(page, showConnection))
}

// GetConnection shows a connection.
func (h *Handlers) GetConnection(c *route.Call) error {
	conn, err := id(c, "conn")
	if err != nil {
		return err
	}
	return h.reply(c, http.StatusOK)(h.Consents.Connection(c.Request().Context(), c.Caller, conn))
}

// reply answers with the connection that a use case returned.
func (h *Handlers) reply(c *route.Call, status int) func(tokens.Connection, error) error {
	return func(x tokens.Connection, err error) error {
		if err != nil {
			return err
		}
		return c.Reply(status, showConnection(x))
	}
}

// Revoke gives a connection up, here and at the provider.
func (h *Handlers) Revoke(c *route.Call) error {
	conn, err := id(c, "conn")
	if err != nil {
		return err
	}
	if err := noFields(c); err != nil {
		return err
	}
	return h.reply(c, http.StatusOK)(h.Consents.Revoke(c.Request().Context(), c.Caller, conn))
}

// Organizations asks the provider which organisations a connection could be for.
func (h *Handlers) Organizations(c *route.Call) error {
	conn, err := id(c, "conn")
	if err != nil {
		return err
	}
	found, err := h.Consents.Organizations(c.Request().Context(), c.Caller, conn)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, list.Page[organization]{Items: showOrganizations(found)})
}

// ChooseOrganization changes the organisation that loans are for.
func (h *Handlers) ChooseOrganization(c *route.Call) error {
	conn, err := id(c, "conn")
	if err != nil {
		return err
	}
	chosen, err := readOrganization(c)
	if err != nil {
		return err
	}
	return h.reply(c, http.StatusOK)(h.Consents.SelectOrganization(c.Request().Context(), c.Caller, conn, chosen))
}

// Import takes over a refresh token that was obtained elsewhere.
func (h *Handlers) Import(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	body.Require("method", "refresh_token")
	in := consent.Import{
		Method: body.Line("method", maxRef), Environment: readEnvironment(body), Subject: body.Line("subject", 200),
		RefreshToken: body.Secret("refresh_token", maxSecret), DataCentre: body.Line("data_centre", maxRef),
		Organization: body.Line("organization", 200),
	}
	if err := body.Err(); err != nil {
		return err
	}
	return h.reply(c, http.StatusCreated)(h.Consents.Import(c.Request().Context(), c.Caller, in))
}
