package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens/consent"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// attempt is a consent on the wire.
type attempt struct {
	ID            authmethods.ID          `json:"id"`
	MethodID      authmethods.ID          `json:"method_id"`
	Method        string                  `json:"method"`
	Provider      string                  `json:"provider"`
	Environment   authmethods.Environment `json:"environment"`
	Subject       string                  `json:"subject"`
	Status        consent.Status          `json:"status"`
	Code          authmethods.Code        `json:"code,omitempty"`
	Detail        string                  `json:"detail,omitempty"`
	Diagnosis     *diagnosis              `json:"diagnosis,omitempty"`
	Notes         []string                `json:"notes"`
	DataCentre    string                  `json:"data_centre,omitempty"`
	Organizations []organization          `json:"organizations"`
	Connection    authmethods.ID          `json:"connection,omitempty"`
	Scopes        []string                `json:"scopes"`
	CreatedAt     time.Time               `json:"created_at"`
	ExpiresAt     time.Time               `json:"expires_at"`
	FinishedAt    time.Time               `json:"finished_at,omitzero"`
}

func showAttempt(a consent.Attempt) attempt {
	return attempt{
		ID: a.ID, MethodID: a.MethodID, Method: a.Method, Provider: a.Provider, Environment: a.Environment,
		Subject: a.Subject, Status: a.Status, Code: a.Code, Detail: a.Detail, Diagnosis: diagnosed(a.Code),
		Notes: append([]string{}, a.Notes...), DataCentre: a.DataCentre, Organizations: showOrganizations(a.Organizations),
		Connection: a.Connection, Scopes: append([]string{}, a.Scopes...),
		CreatedAt: a.CreatedAt.UTC(), ExpiresAt: a.ExpiresAt.UTC(), FinishedAt: a.FinishedAt.UTC(),
	}
}

// GetConsent shows how far a consent has come.
func (h *Handlers) GetConsent(c *route.Call) error {
	cs, err := id(c, "cs")
	if err != nil {
		return err
	}
	a, err := h.Consents.Attempt(c.Request().Context(), c.Caller, cs)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, showAttempt(a))
}

// ChooseForConsent finishes a consent that several organisations fit.
func (h *Handlers) ChooseForConsent(c *route.Call) error {
	cs, err := id(c, "cs")
	if err != nil {
		return err
	}
	chosen, err := readOrganization(c)
	if err != nil {
		return err
	}
	a, err := h.Consents.Choose(c.Request().Context(), c.Caller, cs, chosen)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, showAttempt(a))
}

func readOrganization(c *route.Call) (string, error) {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return "", err
	}
	body.Require("organization")
	chosen := body.Line("organization", 200)
	return chosen, body.Err()
}
