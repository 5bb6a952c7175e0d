package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"latchkey/authmethods"
	"latchkey/tokens"
	grants "latchkey/tokens/store"
)

type loanCommands struct {
	List loanList `cmd:"" help:"Show which services hold which live tokens."`
}

type loanList struct {
	Tenant string `required:"" help:"Of this tenant, slug or id." placeholder:"TENANT"`
	All    bool   `help:"Also of tokens that have expired."`
	JSON   bool   `help:"Print one JSON object." name:"json"`
}

// heldView is a loan as the command line shows it.
type heldView struct {
	Service     string                  `json:"service"`
	Method      string                  `json:"method"`
	Environment authmethods.Environment `json:"environment"`
	Connection  authmethods.ID          `json:"connection"`
	TokenID     authmethods.ID          `json:"token_id"`
	ExpiresAt   time.Time               `json:"expires_at,omitzero"`
	Purpose     string                  `json:"purpose,omitempty"`
	Loans       int64                   `json:"loans"`
	LastLentAt  time.Time               `json:"last_lent_at"`
}

func (c *loanList) Run(ctx context.Context, p *program) error {
	return p.withStorage(ctx, func(s *storage) error {
		_, tenant, err := s.as(ctx, c.Tenant)
		if err != nil {
			return err
		}
		views := []heldView{}
		rows := [][]string{{"SERVICE", "METHOD", "ENVIRONMENT", "TOKEN", "UNTIL", "LOANS", "LAST LENT"}}
		for q := (tokens.LoanQuery{Ended: c.All, Limit: 200}); ; {
			found, err := s.ledger().Loans(ctx, s.operator(tenant.ID), q)
			if err != nil {
				return err
			}
			for _, h := range found {
				v := viewHeld(h)
				views = append(views, v)
				rows = append(rows, []string{
					v.Service, v.Method, string(v.Environment), string(v.TokenID), until(v.ExpiresAt), fmt.Sprint(v.Loans), until(v.LastLentAt),
				})
				q.After = h.ID
			}
			if len(found) < q.Limit {
				break
			}
		}
		if c.JSON {
			return printJSON(p.stdout, map[string]any{"loans": views})
		}
		return table(p.stdout, rows...)
	})
}

// ledger reads the loan ledger without a server.
func (s *storage) ledger() *grants.Store {
	return grants.New(grants.Options{
		DB: s.db, System: s.system, Vault: s.vault, Methods: s.methods, Tenants: s.tenants, Catalog: s.catalog,
		Log: slog.New(slog.DiscardHandler),
	})
}

func viewHeld(h tokens.Held) heldView {
	return heldView{
		Service: h.ServiceName, Method: h.Method, Environment: h.Environment, Connection: h.Connection, TokenID: h.Token,
		ExpiresAt: h.ExpiresAt.UTC(), Purpose: h.Purpose, Loans: h.Loans, LastLentAt: h.LastLentAt.UTC(),
	}
}

func until(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format(time.DateTime)
}
