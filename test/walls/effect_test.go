package walls_test

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/web/route"
)

// what people may do is what they may do at the moment of each request.
func TestAChangeOfRightsCountsFromTheNextRequest(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		ctx, people := t.Context(), i.people(i.acme)
		list := route.Route{Method: "GET", Listeners: route.Public, Right: authmethods.ViewUsers}
		ask := func(cookie string) int {
			return i.send(list, i.request(list, "acme", "/api/v1/users", "", caller{cookie: cookie})).Code
		}
		u := i.with(i.acme, "clerk", authmethods.ViewUsers)
		cookie := i.session(i.acme, u)
		want := func(what string, status int) {
			t.Helper()
			if got := ask(cookie); got != status {
				t.Errorf("%s: %d, want %d", what, got, status)
			}
		}
		want("with the right", 200)
		_, err := people.ChangeRole(ctx, "clerk", 0, directory.RoleChange{Rights: &authmethods.Rights{authmethods.ViewMethods}})
		must(t, err)
		want("after the role lost the right", 401) // who has it is to sign in again
		cookie = i.session(i.acme, i.again(u))
		want("without the right", 403)
		_, err = people.ChangeRole(ctx, "clerk", 0, directory.RoleChange{Rights: &authmethods.Rights{authmethods.ViewUsers}})
		must(t, err)
		cookie = i.session(i.acme, i.again(u))
		want("after it has it again", 200)
		_, err = people.ChangeUser(ctx, string(u.ID), 0, directory.UserChange{Roles: &[]string{}})
		must(t, err)
		if got := ask(cookie); got != 401 && got != 403 {
			t.Errorf("after the person lost the role: %d", got)
		}
		roles, off, on := []string{"clerk"}, true, false
		u, err = people.ChangeUser(ctx, string(u.ID), 0, directory.UserChange{Roles: &roles})
		must(t, err)
		cookie = i.session(i.acme, u)
		want("with the role again", 200)
		_, err = people.ChangeUser(ctx, string(u.ID), 0, directory.UserChange{Disabled: &off})
		must(t, err)
		want("disabled", 401)
		_, err = people.ChangeUser(ctx, string(u.ID), 0, directory.UserChange{Disabled: &on})
		must(t, err)
		want("enabled again, with the session of before", 401)
	})
}

// again is somebody of acme as they are now.
func (i *installation) again(u sso.User) sso.User {
	i.t.Helper()
	now, err := i.people(i.acme).User(i.t.Context(), string(u.ID))
	must(i.t, err)
	return now
}

// keys are remembered; what changes about them counts when the news of it
// is heard.
func TestAChangeOfAServiceAccountCountsWhenItIsHeard(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		ctx := t.Context()
		in, err := i.Methods.For(i.acme.operator)
		must(t, err)
		lend := route.Route{Method: "POST", Listeners: route.Internal}
		borrow := func() int {
			return i.send(lend, i.request(lend, "", "/internal/v1/tokens", `{"method":"zoho-desk","environment":"production"}`, caller{key: i.acme.borrower})).Code
		}
		want := func(what string, status int) {
			t.Helper()
			i.Forget()
			if got := borrow(); got != status {
				t.Errorf("%s: %d, want %d", what, got, status)
			}
		}
		want("with a permit", 200)
		service, err := in.Service(ctx, "Borrower")
		must(t, err)
		must(t, in.RemovePermit(ctx, string(service.ID), service.Permits[0].ID))
		want("without it", 403)
		_, err = in.AddPermit(ctx, string(service.ID), authmethods.Permit{Method: "zoho-desk", Environment: "production"})
		must(t, err)
		want("with another", 200)
		service, err = in.Service(ctx, "Borrower")
		must(t, err)
		must(t, in.RevokeKey(ctx, service.Keys[0].ID))
		want("with a key that was revoked", 401)
	})
}
