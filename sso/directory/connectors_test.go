package directory_test

import (
	"slices"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
)

func TestAConnectorIsMadeFoundAndChanged(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		n := zoho("zoho")
		n.Admission, n.TrustedDomains = "", []string{" ACME.fr", "acme.fr"}
		made, warnings, err := acme.CreateConnector(ctx, n)
		must(t, err)
		if made.Admission != sso.AssociatedOnly || made.Method != method || !slices.Equal(made.TrustedDomains, []string{"acme.fr"}) ||
			len(made.Rule.Lookups) != 1 || len(warnings) == 0 {
			t.Errorf("made %+v, warnings %q", made, warnings)
		}
		for _, ref := range []string{"zoho", string(made.ID)} {
			if c := got(acme.Connector(ctx, ref))(t); c.ID != made.ID {
				t.Errorf("%s finds %+v", ref, c)
			}
			_, err := w.adminOfOther(t).Connector(ctx, ref)
			refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		}
		change := directory.ConnectorChange{Name: ptr("Zoho EU"), Rule: &sso.Rule{}}
		changed, _, err := acme.ChangeConnector(ctx, "zoho", made.Rev, change)
		must(t, err)
		if changed.Name != "Zoho EU" || changed.Rev != made.Rev+1 || len(changed.Rule.Lookups) != 0 {
			t.Errorf("changed to %+v", changed)
		}
		same, _, err := acme.ChangeConnector(ctx, "zoho", changed.Rev, change)
		must(t, err)
		if same.Rev != changed.Rev {
			t.Error("a change that changes nothing counted as one")
		}
		_, _, err = acme.ChangeConnector(ctx, "zoho", made.Rev, directory.ConnectorChange{Name: ptr("x")})
		refused(t, err, authmethods.Stale, authmethods.CodeStale)
		_, _, err = acme.ChangeConnector(ctx, "zoho", 0, directory.ConnectorChange{Environment: ptr(authmethods.Sandbox)})
		invalid(t, err, "/environment")
	})
}

func TestTheReferenceOfAConnectorIsGivenOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		w.connector(t, "zoho")
		must(t, acme.DeleteConnector(ctx, "zoho", 0))
		_, _, err := acme.CreateConnector(ctx, zoho("zoho"))
		refused(t, err, authmethods.Conflict, authmethods.CodeConflict)
		_, _, err = w.adminOfOther(t).CreateConnector(ctx, zoho("zoho"))
		must(t, err)
	})
}

func TestWhatIsWrongWithAConnectorIsSaid(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		for pointer, edit := range map[string]func(*directory.NewConnector){
			"/reference":         func(n *directory.NewConnector) { n.Reference = sso.ReservedReference },
			"/name":              func(n *directory.NewConnector) { n.Name = " " },
			"/type":              func(n *directory.NewConnector) { n.Type = "saml" },
			"/environment":       func(n *directory.NewConnector) { n.Environment = "" },
			"/admission":         func(n *directory.NewConnector) { n.Admission = "everybody" },
			"/creates_users":     func(n *directory.NewConnector) { n.Admission, n.CreatesUsers = sso.AssociatedOnly, true },
			"/default_role":      func(n *directory.NewConnector) { n.CreatesUsers, n.DefaultRole = true, sso.RoleOperator },
			"/trusted_domains/0": func(n *directory.NewConnector) { n.TrustedDomains = []string{"acme fr"} },
			"/rule/lookups/0/field": func(n *directory.NewConnector) {
				n.Rule = &sso.Rule{Lookups: []sso.Lookup{{Claim: "email", Field: "age"}}}
			},
			"/method": func(n *directory.NewConnector) { n.Method = "nothing" },
		} {
			n := zoho("zoho")
			edit(&n)
			_, _, err := w.admin(t).CreateConnector(t.Context(), n)
			invalid(t, err, pointer)
		}
		n := zoho("zoho")
		n.CreatesUsers, n.DefaultRole = true, "chief"
		_, _, err := w.admin(t).CreateConnector(t.Context(), n)
		invalid(t, err, "/default_role")
		// Nobody hands out by a connector what they have not themselves.
		n.DefaultRole = sso.RoleWorkspaceAdmin
		clerk := w.as(t, w.acme, authmethods.CreateConnectors)
		_, _, err = clerk.CreateConnector(t.Context(), n)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		n.CreatesUsers = false
		_, _, err = w.admin(t).CreateConnector(t.Context(), n)
		must(t, err)
		clerk = w.as(t, w.acme, authmethods.ModifyConnectors)
		_, _, err = clerk.ChangeConnector(t.Context(), "zoho", 0, directory.ConnectorChange{CreatesUsers: ptr(true)})
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		_, _, err = clerk.ChangeConnector(t.Context(), "zoho", 0, directory.ConnectorChange{Name: ptr("Zoho EU")})
		must(t, err)
	})
}

func TestADoorThatIsShutEndsTheSessionsThatBeganWithIt(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		doors := []sso.Connector{w.connector(t, "zoho"), w.connector(t, "entra")}
		var ids []authmethods.ID
		for _, c := range doors {
			for _, name := range []string{"marie", "paul"} {
				u := w.user(t, name+"-"+c.Reference)
				w.hangOn(t, u.ID, c.ID)
				ids = append(ids, u.ID)
			}
		}
		live := func(want int) {
			t.Helper()
			if n := w.count(t, "sessions WHERE ended_at IS NULL"); n != want {
				t.Errorf("%d sessions live, want %d", n, want)
			}
		}
		if n := got(acme.Associate(ctx, "zoho", ids[:2]))(t); n != 2 {
			t.Errorf("%d were associated", n)
		}
		if n := got(acme.Associate(ctx, "zoho", ids[:2]))(t); n != 0 {
			t.Errorf("%d were associated once more", n)
		}
		live(4)
		if n := got(acme.Dissociate(ctx, "zoho", ids[1:3]))(t); n != 1 {
			t.Errorf("%d were dissociated", n)
		}
		live(3)
		_, _, err := acme.ChangeConnector(ctx, "zoho", 0, directory.ConnectorChange{Disabled: ptr(true)})
		must(t, err)
		live(2)
		must(t, acme.DeleteConnector(ctx, "entra", 0))
		live(0)
		if n := w.count(t, "changes WHERE kind = 'connector'"); n != 4 {
			t.Errorf("%d changes of connectors were announced", n)
		}
		_, err = acme.Associate(ctx, "zoho", append(ids, "usr_nobody"))
		invalid(t, err, "/users")
		_, err = w.adminOfOther(t).Associate(ctx, "zoho", ids)
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
	})
}

func TestADeletedConnectorLeavesNothingBehind(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme, door := t.Context(), w.admin(t), w.door(t)
		for _, ref := range []string{"zoho", "entra"} {
			c := w.connector(t, ref)
			u := w.user(t, ref+"@acme.fr")
			got(acme.Associate(ctx, ref, []authmethods.ID{u.ID}))(t)
			got(door.Admit(ctx, c, proof(c, ref, ref+"@acme.fr")))(t)
		}
		must(t, acme.DeleteConnector(ctx, "zoho", 0))
		for _, table := range []string{"sso_connectors", "user_connectors", "identities"} {
			if n := w.count(t, table); n != 1 {
				t.Errorf("%d rows in %s, want the other's only", n, table)
			}
		}
	})
}
