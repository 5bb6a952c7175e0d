package directory_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
)

const people = `user_name;email;display_name;external_id;roles;connectors
marie;marie@acme.fr;Marie Dupont;E-1;auditor user;zoho
paul;;M. Paul;;;
`

func outcomes(i directory.Import) string {
	var list []string
	for _, row := range i.Rows {
		list = append(list, fmt.Sprintf("%d %s", row.Line, row.Outcome))
	}
	return strings.Join(list, ", ")
}

func TestADryRunSaysWhatAnImportDoes(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		door := w.connector(t, "zoho")
		w.user(t, "Paul")
		dry := got(acme.ImportUsers(ctx, []byte(people), true))(t)
		if dry.Done || dry.Created != 1 || dry.Updated != 1 || w.count(t, "users") != 1 {
			t.Fatalf("the dry run: %+v, %d users", dry, w.count(t, "users"))
		}
		done := got(acme.ImportUsers(ctx, []byte(people), false))(t)
		if !done.Done || outcomes(done) != outcomes(dry) || outcomes(done) != "2 created, 3 updated" {
			t.Fatalf("the import: %+v", done)
		}
		marie := got(acme.User(ctx, "marie"))(t)
		if marie.Email != "marie@acme.fr" || marie.ExternalID != "E-1" || !slices.Equal(marie.Roles, []string{"auditor", "user"}) ||
			!slices.Equal(marie.Connectors, []authmethods.ID{door.ID}) || marie.Invited || marie.Version != 1 {
			t.Errorf("Marie is %+v", marie)
		}
		if paul := got(acme.User(ctx, "paul"))(t); paul.UserName != "Paul" || paul.DisplayName != "M. Paul" || paul.Version != 1 {
			t.Errorf("Paul is %+v", paul)
		}
		again := got(acme.ImportUsers(ctx, []byte(people), false))(t)
		if !again.Done || again.Unchanged != 2 {
			t.Errorf("once more: %+v", again)
		}
		if n := w.count(t, "audit_events WHERE action = 'users.imported'"); n != 1 {
			t.Errorf("%d imports are on record", n)
		}
		got(acme.ImportUsers(ctx, []byte("user_name,roles,connectors\nmarie,user,zoho\n"), false))(t)
		if u := got(acme.User(ctx, "marie"))(t); !slices.Equal(u.Roles, []string{"user"}) || u.Version != marie.Version+1 || u.Email != marie.Email {
			t.Errorf("after a change of roles Marie is %+v", u)
		}
	})
}

func TestAnImportIsWholeOrNotAtAll(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		w.user(t, "gone")
		must(t, acme.DeleteUser(ctx, "gone", 0))
		got(acme.CreateUser(ctx, directory.NewUser{UserName: "holder", ExternalID: "E-9"}))(t)
		w.user(t, "root", sso.RoleOperator)
		file := "user_name,email,external_id,roles,connectors\n" + strings.Join([]string{
			"fine,,,,", "gone,,,,", "Fine,,,,", "a,nobody,,,", "b,,E-9,,", "c,,,chief,", "d,,,,nowhere", "root,mine@example.com,,,", "e,,,operator,", "f,,E-10,,", "g,,E-10,,",
		}, "\n")
		for _, dry := range []bool{true, false} {
			i := got(acme.ImportUsers(ctx, []byte(file), dry))(t)
			if i.Done || i.Refused != 9 || i.Created != 2 {
				t.Errorf("dry %t: %+v", dry, i)
			}
			for _, row := range i.Rows {
				if (row.Outcome == "refused") != (row.Why != "") {
					t.Errorf("line %d is %s: %q", row.Line, row.Outcome, row.Why)
				}
			}
		}
		if n := w.count(t, "users"); n != 2 {
			t.Errorf("%d users are there", n)
		}
	})
}

func TestAnImportLeavesAnAdministrator(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.user(t, "marie", sso.RoleWorkspaceAdmin)
		_, err := w.admin(t).ImportUsers(t.Context(), []byte("user_name,roles\nmarie,user\n"), false)
		lastAdministrator(t, err)
	})
}

func TestTenThousandPeopleAreImportedAndExported(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		w.connector(t, "zoho")
		var file strings.Builder
		file.WriteString("user_name,email,display_name,external_id,roles,connectors\n")
		for i := range 10_000 {
			fmt.Fprintf(&file, "user%05d,user%05d@acme.fr,=User %d,E-%d,user,zoho\n", i, i, i, i)
		}
		if i := got(acme.ImportUsers(ctx, []byte(file.String()), false))(t); !i.Done || i.Created != 10_000 {
			t.Fatalf("created %d", i.Created)
		}
		var out bytes.Buffer
		must(t, acme.ExportUsers(ctx, &out))
		if !strings.Contains(out.String(), "user09999,user09999@acme.fr,'=User 9999,E-9999,user,zoho\n") {
			t.Error("the export lacks somebody")
		}
		if again := got(acme.ImportUsers(ctx, out.Bytes(), false))(t); again.Unchanged != 10_000 {
			t.Errorf("what was exported is not what is there: %d unchanged, %d refused", again.Unchanged, again.Refused)
		}
		if other := got(w.adminOfOther(t).Users(ctx, directory.UserQuery{}))(t); len(other) != 0 {
			t.Errorf("another tenant has %d users", len(other))
		}
	})
}
