package directory_test

import (
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
)

func lastAdministrator(t *testing.T, err error) {
	t.Helper()
	refused(t, err, authmethods.Conflict, authmethods.CodeLastAdministrator)
}

func TestTheLastAdministratorStays(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		last := w.user(t, "marie", sso.RoleWorkspaceAdmin)
		w.user(t, "helper", sso.RoleHelpDesk)
		off := w.user(t, "off", sso.RoleWorkspaceAdmin)
		got(acme.ChangeUser(ctx, string(off.ID), 0, directory.UserChange{Disabled: ptr(true)}))(t)
		// Whoever has not accepted an invitation cannot sign in yet.
		got(acme.CreateUser(ctx, directory.NewUser{UserName: "new", Invited: true, Roles: []string{sso.RoleWorkspaceAdmin}}))(t)

		without := func() {
			t.Helper()
			_, err := acme.ChangeUser(ctx, "marie", 0, directory.UserChange{Disabled: ptr(true)})
			lastAdministrator(t, err)
			_, err = acme.ChangeUser(ctx, "marie", 0, directory.UserChange{Roles: &[]string{sso.RoleUser}})
			lastAdministrator(t, err)
			lastAdministrator(t, acme.DeleteUser(ctx, "marie", 0))
		}
		without()
		if u := got(acme.User(ctx, "marie"))(t); u.Rev != last.Rev || u.Disabled || len(u.Roles) != 1 {
			t.Errorf("a refused change left %+v", u)
		}
		// Two roles that administer together only.
		got(acme.CreateRole(ctx, directory.NewRole{Reference: "people", Name: "People", Rights: authmethods.Rights{authmethods.ViewUsers, authmethods.ModifyUsers}}))(t)
		got(acme.CreateRole(ctx, directory.NewRole{Reference: "rules", Name: "Rules", Rights: authmethods.Rights{authmethods.ModifySettings}}))(t)
		w.user(t, "both", "people", "rules")
		must(t, acme.DeleteUser(ctx, "marie", 0))
		_, err := acme.ChangeRole(ctx, "rules", 0, directory.RoleChange{Rights: &authmethods.Rights{}})
		lastAdministrator(t, err)
	})
}

func TestOfTwoAdministratorsWhoGoAtOnceOneStays(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for round := range 5 {
			names := []string{string(rune('a'+round)) + "1", string(rune('a'+round)) + "2"}
			for _, name := range names {
				w.user(t, name, sso.RoleWorkspaceAdmin)
			}
			if round > 0 { // the one who stayed in the round before
				must(t, w.admin(t).DeleteUser(ctx, w.soleAdministratorBut(t, names), 0))
			}
			errs := make([]error, len(names))
			var both sync.WaitGroup
			for i, name := range names {
				both.Go(func() {
					_, errs[i] = w.admin(t).ChangeUser(ctx, name, 0, directory.UserChange{Disabled: ptr(true)})
				})
			}
			both.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Fatalf("the results are %v and %v", errs[0], errs[1])
			}
			for _, err := range errs {
				if err != nil {
					lastAdministrator(t, err)
				}
			}
		}
	})
}

// soleAdministratorBut returns the enabled administrator who is none of these.
func (w *world) soleAdministratorBut(t *testing.T, names []string) string {
	t.Helper()
	for _, u := range got(w.admin(t).Users(t.Context(), directory.UserQuery{Role: sso.RoleWorkspaceAdmin, Disabled: ptr(false)}))(t) {
		if u.UserName != names[0] && u.UserName != names[1] {
			return u.UserName
		}
	}
	t.Fatal("there is none")
	return ""
}

func TestNobodyShutsTheLastDoorOfTheLastAdministrator(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		u := w.user(t, "marie", sso.RoleWorkspaceAdmin)
		w.connector(t, "zoho")
		settings := sso.DefaultSettings()
		settings.LocalLogin = false
		_, err := acme.ChangeSettings(ctx, 0, settings)
		lastAdministrator(t, err)
		got(acme.Associate(ctx, "zoho", []authmethods.ID{u.ID}))(t)
		got(acme.ChangeSettings(ctx, 0, settings))(t)
		_, err = acme.Dissociate(ctx, "zoho", []authmethods.ID{u.ID})
		lastAdministrator(t, err)
		_, _, err = acme.ChangeConnector(ctx, "zoho", 0, directory.ConnectorChange{Disabled: ptr(true)})
		lastAdministrator(t, err)
		lastAdministrator(t, acme.DeleteConnector(ctx, "zoho", 0))
		pin := got(acme.Pin(ctx, "marie", "zoho", sso.Subject{Issuer: "https://id.example", ID: "1"}))(t)
		got(acme.Dissociate(ctx, "zoho", []authmethods.ID{u.ID}))(t)
		lastAdministrator(t, acme.Unpin(ctx, "marie", pin.ID))
	})
}

func TestNobodyHandsOutOrTakesMoreThanTheyHave(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, desk := t.Context(), w.helpDesk(t)
		w.connector(t, "zoho")
		chief := w.user(t, "chief", sso.RoleWorkspaceAdmin)
		w.user(t, "chief2", sso.RoleWorkspaceAdmin)
		marie := w.user(t, "marie", sso.RoleUser)
		forbidden := func(what string, err error) {
			t.Helper()
			if authmethods.KindOf(err) != authmethods.Forbidden {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err := desk.CreateUser(ctx, directory.NewUser{UserName: "backdoor", Roles: []string{sso.RoleWorkspaceAdmin}})
		forbidden("makes an administrator", err)
		_, err = desk.ChangeUser(ctx, "marie", 0, directory.UserChange{Roles: &[]string{sso.RoleWorkspaceAdmin}})
		forbidden("gives a role", err)
		_, err = desk.ChangeUser(ctx, "chief", 0, directory.UserChange{Roles: &[]string{}})
		forbidden("takes a role", err)
		_, err = desk.ChangeUser(ctx, "chief", 0, directory.UserChange{Email: ptr("mine@example.com")})
		forbidden("changes an administrator's address", err)
		_, err = desk.Associate(ctx, "zoho", []authmethods.ID{marie.ID, chief.ID})
		forbidden("opens a door to an administrator", err)
		_, err = desk.Pin(ctx, "chief", "zoho", sso.Subject{Issuer: "https://id.example", ID: "mine"})
		forbidden("pins an account to an administrator", err)
		got(desk.ChangeUser(ctx, "marie", 0, directory.UserChange{Roles: &[]string{sso.RoleHelpDesk}}))(t)
		if n := w.count(t, "user_connectors") + w.count(t, "identities"); n != 0 {
			t.Errorf("%d rows were stored all the same", n)
		}
	})
}

func TestOnlyOperatorsHandleOperators(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		operator := w.user(t, "root", sso.RoleOperator)
		w.user(t, "marie", sso.RoleWorkspaceAdmin)
		_, err := w.admin(t).ChangeUser(ctx, "marie", 0, directory.UserChange{Roles: &[]string{sso.RoleOperator}})
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		_, err = w.admin(t).ChangeUser(ctx, "root", 0, directory.UserChange{Email: ptr("mine@example.com")})
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		boss := w.user(t, "boss", sso.RoleWorkspaceAdmin)
		climber := got(w.For(authmethods.NewCaller(w.acme, person(boss.ID), authmethods.AdminRights, "")))(t)
		_, err = climber.ChangeUser(ctx, "boss", 0, directory.UserChange{Roles: &[]string{sso.RoleWorkspaceAdmin, sso.RoleOperator}})
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		self := got(w.For(authmethods.NewCaller(w.acme, person(operator.ID), authmethods.OperatorRights, "")))(t)
		got(self.ChangeUser(ctx, "marie", 0, directory.UserChange{Roles: &[]string{sso.RoleOperator, sso.RoleWorkspaceAdmin}}))(t)
	})
}

func TestEveryUseCaseNeedsItsRight(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		u, c := w.user(t, "marie"), w.connector(t, "zoho")
		for right, use := range map[authmethods.Right][]func(*directory.Tenant) error{
			authmethods.ViewUsers: {
				func(t *directory.Tenant) error { _, err := t.Users(ctx, directory.UserQuery{}); return err },
				func(t *directory.Tenant) error { _, err := t.User(ctx, "marie"); return err },
				func(t *directory.Tenant) error { _, err := t.Roles(ctx); return err },
				func(t *directory.Tenant) error { _, err := t.RightsOf(ctx, nil); return err },
				func(t *directory.Tenant) error { _, err := t.UsersBy(ctx, nil); return err },
				func(t *directory.Tenant) error { _, err := t.KnownTo(ctx, "zoho", "", 0); return err },
				func(t *directory.Tenant) error { _, err := t.History(ctx, u.ID, 0, 0); return err },
			},
			authmethods.CreateUsers: {
				func(t *directory.Tenant) error {
					_, err := t.CreateUser(ctx, directory.NewUser{UserName: "n"})
					return err
				},
			},
			authmethods.ModifyUsers: {
				func(t *directory.Tenant) error {
					_, err := t.ChangeUser(ctx, "marie", 0, directory.UserChange{})
					return err
				},
				func(t *directory.Tenant) error { _, err := t.Associate(ctx, "zoho", nil); return err },
				func(t *directory.Tenant) error { _, err := t.Dissociate(ctx, "zoho", nil); return err },
				func(t *directory.Tenant) error {
					_, err := t.Pin(ctx, "marie", "zoho", sso.Subject{Issuer: "i", ID: "s"})
					return err
				},
				func(t *directory.Tenant) error { return t.Unpin(ctx, "marie", "idn_1") },
			},
			authmethods.DeleteUsers: {func(t *directory.Tenant) error { return t.DeleteUser(ctx, "marie", 0) }},
			authmethods.ViewConnectors: {
				func(t *directory.Tenant) error { _, err := t.Connectors(ctx); return err },
				func(t *directory.Tenant) error { _, err := t.Connector(ctx, "zoho"); return err },
				func(t *directory.Tenant) error { _, err := t.KnownTo(ctx, "zoho", "", 0); return err },
				func(t *directory.Tenant) error { _, err := t.History(ctx, c.ID, 0, 0); return err },
			},
			authmethods.CreateConnectors: {
				func(t *directory.Tenant) error { _, _, err := t.CreateConnector(ctx, zoho("n")); return err },
			},
			authmethods.ModifyConnectors: {
				func(t *directory.Tenant) error {
					_, _, err := t.ChangeConnector(ctx, "zoho", 0, directory.ConnectorChange{})
					return err
				},
			},
			authmethods.DeleteConnectors: {func(t *directory.Tenant) error { return t.DeleteConnector(ctx, "zoho", 0) }},
			authmethods.ViewSettings: {
				func(t *directory.Tenant) error { _, err := t.Settings(ctx); return err },
			},
			authmethods.ModifySettings: {
				func(t *directory.Tenant) error { _, err := t.ChangeSettings(ctx, 0, sso.DefaultSettings()); return err },
				func(t *directory.Tenant) error {
					_, err := t.CreateRole(ctx, directory.NewRole{Reference: "r", Name: "R"})
					return err
				},
				func(t *directory.Tenant) error {
					_, err := t.ChangeRole(ctx, "r", 0, directory.RoleChange{})
					return err
				},
				func(t *directory.Tenant) error { return t.DeleteRole(ctx, "r", 0) },
			},
		} {
			var others authmethods.Rights
			for _, r := range authmethods.AdminRights {
				if r != right {
					others = append(others, r)
				}
			}
			without := w.as(t, w.acme, others...)
			for i, f := range use {
				if err := f(without); authmethods.KindOf(err) != authmethods.Forbidden {
					t.Errorf("%s, use %d: %v", right, i, err)
				}
			}
		}
	})
}
