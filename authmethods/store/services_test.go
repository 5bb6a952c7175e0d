package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/store"
	"latchkey/crypto/token"
	"latchkey/test/storage"
)

// telephone is a service of acme with one permit and one key.
func telephone(t *testing.T, w *world) (authmethods.Service, authmethods.IssuedKey) {
	t.Helper()
	acme := w.admin(t)
	s := got(acme.CreateService(t.Context(), store.NewService{
		Name:    "Telephone",
		Permits: []authmethods.Permit{{Tenant: "acme", Method: "desk", Environment: "production"}},
	}))(t)
	return s, got(acme.IssueKey(t.Context(), s.Name, "first", time.Time{}))(t)
}

func TestAServiceIsKnownByItsKey(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, door := t.Context(), store.NewAuthenticator(w.Options)
		s, key := telephone(t, w)
		for range 2 { // from the database, then from memory
			known := got(door.Service(ctx, key.Shown.Reveal()))(t)
			if known.ID != s.ID || known.Tenant != w.acme.ID || len(known.Permits) != 1 || known.Permits[0].Tenant != "" {
				t.Errorf("known as %+v", known)
			}
		}
		must(t, door.Flush(ctx))
		if keys := got(w.admin(t).Keys(ctx, s.Name))(t); len(keys) != 1 || keys[0].LastUsedAt.IsZero() {
			t.Errorf("its use was not written down: %+v", keys)
		}
	})
}

//
func TestEveryBadKeyGetsTheSameAnswer(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		s, key := telephone(t, w)
		_, unknown, _ := token.NewKey()
		shown := key.Shown.Reveal()
		wrong := shown[:len(shown)-43] + unknown.Reveal()[len(shown)-43:]
		want := "invalid_api_key: The API key is missing, unknown, expired or revoked."
		deny := func(what, presented string) {
			t.Helper()
			door := store.NewAuthenticator(w.Options)
			for range 2 {
				_, err := door.Service(ctx, presented)
				refused(t, err, authmethods.Unauthenticated, authmethods.CodeInvalidAPIKey)
				if err.Error() != want {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
		deny("no key", "")
		deny("an unknown key", unknown.Reveal())
		deny("a wrong secret", wrong)
		got(acme.ChangeService(ctx, s.Name, 0, store.ServiceChange{Disabled: ptr(true)}))(t)
		deny("a disabled service", shown)
		got(acme.ChangeService(ctx, s.Name, 0, store.ServiceChange{Disabled: ptr(false)}))(t)
		must(t, w.tenants.Disable(ctx, operator, "acme"))
		deny("a disabled tenant", shown)
		must(t, w.tenants.Enable(ctx, operator, "acme"))
		got(store.NewAuthenticator(w.Options).Service(ctx, shown))(t)
		w.raw(t, "UPDATE api_keys SET expires_at = 1")
		deny("an expired key", shown)
		w.raw(t, "UPDATE api_keys SET expires_at = NULL")
		must(t, acme.RevokeKey(ctx, key.ID))
		deny("a revoked key", shown)
		must(t, acme.DeleteService(ctx, s.Name, 0))
		deny("a deleted service", shown)
	})
}

//
func TestARolledKeyWorksUntilTheOverlapEnds(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		s, first := telephone(t, w)
		second := got(acme.RollKey(ctx, first.ID, time.Hour))(t)
		third := got(acme.RollKey(ctx, second.ID, 0))(t)
		door := store.NewAuthenticator(w.Options)
		got(door.Service(ctx, first.Shown.Reveal()))(t)
		got(door.Service(ctx, third.Shown.Reveal()))(t)
		_, err := door.Service(ctx, second.Shown.Reveal())
		refused(t, err, authmethods.Unauthenticated, authmethods.CodeInvalidAPIKey)
		_, err = acme.RollKey(ctx, second.ID, time.Hour)
		refused(t, err, authmethods.Conflict, authmethods.CodeConflict)
		if keys := got(acme.Keys(ctx, string(s.ID)))(t); len(keys) != 3 {
			t.Errorf("there are %d keys", len(keys))
		}
	})
}

func TestATenantsServiceMayNameNoOtherTenant(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		permit := func(tenant string) store.NewService {
			return store.NewService{Name: "Reports " + tenant, Permits: []authmethods.Permit{{Tenant: tenant, Method: "*", Environment: "*"}}}
		}
		for _, tenant := range []string{"other", "nobody", "*"} {
			_, err := w.admin(t).CreateService(ctx, permit(tenant))
			refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
		}
		platform := w.as(t, authmethods.Platform, authmethods.AdminRights...)
		for _, tenant := range []string{"other", "*"} {
			got(platform.CreateService(ctx, permit(tenant)))(t)
		}
		_, err := platform.CreateService(ctx, permit("nobody"))
		refused(t, err, authmethods.Invalid, authmethods.CodeInvalidRequest)
	})
}

func TestNobodyHandsOutMoreThanTheyHave(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		clerk := w.as(t, w.acme.ID, authmethods.ViewServices, authmethods.CreateServices, authmethods.ModifyServices)
		_, err := clerk.CreateService(ctx, store.NewService{Name: "Backdoor", Admin: true})
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		s := got(w.admin(t).CreateService(ctx, store.NewService{Name: "Deploy", Admin: true}))(t)
		key := got(w.admin(t).IssueKey(ctx, s.Name, "k", soon))(t)
		_, err = clerk.IssueKey(ctx, s.Name, "mine", soon)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		_, err = clerk.RollKey(ctx, key.ID, 0)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		if keys := got(clerk.Keys(ctx, s.Name))(t); len(keys) != 1 {
			t.Errorf("there are %d keys", len(keys))
		}
	})
}

func TestAChangeByAnotherProcessIsHeard(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, stop := context.WithCancel(t.Context())
		door := store.NewAuthenticator(w.Options)
		_, key := telephone(t, w)
		watcher := feed.New(w.System, nil)
		heard := make(chan feed.Change, 100)
		watcher.Subscribe(door.Heard)
		watcher.Subscribe(func(c feed.Change) { heard <- c })
		var running sync.WaitGroup
		running.Go(func() { watcher.Run(ctx) })
		defer running.Wait()
		defer stop()
		if c := <-heard; c.Kind != feed.Everything {
			t.Errorf("the first that is heard is %+v", c)
		}
		got(door.Service(ctx, key.Shown.Reveal()))(t)

		elsewhere := w.Options
		elsewhere.DB = storage.Open(t, w.url)
		elsewhere.System = db.NewSystem(elsewhere.DB)
		caller := authmethods.NewCaller(w.acme.ID, operator, authmethods.AdminRights, "")
		acme := got(store.New(elsewhere).For(caller))(t)
		must(t, acme.RevokeKey(ctx, key.ID))
		if c := <-heard; c.Kind != feed.Service || c.Tenant != w.acme.ID || c.Object != key.Service {
			t.Errorf("heard %+v", c)
		}
		_, err := door.Service(ctx, key.Shown.Reveal())
		refused(t, err, authmethods.Unauthenticated, authmethods.CodeInvalidAPIKey)
		must(t, acme.RevokeKey(ctx, key.ID)) // changes nothing, so nothing is said
		must(t, store.NewTenants(elsewhere).Disable(ctx, operator, "other"))
		if c := <-heard; c.Kind != feed.Tenant || c.Tenant != w.other.ID {
			t.Errorf("heard %+v", c)
		}
	})
}
