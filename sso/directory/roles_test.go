package directory_test

import (
	"slices"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
)

func TestATenantMakesRolesOfItsOwn(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		role := got(acme.CreateRole(ctx, directory.NewRole{
			Reference: "night", Name: "Night shift", Rights: authmethods.Rights{authmethods.ViewUsers, authmethods.ViewMethods, authmethods.ViewUsers},
		}))(t)
		if !slices.Equal(role.Rights, authmethods.Rights{authmethods.ViewMethods, authmethods.ViewUsers}) {
			t.Errorf("its rights are %v", role.Rights)
		}
		u := w.user(t, "marie", "night", sso.RoleUser)
		if rights := got(w.door(t).RightsOf(ctx, u.Roles))(t); len(rights) != 2 || !rights.Has(authmethods.ViewMethods) {
			t.Errorf("her rights are %v", rights)
		}
		if rights := got(w.door(t).RightsOf(ctx, []string{"nothing"}))(t); len(rights) != 0 {
			t.Errorf("a role that is not there gives %v", rights)
		}
		less := authmethods.Rights{authmethods.ViewMethods}
		changed := got(acme.ChangeRole(ctx, "night", role.Rev, directory.RoleChange{Rights: &less}))(t)
		if after := got(acme.User(ctx, "marie"))(t); after.Version != u.Version+1 || changed.Rev != role.Rev+1 {
			t.Errorf("version %d → %d", u.Version, after.Version)
		}
		if same := got(acme.ChangeRole(ctx, "night", 0, directory.RoleChange{Rights: &less}))(t); same.Rev != changed.Rev {
			t.Errorf("a change that changes nothing counted as one: %+v", same)
		}
		_, err := acme.ChangeRole(ctx, "night", role.Rev, directory.RoleChange{Name: ptr("x")})
		refused(t, err, authmethods.Stale, authmethods.CodeStale)
		refused(t, acme.DeleteRole(ctx, "night", 0), authmethods.Conflict, authmethods.CodeHasDependents)
		must(t, acme.DeleteUser(ctx, "marie", 0))
		must(t, acme.DeleteRole(ctx, string(role.ID), 0))
		_, err = acme.CreateRole(ctx, directory.NewRole{Reference: "night", Name: "Again"})
		refused(t, err, authmethods.Conflict, authmethods.CodeConflict)
		if all := got(acme.Roles(ctx))(t); len(all) != len(sso.ReadyRoles()) {
			t.Errorf("there are %d roles", len(all))
		}
	})
}

func TestNobodyMakesARoleOfRightsThatTheyLack(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		clerk := w.as(t, w.acme, authmethods.ModifySettings, authmethods.ViewUsers)
		_, err := clerk.CreateRole(ctx, directory.NewRole{Reference: "r", Name: "R", Rights: authmethods.Rights{authmethods.DeleteUsers}})
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		got(w.admin(t).CreateRole(ctx, directory.NewRole{Reference: "r", Name: "R", Rights: authmethods.Rights{authmethods.DeleteUsers}}))(t)
		_, err = clerk.ChangeRole(ctx, "r", 0, directory.RoleChange{Rights: &authmethods.Rights{}})
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		for pointer, n := range map[string]directory.NewRole{
			"/rights":    {Reference: "a", Name: "A", Rights: authmethods.Rights{authmethods.Borrow}},
			"/reference": {Reference: sso.RoleUser, Name: "A"},
			"/name":      {Reference: "a", Name: ""},
		} {
			_, err := w.admin(t).CreateRole(ctx, n)
			invalid(t, err, pointer)
		}
		refused(t, w.admin(t).DeleteRole(ctx, sso.RoleAuditor, 0), authmethods.NotFound, authmethods.CodeNotFound)
		refused(t, w.adminOfOther(t).DeleteRole(ctx, "r", 0), authmethods.NotFound, authmethods.CodeNotFound)
	})
}

func TestARoleThatAConnectorGivesStays(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		got(acme.CreateRole(ctx, directory.NewRole{Reference: "guest", Name: "Guest"}))(t)
		n := zoho("zoho")
		n.CreatesUsers, n.DefaultRole = true, "guest"
		_, _, err := acme.CreateConnector(ctx, n)
		must(t, err)
		refused(t, acme.DeleteRole(ctx, "guest", 0), authmethods.Conflict, authmethods.CodeHasDependents)
	})
}
