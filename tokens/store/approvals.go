package store

import (
	"context"
	"fmt"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/authmethods/db"
	"latchkey/tokens"
)

// Approval is a place where an account approved a client.
type Approval struct {
	Account     string // the provider's id of the account
	Client      string // the client ID
	MethodID    authmethods.ID
	Environment authmethods.Environment
	Subject     string
}

var countApprovals = db.Prepare(`SELECT count(*) FROM connections c
	JOIN grants g ON g.tenant_id = {tenant} AND g.id = c.id
	JOIN methods m ON m.tenant_id = {tenant} AND m.id = c.method_id
	LEFT JOIN method_environments e ON e.tenant_id = {tenant} AND e.method_id = c.method_id AND e.environment = c.environment
	WHERE c.tenant_id = {tenant} AND c.account_id = ? AND g.refresh_token IS NOT NULL
	AND COALESCE(NULLIF(e.client_id, ''), m.client_id) = ?
	AND NOT (c.method_id = ? AND c.environment = ? AND c.subject = ?)`)

// OtherApprovals counts the tenant's grants of the same account and client in other
// places than a. Providers keep only so many, and drop the oldest.
func (s *Store) OtherApprovals(ctx context.Context, c authmethods.Caller, a Approval) (int, error) {
	if a.Account == "" {
		return 0, nil
	}
	in, err := s.DB.For(c)
	if err != nil {
		return 0, err
	}
	n := 0
	err = db.QueryRow(ctx, in, countApprovals, []any{a.Account, a.Client, a.MethodID, a.Environment, a.Subject}, &n)
	return n, err
}

// CrowdWarning says that an account has approved a client nearly as often as the
// provider keeps; empty while it has not.
func CrowdWarning(limits *catalog.Limits, approvals int) string {
	most := limits.RefreshTokensPerUserAndClient
	if most <= 0 || approvals*4 < most*3 {
		return ""
	}
	return fmt.Sprintf("This account has now approved this client %d times. The provider keeps %d approvals and drops the oldest without a word: "+
		"approve the others with another account, or register another client.", approvals, most)
}

// endsSoon is how long before its end an access that no refresh prolongs is warned
// of.
const endsSoon = 7 * 24 * time.Hour

// EndWarning says that the refresh token itself ends soon; empty if it does not.
func EndWarning(g *tokens.Grant, now time.Time) string {
	end := g.RefreshExpiresAt
	if end.IsZero() || g.Broken != "" || end.Sub(now) > endsSoon {
		return ""
	}
	return "Access ends on " + end.UTC().Format("2 January 2006 at 15:04 UTC") + ". No refresh prolongs it: somebody must approve again before."
}
