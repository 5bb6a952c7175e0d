package credentials

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// keepLinks is how long links are kept after they ended: nothing needs them, but
// people may ask what became of one.
const keepLinks = 30 * 24 * time.Hour

// pruned bounds what one call removes of a kind, so that no call takes long.
const pruned = 1000

// Prune removes links that ended long before now, and throttles that hold nobody
// back by the database's clock.
func (c *Credentials) Prune(ctx context.Context, now time.Time) error {
	if err := prune[invitationRow](ctx, c.o.System, "expires_at", db.Below("expires_at", db.At(now.Add(-keepLinks)))); err != nil {
		return err
	}
	return prune[throttleRow](ctx, c.o.System, "drawn_until", db.Past("drawn_until"))
}

func prune[T any, P db.Row[T]](ctx context.Context, s db.System, col string, ended db.Filter) error {
	old, err := db.Refs[T, P](ctx, s, col, pruned, ended)
	if err != nil {
		return doing("finding what is kept no longer", err)
	}
	tenants := map[authmethods.TenantID]bool{}
	for _, ref := range old {
		tenants[ref.TenantID] = true
	}
	for tenant := range tenants {
		in, err := s.For(tenant, "removing what is kept no longer")
		if err != nil {
			return err
		}
		if _, err := db.DeleteIf[T, P](ctx, in, ended); err != nil {
			return doing("removing what is kept no longer", err)
		}
	}
	return nil
}
