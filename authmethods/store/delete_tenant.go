package store

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// Delete deletes a tenant for good. Its data keys go, so that nothing it sealed
// can be opened again, not even from a copy of the database made later; its
// secrets go; its audit log, slug and hosts stay. It is refused while the tenant
// holds live grants, unless force is set.
func (t *Tenants) Delete(ctx context.Context, actor authmethods.Actor, ref string, force bool) error {
	var gone authmethods.TenantID
	err := t.alter(ctx, actor, ref, func(s db.System, in db.Tenant, row *tenantRow) (change, error) {
		live, err := isLive(ctx, in, "")
		if err != nil {
			return change{}, err
		}
		if live && !force {
			return change{}, &authmethods.Problem{
				Kind: authmethods.Conflict, Code: authmethods.CodeHasDependents,
				Detail: "Connections of this tenant still hold access. Revoke them first, or force the deletion.",
			}
		}
		if err := clearSecrets(ctx, in); err != nil {
			return change{}, err
		}
		if err := t.o.Vault.Shred(ctx, in); err != nil {
			return change{}, err
		}
		gone = row.ID
		now := db.At(time.Now())
		noted := authmethods.Changes{}
		authmethods.Note(noted, "name", row.Name, "")
		authmethods.Note(noted, "forced", false, live)
		return change{action: "tenant.deleted", changes: noted}, updateTenant(ctx, s, row, db.To("deleted_at", now))
	})
	if err == nil {
		t.o.Vault.Forget(gone)
	}
	return err
}

// clearSecrets takes every secret out of the tenant's rows and stops what works
// with them: grants are fenced off, keys revoked.
func clearSecrets(ctx context.Context, in db.Tenant) error {
	none := []byte(nil)
	never := db.Time(0)
	grants := []db.Set{
		db.To("refresh_token", none), db.To("access_token", none), db.Plus("epoch", 1),
		db.To("refresh_at", never), db.To("retry_at", never), db.To("lease_until", never),
	}
	secret := append(presentAs(sealedSecret{}), nextAs(sealedSecret{})...)
	consents := []db.Set{
		db.To("code_verifier", none), db.To("answer", none), db.To("outcome", none),
		db.To("ticket_hash", none), db.To("state_hash", none), db.To("browser_hash", none),
	}
	revoked := []db.Set{db.To("broken_code", string(authmethods.CodeRevoked)), db.ToFromNow("broken_at", 0)}
	for _, step := range []func() (int64, error){
		func() (int64, error) { return db.UpdateAll[grantRow](ctx, in, grants) },
		func() (int64, error) { return db.UpdateAll[grantRow](ctx, in, revoked, db.Eq("broken_code", "")) },
		func() (int64, error) { return db.DeleteIf[captureRow](ctx, in, db.NotNull("answer")) },
		func() (int64, error) { return db.UpdateAll[consentRow](ctx, in, consents) },
		func() (int64, error) { return db.UpdateAll[methodRow](ctx, in, secret) },
		func() (int64, error) { return db.UpdateAll[environmentRow](ctx, in, secret) },
		func() (int64, error) {
			return db.UpdateAll[keyRow](ctx, in, []db.Set{db.ToFromNow("revoked_at", 0)}, db.IsNull("revoked_at"))
		},
	} {
		if _, err := step(); err != nil {
			return doing("clearing secrets", err)
		}
	}
	return nil
}
