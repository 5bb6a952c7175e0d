package directory_test

import (
	"slices"
	"strings"
	"testing"

	"latchkey/authmethods"
	"latchkey/sso"
	"latchkey/sso/directory"
	"latchkey/test/storage"
)

func TestAUserIsFoundByIDAndInWhateverWayTheNameIsTyped(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		door := w.connector(t, "zoho")
		made := got(acme.CreateUser(ctx, directory.NewUser{
			UserName: " Marie.Dupont ", Email: "Marie@Acme.fr", ExternalID: "E-1", Language: "fr",
			Roles: []string{sso.RoleHelpDesk, sso.RoleUser, sso.RoleUser}, Connectors: []authmethods.ID{door.ID},
		}))(t)
		if made.UserName != "Marie.Dupont" || made.DisplayName != "Marie.Dupont" || made.Rev != 1 || made.Version != 1 ||
			len(made.Roles) != 2 || len(made.Connectors) != 1 {
			t.Errorf("made %+v", made)
		}
		for _, ref := range []string{string(made.ID), "marie.dupont", "MARIE.DUPONT"} {
			if u := got(acme.User(ctx, ref))(t); u.ID != made.ID || u.Email != "Marie@Acme.fr" {
				t.Errorf("%s finds %+v", ref, u)
			}
		}
		_, err := w.adminOfOther(t).User(ctx, string(made.ID))
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
	})
}

func TestAUserNameIsGivenOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		name := func(n string) error {
			_, err := acme.CreateUser(ctx, directory.NewUser{UserName: n})
			return err
		}
		u := w.user(t, "marie")
		refused(t, name("MARIE"), authmethods.Conflict, authmethods.CodeConflict)
		u = got(acme.ChangeUser(ctx, "marie", u.Rev, directory.UserChange{UserName: ptr("marie.durand")}))(t)
		refused(t, name("marie"), authmethods.Conflict, authmethods.CodeConflict)
		// Only its former owner may have a name again.
		u = got(acme.ChangeUser(ctx, string(u.ID), u.Rev, directory.UserChange{UserName: ptr("Marie")}))(t)
		must(t, acme.DeleteUser(ctx, "marie", u.Rev))
		for _, n := range []string{"marie", "Marie", "marie.durand"} {
			refused(t, name(n), authmethods.Conflict, authmethods.CodeConflict)
		}
		got(w.adminOfOther(t).CreateUser(ctx, directory.NewUser{UserName: "marie"}))(t)
	})
}

func TestWhatIsWrongWithAUserIsSaidAtOnce(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		for pointer, n := range map[string]directory.NewUser{
			"/user_name":    {UserName: ""},
			"/email":        {UserName: "a", Email: "nobody"},
			"/display_name": {UserName: "a", DisplayName: "a\u202eb"},
			"/external_id":  {UserName: "a", ExternalID: "a\nb"},
			"/language":     {UserName: "a", Language: "de"},
			"/theme":        {UserName: "a", Theme: "pink"},
			"/roles":        {UserName: "a", Roles: []string{"chief"}},
			"/connectors":   {UserName: "a", Connectors: []authmethods.ID{"sso_1"}},
		} {
			_, err := w.admin(t).CreateUser(t.Context(), n)
			invalid(t, err, pointer)
		}
		if n := w.count(t, "users"); n != 0 {
			t.Errorf("%d users were stored all the same", n)
		}
	})
}

func TestUsersAreListedPageByPageAndByFilter(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		door := w.connector(t, "zoho")
		anna := w.user(t, "anna", sso.RoleAuditor)
		berta := got(acme.CreateUser(ctx, directory.NewUser{UserName: "berta", Email: "b_b@acme.fr", DisplayName: "Mme Dupont"}))(t)
		carla := w.user(t, "carla")
		got(acme.Associate(ctx, "zoho", []authmethods.ID{berta.ID, carla.ID}))(t)
		got(acme.ChangeUser(ctx, "carla", 0, directory.UserChange{Disabled: ptr(true)}))(t)
		for what, q := range map[string]directory.UserQuery{
			"anna berta carla": {},
			"anna":             {Limit: 1},
			"berta carla":      {After: anna.ID},
			"berta":            {Text: "DUPONT"},
			"":                 {Text: "b%b"},
			"berta ":           {Text: "b_b@"},
			" berta carla":     {Connector: door.ID},
			" anna":            {Role: sso.RoleAuditor},
			"carla":            {Disabled: ptr(true)},
			"anna berta":       {Disabled: ptr(false)},
		} {
			var names []string
			for _, u := range got(acme.Users(ctx, q))(t) {
				names = append(names, u.UserName)
			}
			if found := strings.Join(names, " "); found != strings.TrimSpace(what) {
				t.Errorf("%+v finds %q, want %q", q, found, what)
			}
		}
		if users := got(w.adminOfOther(t).Users(ctx, directory.UserQuery{}))(t); len(users) != 0 {
			t.Errorf("another tenant sees %d users", len(users))
		}
	})
}

func TestAChangeOfRightsNameOrStateEndsSessions(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		u := w.user(t, "marie", sso.RoleUser)
		change := func(uc directory.UserChange, ends bool) {
			t.Helper()
			before := u
			u = got(acme.ChangeUser(ctx, string(u.ID), u.Rev, uc))(t)
			if ends != (u.Version == before.Version+1) || u.Rev != before.Rev+1 {
				t.Errorf("%+v: version %d → %d, rev %d → %d", uc, before.Version, u.Version, before.Rev, u.Rev)
			}
		}
		change(directory.UserChange{Roles: &[]string{sso.RoleAuditor}}, true)
		change(directory.UserChange{Disabled: ptr(true)}, true)
		change(directory.UserChange{Disabled: ptr(false)}, true)
		change(directory.UserChange{UserName: ptr("marie.d")}, true)
		change(directory.UserChange{Email: ptr("m@acme.fr"), Theme: ptr("dark")}, false)
		if !slices.Equal(u.Roles, []string{sso.RoleAuditor}) {
			t.Errorf("the roles are %v", u.Roles)
		}
		same := got(acme.ChangeUser(ctx, string(u.ID), u.Rev, directory.UserChange{Theme: ptr("dark")}))(t)
		if same.Rev != u.Rev {
			t.Error("a change that changes nothing counted as one")
		}
		_, err := acme.ChangeUser(ctx, string(u.ID), u.Rev-1, directory.UserChange{Theme: ptr("light")})
		refused(t, err, authmethods.Stale, authmethods.CodeStale)
		if n := w.count(t, "changes WHERE kind = 'user' AND object_id = '"+string(u.ID)+"'"); n != 6 {
			t.Errorf("%d changes were announced, want 6", n)
		}
		if events := got(acme.History(ctx, u.ID, 0, 0))(t); len(events) != 6 || events[5].Action != "user.created" {
			t.Errorf("the history is %+v", events)
		}
		_, err = acme.History(ctx, method, 0, 0)
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
	})
}

func TestADeletedUserLeavesNothingBehind(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		door := w.connector(t, "zoho")
		u, stays := w.user(t, "marie", sso.RoleAuditor), w.user(t, "paul", sso.RoleAuditor)
		for _, user := range []sso.User{u, stays} {
			got(acme.Associate(ctx, "zoho", []authmethods.ID{user.ID}))(t)
			got(acme.Pin(ctx, user.UserName, "zoho", sso.Subject{Issuer: "https://id.example", ID: user.UserName}))(t)
			w.hangOn(t, user.ID, door.ID)
		}
		tables := []string{
			"users", "user_roles", "user_connectors", "identities", "sessions", "tickets", "passwords", "totps", "passkeys", "invitations",
		}
		for _, table := range tables {
			if n := w.count(t, table); n != 2 {
				t.Errorf("%d rows in %s before, want 2", n, table)
			}
		}
		must(t, acme.DeleteUser(ctx, string(u.ID), 0))
		for _, table := range tables {
			if n := w.count(t, table); n != 1 {
				t.Errorf("%d rows in %s behind, want the other's only", n, table)
			}
		}
		_, err := acme.User(ctx, string(u.ID))
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
	})
}

// hangOn gives a user a session and everything else that other packages keep.
func (w *world) hangOn(t *testing.T, user, connector authmethods.ID) {
	t.Helper()
	id := string(user)
	rows := []struct {
		table string
		given map[string]any
	}{
		{"sessions", map[string]any{"user_id": id, "hash": []byte(id), "connector_id": string(connector), "ended_at": nil}},
		{"tickets", map[string]any{"session_id": id, "hash": []byte(id)}},
		{"passwords", nil}, {"totps", nil},
		{"passkeys", map[string]any{"user_id": id, "credential_id": id}},
		{"invitations", map[string]any{"user_id": id, "hash": []byte(id)}},
	}
	for _, row := range rows {
		given := map[string]any{"tenant_id": string(w.acme), "id": id}
		for column, v := range row.given {
			given[column] = v
		}
		storage.Insert(t, w.url, row.table, given)
	}
}
