package credentials_test

import (
	"slices"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso"
	"latchkey/sso/credentials"
)

func TestAPasswordThatIsSetEndsSessionsAndIsAudited(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if at := got(w.PasswordSet(ctx, admin(), w.marie))(t); !at.IsZero() {
			t.Errorf("set at %s before it was", at)
		}
		w.give(t, w.marie, good)
		if invited, version := w.people(t, w.marie.ID); invited || version != 2 {
			t.Errorf("still invited: %v, version %d", invited, version)
		}
		w.give(t, w.marie, better)
		if _, version := w.people(t, w.marie.ID); version != 3 {
			t.Errorf("after the second: version %d", version)
		}
		if at := got(w.PasswordSet(ctx, as(w.marie), w.marie))(t); time.Since(at).Abs() > time.Minute {
			t.Errorf("set at %s", at)
		}
		_, err := w.Verify(ctx, nobody(), try(w.marie, good))
		wrongPassword(t, err)
		got(w.Verify(ctx, nobody(), try(w.marie, better)))(t)
		if all := w.actions(t); !slices.Equal(all, []string{"password.set", "password.set"}) {
			t.Errorf("audited: %v", all)
		}
	})
}

func TestWhoMaySetWhosePassword(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		helpDesk := with("usr_help", authmethods.ViewUsers, authmethods.CreateUsers, authmethods.ModifyUsers)
		for _, c := range []struct {
			name   string
			caller authmethods.Caller
			theirs authmethods.Rights
			may    bool
		}{
			{"a help desk that of a plain user", helpDesk, nil, true},
			{"a help desk that of a colleague", helpDesk, authmethods.Rights{authmethods.ModifyUsers}, true},
			{"a help desk that of an administrator", helpDesk, authmethods.AdminRights, false},
			{"a help desk that of who has one right more", helpDesk, authmethods.Rights{authmethods.ViewUsers, authmethods.ViewAudit}, false},
			{"an administrator that of another", admin(), authmethods.AdminRights, true},
			{"an administrator that of an operator", admin(), authmethods.OperatorRights, false},
			{"somebody without rights that of a plain user", with("usr_x"), nil, false},
			{"the person itself, without the current one", as(w.marie), nil, false},
			{"somebody who may only look", with("usr_x", authmethods.ViewUsers), nil, false},
		} {
			t.Run(c.name, func(t *testing.T) {
				to := credentials.Target{User: w.marie, Rights: c.theirs}
				for what, err := range map[string]error{
					"set":    w.Set(t.Context(), c.caller, to, secret.New(good)),
					"remove": w.RemovePassword(t.Context(), c.caller, to),
				} {
					if c.may != (err == nil) {
						t.Errorf("%s: %v", what, err)
					}
					if !c.may {
						refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
					}
				}
			})
		}
		stranger := authmethods.NewCaller(other, authmethods.Actor{}, authmethods.AdminRights, "")
		err := w.Set(t.Context(), stranger, credentials.Target{User: w.marie}, secret.New(good))
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
	})
}

func TestAPasswordIsChangedWithTheCurrentOneOnly(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.give(t, w.marie, good)
		change := func(c authmethods.Caller, current, next string) error {
			return w.Change(ctx, c, w.marie, home, secret.New(current), secret.New(next))
		}
		wrongPassword(t, change(as(w.marie), better, better))
		wrongPassword(t, change(as(w.marie), "", better))
		refused(t, change(as(w.paul), good, better), authmethods.Forbidden, authmethods.CodeForbidden)
		refused(t, change(admin(), good, better), authmethods.Forbidden, authmethods.CodeForbidden)
		for _, weak := range []string{"short", good, "marie.dupont 2026", "password12345"} {
			refused(t, change(as(w.marie), good, weak), authmethods.Invalid, authmethods.CodeInvalidRequest)
		}
		got(w.Verify(ctx, nobody(), try(w.marie, good)))(t)
		must(t, change(as(w.marie), good, better))
		got(w.Verify(ctx, nobody(), try(w.marie, better)))(t)
		if all := w.actions(t); !slices.Equal(all, []string{"password.changed", "password.set"}) {
			t.Errorf("audited: %v", all)
		}
		for range 6 { // and two above
			wrongPassword(t, change(as(w.marie), good, better))
		}
		for range 2 {
			_, err := w.Verify(ctx, nobody(), try(w.marie, good))
			wrongPassword(t, err)
		}
		tooMany(t, change(as(w.marie), better, good))
	})
}

func TestARemovedPasswordIsGone(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		w.give(t, w.marie, good)
		for range 2 {
			must(t, w.RemovePassword(t.Context(), admin(), credentials.Target{User: w.marie}))
		}
		_, err := w.Verify(t.Context(), nobody(), try(w.marie, good))
		wrongPassword(t, err)
		if all := w.actions(t); !slices.Equal(all, []string{"password.removed", "password.set"}) {
			t.Errorf("audited: %v", all)
		}
	})
}

func TestPasswordsExpireWhereTheTenantSaysSo(t *testing.T) {
	set := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		days  int
		after time.Duration
		want  bool
	}{
		{0, 1000 * 24 * time.Hour, false},
		{30, 30*24*time.Hour - time.Second, false},
		{30, 30 * 24 * time.Hour, true},
		{365, 364 * 24 * time.Hour, false},
		{365, 366 * 24 * time.Hour, true},
	} {
		if got := credentials.Expired(sso.Settings{PasswordDays: c.days}, set, set.Add(c.after)); got != c.want {
			t.Errorf("%d days, after %s: %v", c.days, c.after, got)
		}
	}
}
