package store

import (
	"context"

	"latchkey/authmethods"
)

// Named finds the tenant that a service of owner means by ref, a slug or id. A
// tenant's own service can mean no other, and need not name its own: for it the
// others do not exist.
func (t *Tenants) Named(ctx context.Context, owner authmethods.TenantID, ref string) (authmethods.Tenant, error) {
	if ref == "" {
		if owner == authmethods.Platform {
			return authmethods.Tenant{}, authmethods.InvalidField("/tenant", "A key of the platform must say which tenant it means.")
		}
		ref = string(owner)
	}
	tenant, err := t.Find(ctx, ref)
	if err == nil && owner != authmethods.Platform && tenant.ID != owner {
		err = authmethods.Missing()
	}
	return tenant, err
}
