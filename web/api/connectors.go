package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/sso/signin"
	"latchkey/web/list"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// connector is an SSO connector on the wire. Method is an id.
type connector struct {
	ID             authmethods.ID          `json:"id"`
	Reference      string                  `json:"reference"`
	Name           string                  `json:"name"`
	Type           sso.ConnectorType       `json:"type"`
	Method         authmethods.ID          `json:"method"`
	Environment    authmethods.Environment `json:"environment"`
	Admission      sso.Admission           `json:"admission"`
	CreatesUsers   bool                    `json:"creates_users"`
	DefaultRole    string                  `json:"default_role"`
	TrustedDomains []string                `json:"trusted_domains"`
	Rule           sso.Rule                `json:"rule"`
	Disabled       bool                    `json:"disabled"`
	LoginURL       string                  `json:"login_url"`
	RedirectURI    string                  `json:"redirect_uri"`
	Warnings       []string                `json:"warnings"`
	Rev            int64                   `json:"rev"`
	CreatedAt      time.Time               `json:"created_at"`
	UpdatedAt      time.Time               `json:"updated_at"`
}

// showConnector shows a connector with what may be a mistake in it.
func (h *Handlers) showConnector(in authmethods.Tenant, s sso.Connector, warnings []string) connector {
	shown := connector{
		ID: s.ID, Reference: s.Reference, Name: s.Name, Type: s.Type, Method: s.Method, Environment: s.Environment,
		Admission: s.Admission, CreatesUsers: s.CreatesUsers, DefaultRole: s.DefaultRole,
		TrustedDomains: append([]string{}, s.TrustedDomains...), Rule: s.Rule, Disabled: s.Disabled,
		LoginURL: h.PublicURL.Origin(in.Slug) + "/api/sso/login/" + s.Reference, RedirectURI: h.PublicURL.SignInRedirectURI(in),
		Warnings: append([]string{}, warnings...), Rev: s.Rev, CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
	}
	if shown.Rule.Lookups == nil {
		shown.Rule.Lookups = []sso.Lookup{}
	}
	return shown
}

// ListConnectors lists the connectors, with the warnings about their rules.
func (h *Handlers) ListConnectors(c *route.Call) error {
	q := list.Read(c.Request())
	after := q.AfterID("sso")
	if err := q.Err(); err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	all, err := t.Connectors(c.Request().Context())
	if err != nil {
		return err
	}
	of := func(s sso.Connector) authmethods.ID { return s.ID }
	show := func(s sso.Connector) connector { return h.showConnector(c.Tenant, s, s.Rule.Lint()) }
	return c.Reply(http.StatusOK, list.Show(pageBehind(all, after, q.Limit, of), show))
}

// CreateConnector makes a connector.
func (h *Handlers) CreateConnector(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	n := readNewConnector(body)
	if err := body.Err(); err != nil {
		return err
	}
	t, err := h.people(c)
	if err != nil {
		return err
	}
	made, warnings, err := t.CreateConnector(c.Request().Context(), n)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/v1/sso-connectors/"+string(made.ID))
	return replyRev(c, http.StatusCreated, made.Rev, h.showConnector(c.Tenant, made, warnings))
}

// GetConnector shows a connector.
func (h *Handlers) GetConnector(c *route.Call) error {
	found, _, err := h.connector(c)
	if err != nil {
		return err
	}
	return h.replyConnector(c, found)
}

// connector reads the connector that the path names by id or reference.
func (h *Handlers) connector(c *route.Call) (sso.Connector, *directory.Tenant, error) {
	t, err := h.people(c)
	if err != nil {
		return sso.Connector{}, nil, err
	}
	found, err := t.Connector(c.Request().Context(), c.Param("id"))
	return found, t, err
}

// replyConnector answers with a connector as it is now.
func (h *Handlers) replyConnector(c *route.Call, of sso.Connector) error {
	warnings := append(h.doubts(c, of), of.Rule.Lint()...)
	return replyRev(c, http.StatusOK, of.Rev, h.showConnector(c.Tenant, of, warnings))
}

// doubts are those about the method of a connector, for whoever may see the method.
func (h *Handlers) doubts(c *route.Call, of sso.Connector) []string {
	if c.Caller.May(authmethods.ViewMethods) != nil {
		return nil
	}
	check := signin.CheckMethod(h.Store, h.Catalog)
	_, warnings, err := check(c.Request().Context(), c.Caller, string(of.Method), of.Environment, of.Type)
	if err != nil {
		return []string{"Nobody can sign in with the authentication method as it is now."}
	}
	return warnings
}

// ChangeConnector applies a merge patch.
func (h *Handlers) ChangeConnector(c *route.Call) error {
	rev, change, err := patch(c, readConnectorPatch)
	if err != nil {
		return err
	}
	return h.changeConnector(c, rev, change)
}

func (h *Handlers) changeConnector(c *route.Call, rev int64, change directory.ConnectorChange) error {
	t, err := h.people(c)
	if err != nil {
		return err
	}
	changed, _, err := t.ChangeConnector(c.Request().Context(), c.Param("id"), rev, change)
	if err != nil {
		return err
	}
	return h.replyConnector(c, changed)
}

// EnableConnector opens a connector.
func (h *Handlers) EnableConnector(c *route.Call) error { return h.setDisabled(c, false) }

// DisableConnector closes a connector and ends the sessions that began with it.
func (h *Handlers) DisableConnector(c *route.Call) error { return h.setDisabled(c, true) }

func (h *Handlers) setDisabled(c *route.Call, disabled bool) error {
	rev, err := ifMatch(c.Request())
	if err != nil {
		return err
	}
	if err := noFields(c); err != nil {
		return err
	}
	return h.changeConnector(c, rev, directory.ConnectorChange{Disabled: &disabled})
}

// DeleteConnector deletes a connector with what is pinned to it.
func (h *Handlers) DeleteConnector(c *route.Call) error {
	return remove(c, h.people, (*directory.Tenant).DeleteConnector)
}

// usualFunnel is for how long sign-ins are counted unless something else is asked.
const usualFunnel = 30 * 24 * time.Hour

// funnel counts sign-ins on the wire.
type funnel struct {
	Since    time.Time `json:"since"`
	Started  int64     `json:"started"`
	Returned int64     `json:"returned"`
	Matched  int64     `json:"matched"`
	SignedIn int64     `json:"signed_in"`
}

// Funnel counts how far the sign-ins by a connector came.
func (h *Handlers) Funnel(c *route.Call) error {
	q := list.Read(c.Request(), "since")
	since := moment(q, "since")
	if err := q.Err(); err != nil {
		return err
	}
	if since.IsZero() {
		since = time.Now().Add(-usualFunnel)
	}
	of, _, err := h.connector(c)
	if err != nil {
		return err
	}
	f, err := h.SignIn.Funnel(c.Request().Context(), c.Caller, of.ID, since)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, funnel{since.UTC().Truncate(time.Second), f.Started, f.Returned, f.Matched, f.SignedIn})
}

// moment reads a point in time (RFC 3339); zero if it is absent.
func moment(q *list.Query, name string) time.Time {
	s := q.Text(name, 40)
	if s == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		q.Fault(name, "This is a time such as 2026-11-21T10:58:00Z.")
		return time.Time{}
	}
	return at
}
