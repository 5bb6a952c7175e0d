package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/sso"
)

const day = 24 * time.Hour

func TestTheFunnelCountsHowFarSignInsCame(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		must(t, w.Count(t.Context(), acme, zoho, 5, now))
		must(t, w.Count(t.Context(), acme, zoho, 2, now))
		must(t, w.Count(t.Context(), acme, zoho, 10, now.Add(-2*day)))
		must(t, w.Count(t.Context(), acme, zoho, 100, now.Add(-9*day)))
		must(t, w.Count(t.Context(), acme, entra, 1000, now))
		must(t, w.Count(t.Context(), other, zoho, 10_000, now))
		for i, c := range []struct {
			outcome sso.Outcome
			user    authmethods.ID
		}{{sso.SignedIn, marie}, {sso.Refused, marie}, {sso.Refused, ""}, {sso.Pending, ""}, {sso.SignedIn, marie}} {
			one := w.open(t, back(fmt.Sprint(i)))
			one.Outcome, one.User = c.outcome, c.user
			must(t, w.Close(t.Context(), as(acme), one))
			if i == 4 {
				w.raw(t, fmt.Sprintf("UPDATE sign_ins SET created_at = %d WHERE id = '%s'", now.Add(-9*day).UnixMicro(), one.ID))
			}
		}
		for _, c := range []struct {
			tenant authmethods.TenantID
			since  time.Time
			want   sso.Funnel
		}{
			{acme, now.Add(-7 * day), sso.Funnel{Started: 17, Returned: 4, Matched: 2, SignedIn: 1}},
			{acme, now.Add(-30 * day), sso.Funnel{Started: 117, Returned: 5, Matched: 3, SignedIn: 2}},
			{other, now.Add(-30 * day), sso.Funnel{Started: 10_000}},
		} {
			got, err := w.Funnel(t.Context(), as(c.tenant), zoho, c.since)
			if must(t, err); got != c.want {
				t.Errorf("%s since %v: %+v, want %+v", c.tenant, now.Sub(c.since), got, c.want)
			}
		}
	})
}

func TestCountsOfManyProcessesAddUp(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := w.Count(t.Context(), acme, zoho, 3, now); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		got, err := w.Funnel(t.Context(), as(acme), zoho, now)
		if must(t, err); got.Started != 60 || w.count(t, "sign_in_starts") != 1 {
			t.Errorf("%+v in %d rows", got, w.count(t, "sign_in_starts"))
		}
		if err := w.Count(t.Context(), acme, "cn_gone", 1, now); err == nil {
			t.Error("a connector that is gone was counted")
		}
	})
}

func TestWhatIsTooOldIsPruned(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		old := w.open(t, back("old"))
		kept := w.open(t, back("new"))
		_, err := w.Open(t.Context(), as(other), back("old"))
		must(t, err)
		long := now.Add(-sso.Keep - time.Hour).UnixMicro()
		w.raw(t, fmt.Sprintf("UPDATE sign_ins SET created_at = %d WHERE id = '%s' OR tenant_id = '%s'", long, old.ID, other))
		must(t, w.Count(t.Context(), acme, zoho, 1, now.Add(-sso.Keep-2*day)))
		must(t, w.Count(t.Context(), other, zoho, 1, now.Add(-sso.Keep-2*day)))
		must(t, w.Count(t.Context(), acme, zoho, 2, now.Add(-sso.Keep+day)))
		must(t, w.Count(t.Context(), acme, zoho, 4, now))
		must(t, w.Prune(t.Context(), now))
		if n := w.count(t, "sign_ins"); n != 1 {
			t.Errorf("%d sign-ins are left", n)
		}
		_, err = w.Find(t.Context(), as(acme), string(kept.ID))
		must(t, err)
		f, err := w.Funnel(t.Context(), as(acme), zoho, now.Add(-2*sso.Keep))
		if must(t, err); f.Started != 6 || w.count(t, "sign_in_starts") != 2 {
			t.Errorf("%d of those that began are left, in %d rows", f.Started, w.count(t, "sign_in_starts"))
		}
		must(t, w.Prune(t.Context(), now))
		if w.count(t, "sign_ins") != 1 || w.count(t, "sign_in_starts") != 2 {
			t.Error("the second time removed more")
		}
	})
}
