package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// Standing tells how the grants of all tenants stand, for operators. Each number
// ends at the limit that was given.
type Standing struct {
	Lost        int // given up by the provider's word: somebody must reconnect
	Interrupted int // a refresh whose process is gone, not taken up yet
}

// StandingOf counts grants, up to limit of each.
func StandingOf(ctx context.Context, sys db.System, limit int) (Standing, error) {
	lost, err := db.Refs[grantRow](ctx, sys, "id", limit, db.Not("broken_code", ""), db.Not("broken_code", authmethods.CodeRevoked))
	if err != nil {
		return Standing{}, err
	}
	interrupted, err := db.Refs[grantRow](ctx, sys, "lease_until", limit, db.Past("lease_until"))
	return Standing{Lost: len(lost), Interrupted: len(interrupted)}, err
}
