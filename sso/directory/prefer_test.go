package directory_test

import (
	"testing"

	"latchkey/authmethods"
	"latchkey/sso/directory"
)

func TestAPersonChoosesLanguageAndThemeWithoutAnyRight(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		u := got(w.admin(t).CreateUser(t.Context(), directory.NewUser{UserName: "marie"}))(t)
		door := got(w.Door(authmethods.NewCaller(w.acme, person(u.ID), nil, "req_1")))(t)
		french, dark, odd := "fr", "dark", "purple"
		must(t, door.Prefer(t.Context(), u.ID, directory.Preferences{Language: &french}))
		must(t, door.Prefer(t.Context(), u.ID, directory.Preferences{Theme: &dark}))
		must(t, door.Prefer(t.Context(), u.ID, directory.Preferences{Theme: &dark, Language: &french})) // changes nothing
		now := got(door.User(t.Context(), u.ID))(t)
		if now.Language != "fr" || now.Theme != "dark" || now.Version != u.Version || now.Rev != u.Rev {
			t.Errorf("language %q, theme %q, version %d, revision %d", now.Language, now.Theme, now.Version, now.Rev)
		}
		if err := door.Prefer(t.Context(), u.ID, directory.Preferences{Theme: &odd}); authmethods.KindOf(err) != authmethods.Invalid {
			t.Errorf("an unknown theme: %v", err)
		}
		events := got(w.admin(t).History(t.Context(), u.ID, 0, 10))(t)
		if len(events) != 3 || events[0].Action != "user.changed" || events[0].Actor.ID != u.ID {
			t.Errorf("the audit log holds %+v", events)
		}
		other := got(w.Door(authmethods.NewCaller(w.other, person(u.ID), nil, "req_1")))(t)
		if err := other.Prefer(t.Context(), u.ID, directory.Preferences{Theme: &dark}); authmethods.KindOf(err) != authmethods.NotFound {
			t.Errorf("a user of another tenant: %v", err)
		}
	})
}
