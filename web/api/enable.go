package api

import (
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/tokens/consent"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// begun is a consent that waits for a person.
type begun struct {
	Consent      authmethods.ID `json:"consent"`
	AuthorizeURL string         `json:"authorize_url"` // of our own start page
	ExpiresAt    time.Time      `json:"expires_at"`
}

// connected is a method that needed nobody's approval.
type connected struct {
	Connection connection `json:"connection"`
}

// Enable begins a consent, or connects at once where nobody has to approve.
func (h *Handlers) Enable(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	e := readEnvironment(body)
	o := consent.EnableOptions{Subject: body.Line("subject", 200), DataCentre: body.Line("data_centre", maxRef), Organization: body.Line("organization", 200)}
	if err := body.Err(); err != nil {
		return err
	}
	ctx := c.Request().Context()
	b, err := h.Consents.Enable(ctx, c.Caller, c.Param("id"), e, o)
	if err != nil {
		return err
	}
	c.Note("consent", string(b.Attempt.ID))
	switch b.Attempt.Status {
	case consent.Pending:
		return c.Reply(http.StatusCreated, begun{Consent: b.Attempt.ID, AuthorizeURL: b.StartURL, ExpiresAt: b.Attempt.ExpiresAt.UTC()})
	case consent.Completed:
		found, err := h.Consents.Connection(ctx, c.Caller, b.Attempt.Connection)
		if err != nil {
			return err
		}
		return c.Reply(http.StatusCreated, connected{showConnection(found)})
	}
	return asProblem(b.Attempt.Code, b.Attempt.Detail)
}

func readEnvironment(body *strict.Object) authmethods.Environment {
	body.Require("environment")
	return strict.Choice(body, "environment", authmethods.Environments[:]...)
}

// Disable stops loans in an environment and keeps what was approved.
func (h *Handlers) Disable(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	e := readEnvironment(body)
	if err := body.Err(); err != nil {
		return err
	}
	if err := h.Consents.Disable(c.Request().Context(), c.Caller, c.Param("id"), e); err != nil {
		return err
	}
	return h.GetMethod(c)
}

// Code takes a grant code that was made in the provider's console.
func (h *Handlers) Code(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	e := readEnvironment(body)
	body.Require("code")
	code, dataCentre := body.Secret("code", maxURL), body.Line("data_centre", maxRef)
	if err := body.Err(); err != nil {
		return err
	}
	a, err := h.Consents.SelfClient(c.Request().Context(), c.Caller, c.Param("id"), e, code, dataCentre)
	if err != nil {
		return err
	}
	if a.Status == consent.Failed {
		return asProblem(a.Code, a.Detail)
	}
	return c.Reply(http.StatusOK, showAttempt(a))
}

// test is what became of a test call.
type test struct {
	OK         bool             `json:"ok"`
	Call       string           `json:"call,omitempty"`
	Status     int              `json:"status,omitempty"`
	DurationMS int64            `json:"duration_ms"`
	Code       authmethods.Code `json:"code,omitempty"`
	Detail     string           `json:"detail,omitempty"`
	Diagnosis  *diagnosis       `json:"diagnosis,omitempty"`
}

// TestMethod makes the harmless test call with the tenant's own connection.
func (h *Handlers) TestMethod(c *route.Call) error {
	body, err := strict.Decode(c.Request())
	if err != nil {
		return err
	}
	e := readEnvironment(body)
	if err := body.Err(); err != nil {
		return err
	}
	m, err := h.method(c)
	if err != nil {
		return err
	}
	found, err := h.ownConnection(c, m, e)
	if err != nil {
		return err
	}
	return h.tested(c, found)
}

// ownConnection returns the id of the method's connection that belongs to the
// tenant as a whole.
func (h *Handlers) ownConnection(c *route.Call, m authmethods.Method, e authmethods.Environment) (authmethods.ID, error) {
	var after authmethods.ID
	for {
		const page = 200
		found, err := h.Consents.Connections(c.Request().Context(), c.Caller, consent.Query{
			Method: string(m.ID), Environment: e, After: after, Limit: page,
		})
		if err != nil {
			return "", err
		}
		for _, each := range found {
			if each.Subject == tokens.TenantSubject {
				return each.ID, nil
			}
			after = each.ID
		}
		if len(found) < page {
			return "", &authmethods.Problem{
				Kind: authmethods.HumanNeeded, Code: authmethods.CodeConsentRequired,
				Detail: "Nobody has approved " + m.Reference + " in this environment yet.",
			}
		}
	}
}

// TestConnection makes the harmless test call with a connection.
func (h *Handlers) TestConnection(c *route.Call) error {
	conn, err := id(c, "conn")
	if err != nil {
		return err
	}
	if err := noFields(c); err != nil {
		return err
	}
	return h.tested(c, conn)
}

func (h *Handlers) tested(c *route.Call, conn authmethods.ID) error {
	r, err := h.Consents.Test(c.Request().Context(), c.Caller, conn)
	if err != nil {
		return err
	}
	return c.Reply(http.StatusOK, test{
		OK: r.OK, Call: r.Call, Status: r.Status, DurationMS: r.Duration.Milliseconds(),
		Code: r.Code, Detail: r.Detail, Diagnosis: diagnosed(r.Code),
	})
}

// noFields accepts no body, or an empty object.
func noFields(c *route.Call) error {
	body, err := strict.DecodeOptional(c.Request())
	if err != nil {
		return err
	}
	return body.Err()
}
