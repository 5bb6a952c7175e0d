package walls_test

import (
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/store"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/pages"
	"latchkey/test/postgres"
	"latchkey/web/route"
)

// onBoth runs f on an installation on each database.
func onBoth(t *testing.T, f func(t *testing.T, i *installation)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, newInstallation(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, newInstallation(t, pages.On(postgres.URL(t)))) })
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	switch authmethods.KindOf(err) {
	case authmethods.Conflict, authmethods.Invalid:
	default:
		t.Errorf("%s was made again: %v", what, err)
	}
}

// references and names by which something else points to an object are never
// given again, so that nobody inherits sessions, accounts, permits, grants or redirect
// URIs.
func TestNamesThatOthersPointToAreNeverGivenAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		ctx, people := t.Context(), i.people(i.acme)
		in, err := i.Methods.For(i.acme.operator)
		must(t, err)

		u, err := people.CreateUser(ctx, directory.NewUser{UserName: "marie"})
		must(t, err)
		cookie := i.session(i.acme, u)
		must(t, people.DeleteUser(ctx, string(u.ID), 0))
		_, err = people.CreateUser(ctx, directory.NewUser{UserName: "MARIE"})
		refused(t, "a user", err)
		if _, err := i.Sessions.Find(ctx, i.acme.tenant.ID, cookie); err == nil {
			t.Error("the session of a deleted user goes on")
		}

		role := directory.NewRole{Reference: "keeper", Name: "Keeper", Rights: authmethods.AdminRights}
		made, err := people.CreateRole(ctx, role)
		must(t, err)
		must(t, people.DeleteRole(ctx, string(made.ID), 0))
		_, err = people.CreateRole(ctx, role)
		refused(t, "a role", err)

		connector := directory.NewConnector{Reference: "second", Name: "Second", Type: sso.OpenIDConnect, Method: "zoho-login", Environment: authmethods.Production}
		second, _, err := people.CreateConnector(ctx, connector)
		must(t, err)
		must(t, people.DeleteConnector(ctx, string(second.ID), 0))
		_, _, err = people.CreateConnector(ctx, connector)
		refused(t, "a connector", err)

		method := i.Method(func(n *store.NewMethod) { n.Name, n.Reference = "Third", "third" })
		must(t, in.DeleteMethod(ctx, "third", method.Rev))
		_, err = in.CreateMethod(ctx, store.NewMethod{
			Name: "Third", Reference: "third", IntegrationType: "zoho_desk", Mode: authmethods.ModeOAuth, ClientID: "x", DataCentre: authmethods.DataCentreAuto,
		})
		refused(t, "a method", err)
	})
}

// a tenant's slug, hosts and redirect URI stay its own after its end, and what
// proved something in it proves nothing any more.
func TestATenantsNamesEndWithIt(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		ctx, command := t.Context(), authmethods.Actor{Kind: authmethods.ActorCommand, Name: "test"}
		first := store.NewTenant{Slug: "initech", Hosts: []string{"sso.initech.example"}, CallbackA: "abcdefg", CallbackB: "hijkmnp"}
		tenant, err := i.Tenants.Create(ctx, command, first)
		must(t, err)
		w := i.workspace(tenant)
		u, err := i.people(w).CreateUser(ctx, directory.NewUser{UserName: "eve"})
		must(t, err)
		cookie := i.session(w, u)
		must(t, i.Tenants.Delete(ctx, command, "initech", true))
		for name, n := range map[string]store.NewTenant{
			"the slug": {Slug: "initech"}, "the host": {Slug: "other", Hosts: []string{"sso.initech.example"}},
			"the redirect URI": {Slug: "another", CallbackA: first.CallbackA, CallbackB: first.CallbackB},
		} {
			_, err := i.Tenants.Create(ctx, command, n)
			refused(t, name+" of a deleted tenant", err)
		}
		if _, err := i.Sessions.Find(ctx, tenant.ID, cookie); err == nil {
			t.Error("a session of a deleted tenant goes on")
		}
		i.Forget()
		for _, key := range []string{w.admin, w.borrower} {
			if _, err := i.Auth.Service(ctx, key); err == nil {
				t.Error("a key of a deleted tenant opens something")
			}
		}
	})
}

// names of service accounts and keys point to nothing, so they may be given
// again; what has one then has nothing of what had it before.
func TestAServiceAccountOfAnOldNameInheritsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		ctx := t.Context()
		in, err := i.Methods.For(i.acme.operator)
		must(t, err)
		make := func(permits ...authmethods.Permit) (authmethods.Service, string) {
			t.Helper()
			service, err := in.CreateService(ctx, store.NewService{Name: "Dialler", Admin: len(permits) > 0, Permits: permits})
			must(t, err)
			issued, err := in.IssueKey(ctx, "Dialler", "first", time.Time{})
			must(t, err)
			return service, issued.Shown.Reveal()
		}
		lend := route.Route{Method: "POST", Listeners: route.Internal}
		borrow := func(key string) int {
			return i.send(lend, i.request(lend, "", "/internal/v1/tokens", `{"method":"zoho-desk","environment":"production"}`, caller{key: key})).Code
		}
		old, oldKey := make(authmethods.Permit{Method: "zoho-desk", Environment: "production"})
		if status := borrow(oldKey); status != 200 {
			t.Fatalf("the first one borrows: %d", status)
		}
		must(t, in.DeleteService(ctx, "Dialler", 0))
		i.Forget()
		fresh, key := make()
		if fresh.ID == old.ID || fresh.Admin || len(fresh.Permits) > 0 || len(fresh.Keys) > 0 {
			t.Errorf("the second one has %+v", fresh)
		}
		if status := borrow(oldKey); status != 401 {
			t.Errorf("with the key of the first one: %d", status)
		}
		if status := borrow(key); status == 200 || status >= 500 {
			t.Errorf("the second one borrows what the first one might: %d", status)
		}

		whole, err := in.Service(ctx, "Dialler")
		must(t, err)
		must(t, in.RevokeKey(ctx, whole.Keys[0].ID))
		again, err := in.IssueKey(ctx, "Dialler", "first", time.Time{})
		must(t, err)
		i.Forget()
		if _, err := i.Auth.Service(ctx, key); err == nil {
			t.Error("a key that was revoked opens something, since there is another of its name")
		}
		if _, err := i.Auth.Service(ctx, again.Shown.Reveal()); err != nil {
			t.Error(err)
		}
	})
}
