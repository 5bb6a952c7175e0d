package directory_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/storage"
)

func proof(c sso.Connector, subject, email string) directory.Proof {
	claims := sso.Claims{"email": email, "email_verified": true, "name": "Marie Dupont", "n": json.Number("7")}
	return directory.Proof{
		Subject: sso.Subject{Issuer: "https://id.example", ID: subject}, Claims: claims, Values: c.Rule.Values(claims, c.Trusts),
	}
}

func TestTheFirstSignInPinsAndThenOnlyThePinCounts(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, door := t.Context(), w.door(t)
		c := w.connector(t, "zoho")
		u := w.user(t, "marie@acme.fr", sso.RoleAuditor)
		w.user(t, "paul@acme.fr")
		first := got(door.Admit(ctx, c, proof(c, "1", "Marie@acme.fr")))(t)
		if first.User.ID != u.ID || first.Identity == "" || !slices.Equal(first.User.Roles, u.Roles) || first.User.LastSeenAt.IsZero() {
			t.Fatalf("admitted %+v", first)
		}
		second := got(door.Admit(ctx, c, proof(c, "1", "paul@acme.fr")))(t)
		if second.User.ID != u.ID || second.Identity != first.Identity {
			t.Errorf("then admitted %+v", second)
		}
		if other := got(door.Admit(ctx, c, proof(c, "2", "marie@acme.fr")))(t); other.Verdict.Code != authmethods.CodeIdentityChanged || other.User.ID != "" {
			t.Errorf("another account: %+v", other)
		}
		known := got(w.admin(t).KnownTo(ctx, "zoho", "", 0))(t)
		if len(known) != 1 || known[0].Identity.Email != "paul@acme.fr" || known[0].Claims["n"] != json.Number("7") || known[0].Identity.ByHand {
			t.Errorf("what is known is %+v", known)
		}
		if where := storage.FindText(t, w.url, "Marie Dupont"); where != "" {
			t.Errorf("claims stand in clear in %s", where)
		}
	})
}

func TestAHundredFirstSignInsMakeOneUser(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, door := t.Context(), w.door(t)
		n := zoho("zoho")
		n.CreatesUsers, n.DefaultRole = true, sso.RoleUser
		c, _, err := w.admin(t).CreateConnector(ctx, n)
		must(t, err)
		const many = 20
		results, errs := make([]directory.Admitted, many), make([]error, many)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() { results[i], errs[i] = door.Admit(ctx, c, proof(c, "1", "marie@acme.fr")) })
		}
		all.Wait()
		for i := range many {
			must(t, errs[i])
			if r := results[i]; r.Verdict.Code != "" || r.User.ID != results[0].User.ID || r.Identity != results[0].Identity {
				t.Errorf("sign-in %d: %+v", i, r)
			}
		}
		u := got(w.admin(t).User(ctx, "marie@acme.fr"))(t)
		if u.Email != "marie@acme.fr" || u.DisplayName != "Marie Dupont" || !slices.Equal(u.Roles, []string{sso.RoleUser}) || len(u.Identities) != 1 {
			t.Errorf("made %+v", u)
		}
		if n := w.count(t, "audit_events WHERE action = 'user.identity_pinned'"); n != 1 {
			t.Errorf("%d pins are on record", n)
		}
	})
}

func TestOfManyAccountsThatMapToOneUserOneIsPinned(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, door := t.Context(), w.door(t)
		c := w.connector(t, "zoho")
		w.user(t, "marie@acme.fr")
		const many = 8
		results, errs := make([]directory.Admitted, many), make([]error, many)
		var all sync.WaitGroup
		for i := range many {
			all.Go(func() { results[i], errs[i] = door.Admit(ctx, c, proof(c, fmt.Sprint(i), "marie@acme.fr")) })
		}
		all.Wait()
		admitted := 0
		for i, r := range results {
			must(t, errs[i])
			switch r.Verdict.Code {
			case "":
				admitted++
			case authmethods.CodeIdentityChanged:
			default:
				t.Errorf("sign-in %d: %+v", i, r.Verdict)
			}
		}
		if admitted != 1 {
			t.Errorf("%d accounts were admitted", admitted)
		}
	})
}

func TestNobodyBecomesSomebodyWhoWasDeleted(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, door := t.Context(), w.door(t)
		n := zoho("zoho")
		n.CreatesUsers, n.DefaultRole = true, sso.RoleUser
		c, _, err := w.admin(t).CreateConnector(ctx, n)
		must(t, err)
		w.user(t, "marie@acme.fr")
		must(t, w.admin(t).DeleteUser(ctx, "marie@acme.fr", 0))
		r := got(door.Admit(ctx, c, proof(c, "1", "marie@acme.fr")))(t)
		if r.Verdict.Code != authmethods.CodeNoMatchingUser || w.count(t, "users") != 0 {
			t.Errorf("admitted %+v", r)
		}
	})
}

func TestAdmissionGoesByWhatIsStoredAtThatMoment(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, door, acme := t.Context(), w.door(t), w.admin(t)
		c := w.connector(t, "zoho") // as it was when the browser left
		w.user(t, "marie@acme.fr")
		w.user(t, "marie")
		p := proof(c, "1", "marie@acme.fr")
		code := func(want authmethods.Code) directory.Admitted {
			t.Helper()
			r := got(door.Admit(ctx, c, p))(t)
			if r.Verdict.Code != want {
				t.Fatalf("the verdict is %+v, want %s", r.Verdict, want)
			}
			return r
		}
		change := func(cc directory.ConnectorChange) {
			t.Helper()
			_, _, err := acme.ChangeConnector(ctx, "zoho", 0, cc)
			must(t, err)
		}
		change(directory.ConnectorChange{Disabled: ptr(true)})
		code(authmethods.CodeConnectorDisabled)
		change(directory.ConnectorChange{Disabled: ptr(false), Admission: ptr(sso.AssociatedOnly)})
		code(authmethods.CodeNotAssociated)
		change(directory.ConnectorChange{Admission: ptr(sso.AnyoneMapped), Rule: &sso.Rule{Lookups: []sso.Lookup{{
			Claim: "email", Changes: []sso.Change{{Do: sso.BeforeAt}}, Field: sso.ByUserName,
		}}}})
		if r := code(""); r.User.UserName != "marie" {
			t.Errorf("by the new rule it is %s", r.User.UserName)
		}
		got(acme.ChangeUser(ctx, "marie", 0, directory.UserChange{Disabled: ptr(true)}))(t)
		code(authmethods.CodeUserDisabled)
		must(t, acme.DeleteConnector(ctx, "zoho", 0))
		code(authmethods.CodeConnectorDisabled)
	})
}

func TestTheDoorOfAnotherTenantShowsNothing(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c, u := w.connector(t, "zoho"), w.user(t, "marie@acme.fr")
		must(t, w.door(t).Touch(ctx, u.ID))
		other := got(w.Door(authmethods.NewCaller(w.other, person("usr_2"), nil, "")))(t)
		_, err := other.Connector(ctx, string(c.ID))
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		_, err = other.User(ctx, u.ID)
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		_, err = other.UserForLogin(ctx, "marie@acme.fr")
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		if r := got(other.Admit(ctx, c, proof(c, "1", "marie@acme.fr")))(t); r.Verdict.Code == "" {
			t.Errorf("admitted %+v", r)
		}
		if u := got(w.door(t).UserForLogin(ctx, "MARIE@acme.fr"))(t); u.LastSeenAt.IsZero() {
			t.Error("the visit was not written down")
		}
		if open := got(other.Connectors(ctx))(t); len(open) != 0 {
			t.Errorf("it offers %d connectors", len(open))
		}
	})
}
