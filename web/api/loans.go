package api

import (
	"context"
	"net/http"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	"latchkey/web/list"
	"latchkey/web/route"
)

// Ledger tells which services hold which tokens.
type Ledger interface {
	Loans(ctx context.Context, c authmethods.Caller, q tokens.LoanQuery) ([]tokens.Held, error)
}

// loan is the fact that a service holds a token, on the wire.
type loan struct {
	ID          authmethods.ID          `json:"id"`
	Service     authmethods.ID          `json:"service"`
	ServiceName string                  `json:"service_name"`
	Method      string                  `json:"method"`
	Environment authmethods.Environment `json:"environment"`
	Connection  authmethods.ID          `json:"connection"`
	TokenID     authmethods.ID          `json:"token_id"`
	ExpiresAt   time.Time               `json:"expires_at,omitzero"`
	Purpose     string                  `json:"purpose,omitempty"`
	Loans       int64                   `json:"loans"`
	FirstLentAt time.Time               `json:"first_lent_at"`
	LastLentAt  time.Time               `json:"last_lent_at"`
}

func showLoan(h tokens.Held) loan {
	return loan{
		ID: h.ID, Service: h.Service, ServiceName: h.ServiceName, Method: h.Method, Environment: h.Environment,
		Connection: h.Connection, TokenID: h.Token, ExpiresAt: h.ExpiresAt.UTC(), Purpose: h.Purpose,
		Loans: h.Loans, FirstLentAt: h.FirstLentAt.UTC(), LastLentAt: h.LastLentAt.UTC(),
	}
}

// ListLoans lists which services hold which tokens; those that still live, unless
// asked for all.
func (h *Handlers) ListLoans(c *route.Call) error {
	q := list.Read(c.Request(), "service", "connection", "tokens")
	lq := tokens.LoanQuery{
		Service: authmethods.ID(q.Text("service", maxRef)), Connection: authmethods.ID(q.Text("connection", maxRef)),
		Ended: list.Choice(q, "tokens", "live", "all") == "all", After: q.AfterID("loan"), Limit: q.Limit + 1,
	}
	if err := q.Err(); err != nil {
		return err
	}
	found, err := h.Ledger.Loans(c.Request().Context(), c.Caller, lq)
	if err != nil {
		return err
	}
	page := list.PageOf(found, q.Limit, func(h tokens.Held) string { return list.IDCursor(h.ID) })
	return c.Reply(http.StatusOK, list.Show(page, showLoan))
}
