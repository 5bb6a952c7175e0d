package session_test

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/authmethods"
	"latchkey/authmethods/feed"
	"latchkey/sso/session"
)

func TestReplicasAgreeOnTheFirstKeys(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		replica, _ := w.process(t)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				s := []*session.Sessions{w.Sessions, replica}[i%2]
				if _, _, err := s.JWKS(t.Context(), acme); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := w.one(t, "SELECT count(*) FROM web_keys WHERE used_from <= "+w.dbNow()); n != 2 {
			t.Errorf("%d keys are in use", n)
		}
		cookie, _ := w.begin(t, bySSO())
		got(replica.Find(t.Context(), acme, cookie))(t)
	})
}

// published returns the ids of the keys that the tenant publishes, and wants
// nothing in them that is not public.
func (w *world) published(t testing.TB) (jose.JSONWebKeySet, []string) {
	t.Helper()
	text, age, err := w.JWKS(t.Context(), acme)
	must(t, err)
	if age <= 0 || age > time.Hour {
		t.Errorf("it may be remembered for %v", age)
	}
	var raw struct{ Keys []map[string]string }
	must(t, json.Unmarshal(text, &raw))
	for _, k := range raw.Keys {
		names := slices.Sorted(maps.Keys(k))
		if !slices.Equal(names, []string{"alg", "crv", "kid", "kty", "use", "x"}) || k["alg"] != "EdDSA" || k["use"] != "sig" || k["crv"] != "Ed25519" {
			t.Errorf("published %v", k)
		}
	}
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(text, &set))
	var ids []string
	for _, k := range set.Keys {
		if !k.Valid() || !k.IsPublic() {
			t.Errorf("%s is not a public key", k.KeyID)
		}
		ids = append(ids, k.KeyID)
	}
	return set, ids
}

// someone is a Present of this time, as if it had been found.
func someone(now time.Time) session.Present {
	return session.Present{
		Tenant: acme, User: session.Person{ID: marie, UserName: "marie"},
		Session: session.Session{ID: "ses_1", User: marie, Means: session.SSO, CreatedAt: now, ExpiresAt: now.Add(session.MaxLife)},
	}
}

// A hundred days in steps of six hours: whatever is signed was published a day
// before its key was used and verifies until it expires, and whatever is sealed
// opens for as long as a session may last.
func TestKeysRotateWithoutAnybodyNoticing(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		const step = 6 * time.Hour
		begin := time.Now()
		seen := map[string]time.Time{} // when a key was first published
		used := map[string]bool{}
		cookies := map[time.Time]string{}
		most := 0
		for now := begin; now.Before(begin.Add(100 * 24 * time.Hour)); now = now.Add(step) {
			w.SetClock(now)
			must(t, w.RotateKeys(t.Context()))
			must(t, w.Prune(t.Context(), now))
			jwt, expires, err := w.Identity(t.Context(), someone(now), acmeTenant)
			must(t, err)
			key := verify(t, w, jwt)
			set, ids := w.published(t)
			for _, id := range ids {
				if _, ok := seen[id]; !ok {
					seen[id] = now
				}
			}
			if !used[key] && now != begin && now.Sub(seen[key]) < 24*time.Hour {
				t.Errorf("a key was used %v after it was published", now.Sub(seen[key]))
			}
			used[key] = true
			most = max(most, len(set.Keys))
			w.SetClock(expires)
			verify(t, w, jwt)
			w.SetClock(now)
			cookies[now] = got(w.SealState(t.Context(), acme, "held"))(t)
			for at, cookie := range cookies {
				if now.Sub(at) >= session.MaxLife {
					delete(cookies, at)
					continue
				}
				var held string
				must(t, w.OpenState(t.Context(), acme, cookie, &held, session.MaxLife))
			}
		}
		if len(used) < 4 || most > 3 {
			t.Errorf("%d keys were used, and up to %d published", len(used), most)
		}
		if n := w.one(t, "SELECT count(*) FROM web_keys"); n > 6 {
			t.Errorf("%d keys are left", n)
		}
	})
}

func TestAKeyIsNotUsedBeyondItsTime(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		now := time.Now()
		w.SetClock(now)
		_, before := w.published(t)
		// Nothing ran for a long time.
		now = now.Add(3 * session.KeyUse)
		w.SetClock(now)
		jwt, _, err := w.Identity(t.Context(), someone(now), acmeTenant)
		must(t, err)
		if key := verify(t, w, jwt); slices.Contains(before, key) {
			t.Error("signed with a key of long ago")
		}
		if _, after := w.published(t); slices.Contains(after, before[0]) {
			t.Error("a key of long ago is still published")
		}
	})
}

func TestATenantWhoseSecretsDoNotOpenHoldsUpNobodysRotation(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		begin := time.Now()
		for _, tenant := range []authmethods.TenantID{acme, other} {
			_, _, err := w.JWKS(t.Context(), tenant)
			must(t, err)
		}
		w.raw(t, "DELETE FROM data_keys WHERE tenant_id = '"+string(acme)+"'")
		replica, _ := w.process(t)
		replica.SetClock(begin.Add(session.KeyUse))
		refused(t, replica.RotateKeys(t.Context()), authmethods.HumanNeeded, authmethods.CodeKeyUnavailable)
		n := w.one(t, "SELECT count(DISTINCT used_from) FROM web_keys WHERE tenant_id = '"+string(other)+"'")
		if n < 2 {
			t.Error("the other tenant's keys were not rotated")
		}
	})
}

func TestReplacedKeysSignEverybodyOut(t *testing.T) {
	inEach(t, func(t *testing.T, w *world) {
		replica, _ := w.process(t)
		cookie, _ := w.begin(t, bySSO())
		p := got(replica.Find(t.Context(), acme, cookie))(t)
		first, _, err := replica.Identity(t.Context(), p, acmeTenant)
		must(t, err)
		_, before := w.published(t)
		refused(t, w.ReplaceKeys(t.Context(), as(acme, marie, authmethods.ViewSettings)), authmethods.Forbidden, authmethods.CodeForbidden)
		w.find(t, cookie)
		must(t, w.ReplaceKeys(t.Context(), as(acme, marie, authmethods.ModifySettings)))
		w.gone(t, cookie)
		replica.Heard(feed.Change{Tenant: acme, Kind: feed.Settings})
		_, err = replica.Find(t.Context(), acme, cookie)
		notSignedIn(t, err)
		second, _, err := replica.Identity(t.Context(), p, acmeTenant)
		must(t, err)
		if second == first {
			t.Error("what was signed with an old key is still given out")
		}
		verify(t, w, second)
		if _, after := w.published(t); slices.Contains(after, before[0]) {
			t.Error("the old key is still published")
		}
		if n := w.actions(t)["web_keys.replaced"]; n != 1 {
			t.Errorf("%d replacements in the log", n)
		}
	})
}
