package store_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/feed"
	"latchkey/authmethods/store"
	"latchkey/crypto/token"
)

// clock is a freshness that a test sets.
type clock struct{ stale time.Duration }

func (c *clock) StaleFor() time.Duration { return c.stale }

// operatorOf is the operator in a tenant.
func (w *world) operatorOf(t *testing.T, tenant authmethods.TenantID) *store.Tenant {
	t.Helper()
	return got(store.New(w.Options).For(authmethods.NewCaller(tenant, operator, authmethods.OperatorRights, token.NewID("req"))))(t)
}

func TestAFreezeStopsItsScopeAndNothingElse(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		acme, frozen := w.admin(t), store.NewFrozen(w.Options, nil)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		sales := got(acme.CreateMethod(ctx, desk("Sales")))(t)
		s, _ := telephone(t, w)
		platform := authmethods.Service{ID: "sa_platform", Tenant: authmethods.Platform}
		for name, c := range map[string]struct {
			in     *store.Tenant
			target store.FreezeTarget
		}{
			"everything": {in: w.operatorOf(t, authmethods.Platform), target: store.FreezeTarget{Everything: true}},
			"a tenant":   {in: acme},
			"a method":   {in: acme, target: store.FreezeTarget{Method: m.Reference}},
			"a service":  {in: acme, target: store.FreezeTarget{Service: s.Name}},
		} {
			f, isNew, err := c.in.Freeze(ctx, c.target, " somebody looks into it ")
			if err != nil || !isNew || f.Reason != "somebody looks into it" {
				t.Fatalf("%s: %+v %v %v", name, f, isNew, err)
			}
			if again, isNew, err := c.in.Freeze(ctx, c.target, "again"); err != nil || isNew || again.Reason != f.Reason {
				t.Errorf("%s, a second time: %+v %v %v", name, again, isNew, err)
			}
			all, tenant := name == "everything", name == "a tenant"
			for what, is := range map[string]struct {
				err  error
				want bool
			}{
				"the method":          {frozen.Check(ctx, w.acme.ID, m.Reference, nil), all || tenant || name == "a method"},
				"another method":      {frozen.Check(ctx, w.acme.ID, sales.Reference, nil), all || tenant},
				"the tenant":          {frozen.Check(ctx, w.acme.ID, "", nil), all || tenant},
				"another tenant":      {frozen.Check(ctx, w.other.ID, m.Reference, nil), all},
				"the service":         {frozen.Check(ctx, w.acme.ID, sales.Reference, &s), all || tenant || name == "a service"},
				"it, elsewhere":       {frozen.Check(ctx, w.other.ID, "desk", &s), all || tenant || name == "a service"},
				"one of the platform": {frozen.Check(ctx, w.acme.ID, sales.Reference, &platform), all || tenant},
				"to sign in":          {frozen.SignIn(ctx, w.acme.ID, m.Reference), all || tenant || name == "a method"},
			} {
				if (is.err != nil) != is.want {
					t.Errorf("%s frozen, %s: %v", name, what, is.err)
				}
				if is.err != nil {
					p := refused(t, is.err, authmethods.HumanNeeded, authmethods.CodeFrozen)
					if strings.Contains(p.Detail, "somebody looks") == (what == "to sign in") {
						t.Errorf("%s frozen, %s is told %q", name, what, p.Detail)
					}
				}
			}
			if name != "a service" {
				lifted := got(c.in.Unfreeze(ctx, f.ID))(t)
				if lifted.Scope != f.Scope || frozen.Check(ctx, w.acme.ID, m.Reference, &s) != nil {
					t.Errorf("%s stays frozen after it was lifted", name)
				}
			} else {
				got(c.in.Unfreeze(ctx, f.ID))(t)
			}
			_, err = c.in.Unfreeze(ctx, f.ID)
			refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		}
	})
}

func TestWhatAnOperatorFrozeOnlyOperatorsLift(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		f, _, err := w.operatorOf(t, w.acme.ID).Freeze(ctx, store.FreezeTarget{}, "")
		must(t, err)
		_, err = w.admin(t).Unfreeze(ctx, f.ID)
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		_, _, err = w.admin(t).Freeze(ctx, store.FreezeTarget{Everything: true}, "")
		refused(t, err, authmethods.NotFound, authmethods.CodeNotFound)
		_, _, err = w.as(t, w.acme.ID, authmethods.ViewMethods, authmethods.ModifyMethods).Freeze(ctx, store.FreezeTarget{}, "")
		refused(t, err, authmethods.Forbidden, authmethods.CodeForbidden)
		if list := got(w.admin(t).Freezes(ctx))(t); len(list) != 1 || list[0].Lifter != authmethods.LiftedByOperator || list[0].By.Name != "root" {
			t.Errorf("%+v", list)
		}
		if list := got(w.adminOfOther(t).Freezes(ctx))(t); len(list) != 0 {
			t.Errorf("another tenant sees %+v", list)
		}
		got(w.operatorOf(t, w.acme.ID).Unfreeze(ctx, f.ID))(t)
	})
}

func TestWhatIsFrozenIsRememberedOnlyWhileTheFeedIsFresh(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, now := t.Context(), &clock{}
		frozen := store.NewFrozen(w.Options, now)
		must(t, frozen.Check(ctx, w.acme.ID, "", nil))
		f, _, err := w.admin(t).Freeze(ctx, store.FreezeTarget{}, "")
		must(t, err)
		if err := frozen.Check(ctx, w.acme.ID, "", nil); err != nil {
			t.Errorf("it asked the database though the feed is fresh: %v", err)
		}
		now.stale = 2 * time.Second
		if frozen.Check(ctx, w.acme.ID, "", nil) == nil {
			t.Error("it trusts its memory though the feed is stale")
		}
		now.stale = 0
		got(w.admin(t).Unfreeze(ctx, f.ID))(t)
		if frozen.Check(ctx, w.acme.ID, "", nil) == nil || frozen.Known(w.acme.ID, "", nil) == nil {
			t.Error("it did not remember what it read")
		}
		frozen.Heard(feed.Change{Tenant: w.acme.ID, Kind: feed.Freeze})
		refused(t, frozen.Known(w.acme.ID, "", nil), authmethods.Unavailable, authmethods.CodeStorageUnavailable)
		must(t, frozen.Check(ctx, w.acme.ID, "", nil))
		must(t, frozen.Known(w.acme.ID, "", nil))
	})
}

func TestAFrozenMethodOrServiceCanBeDeleted(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		ctx, acme := t.Context(), w.admin(t)
		m := got(acme.CreateMethod(ctx, desk("Desk")))(t)
		s, _ := telephone(t, w)
		for _, target := range []store.FreezeTarget{{Method: m.Reference}, {Service: s.Name}} {
			_, _, err := acme.Freeze(ctx, target, "")
			must(t, err)
		}
		must(t, acme.DeleteMethod(ctx, m.Reference, 0))
		must(t, acme.DeleteService(ctx, s.Name, 0))
		if list := got(acme.Freezes(ctx))(t); len(list) != 0 {
			t.Errorf("left: %+v", list)
		}
	})
}
