package main

import (
	"context"
	"log/slog"

	"latchkey/authmethods/db"
)

// warnOfBypass says so where PostgreSQL does not hold this role to its row-level
// security: then one wall between tenants stands where there could be two.
func warnOfBypass(ctx context.Context, d *db.DB, log *slog.Logger) {
	bypassed, err := d.Bypassed(ctx)
	switch {
	case err != nil:
		log.Warn("it is not known whether the database's row-level security holds this role", "error", err)
	case bypassed:
		log.Warn("the database's role is a superuser or has BYPASSRLS, so its row-level security does not keep tenants apart; " +
			"serve as a role of its own (see «Two roles» in docs/operations.md)")
	}
}
