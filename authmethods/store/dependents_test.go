package store_test

import (
	"slices"
	"testing"

	"latchkey/authmethods"
	"latchkey/test/storage"
)

func TestAMethodThatPeopleSignInWithIsNotDeleted(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m, other := got(acme.CreateMethod(ctx, desk("Desk")))(t), got(acme.CreateMethod(ctx, desk("Other")))(t)
		storage.Insert(t, w.url, "sso_connectors", map[string]any{
			"tenant_id": string(w.acme.ID), "id": "sso_1", "reference": "zoho", "name": "Zoho", "method_id": string(m.ID),
			"environment": "sandbox", "creates_users": false,
		})
		p := refused(t, acme.DeleteMethod(ctx, m.Reference, 0), authmethods.Conflict, authmethods.CodeHasDependents)
		if !slices.Equal(p.Related, []string{"sso_1"}) {
			t.Errorf("in the way stands %v", p.Related)
		}
		found := got(acme.Dependents(ctx, m.Reference))(t).Connectors
		if len(found) != 1 || found[0].Reference != "zoho" || found[0].Environment != authmethods.Sandbox || !found[0].Disabled {
			t.Errorf("the connectors are %+v", found)
		}
		if found := got(acme.Dependents(ctx, other.Reference))(t).Connectors; len(found) != 0 {
			t.Errorf("on the other method rest %+v", found)
		}
		must(t, acme.DeleteMethod(ctx, other.Reference, 0))
		w.raw(t, "DELETE FROM sso_connectors")
		must(t, acme.DeleteMethod(ctx, m.Reference, 0))
	})
}
