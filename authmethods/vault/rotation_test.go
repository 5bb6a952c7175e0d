package vault

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
	"latchkey/test/storage"
)

// keys are rotated online, what is sealed opens throughout, and the old
// key is dropped only when nothing uses it.
func TestRotationLeavesEverythingReadableAndNothingUnderTheOldKeys(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, values := t.Context(), w.fill(t, w.vault)
		replica := New(w.ring) // another server, which has the first key at hand
		if n, err := verified(t, w, replica); n != values || err != nil {
			t.Fatalf("%d of %d values open: %v", n, values, err)
		}
		old, err := replica.Sealer(ctx, w.in) // and holds on to it
		if err != nil {
			t.Fatal(err)
		}
		two, _ := w.ring.Add()
		if _, err := replica.Take(ctx, w.sys, two); err != nil {
			t.Fatal(err)
		}
		r := NewRotator(w.sys, w.vault)
		if uses, err := r.Drop(ctx, "k1"); !errors.Is(err, ErrInUse) {
			t.Fatalf("the active key was dropped: %d %v", uses, err)
		}
		p := rotate(t, w, two, "k2", true)
		if p.Renewed != 1 || p.Resealed != values || p.Rewrapped != 1 {
			t.Errorf("%+v of %d values", p, values)
		}
		u, err := r.Usage(ctx)
		if err != nil || u.Older != 0 || u.Values != values || u.Waiting != 0 {
			t.Errorf("%+v %v", u, err)
		}
		if n, err := verified(t, w, replica); n != values || err != nil {
			t.Errorf("at the other server %d of %d values open: %v", n, values, err)
		}
		w.opens(t, old, "grants", "refresh_token")
		if uses, err := r.Drop(ctx, "k1"); uses != 0 || err != nil {
			t.Errorf("dropping the old key: %d %v", uses, err)
		}
		alone, err := two.Activate("k2")
		if err == nil {
			alone, err = alone.Remove("k1")
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckKeys(ctx, w.sys, alone); err != nil {
			t.Error(err)
		}
		if n, err := verified(t, w, New(alone)); n != values || err != nil {
			t.Errorf("with the new key alone %d of %d values open: %v", n, values, err)
		}
	})
}

func verified(t *testing.T, w *world, v *Vault) (int, error) {
	t.Helper()
	_, n, err := (&Rotator{Sys: w.sys, Vault: v}).Verify(t.Context())
	return n, err
}

// opens opens a column's values with a sealer that may have been made long before.
func (w *world) opens(t *testing.T, s *seal.Sealer, table, name string) {
	t.Helper()
	for i := range sealedColumns {
		c := &sealedColumns[i]
		if c.table != table || c.name != name {
			continue
		}
		values, err := read(t.Context(), w.in, c.all, "", 100)
		if err != nil || len(values) == 0 {
			t.Fatalf("%d values: %v", len(values), err)
		}
		for _, v := range values {
			if plain, err := s.Open(v.sealed, c.at(v.row, v.more)); err != nil || plain.Reveal() != "secret of "+v.row {
				t.Errorf("%s of %s: %v", name, v.row, err)
			}
		}
	}
}

// a key that wraps something is not dropped.
func TestAKeyInUseIsNotDroppedAndOneDroppedWrapsNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, r := t.Context(), NewRotator(w.sys, w.vault)
		two, _ := w.ring.Add()
		behind := New(w.ring) // does not know yet that another key is active
		if _, _, err := r.Begin(ctx, "k2", false); err != nil {
			t.Fatal(err)
		}
		if _, err := w.vault.Take(ctx, w.sys, two); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Aim(ctx, "k2"), r.Require(ctx, "k2"), r.Activate(ctx, "k2")); err != nil {
			t.Fatal(err)
		}
		if uses, err := r.Drop(ctx, "k1"); uses != 1 || !errors.Is(err, ErrInUse) {
			t.Errorf("dropped while it wraps %d: %v", uses, err)
		}
		if states, err := r.KeyStates(ctx); err != nil || len(states) != 2 {
			t.Errorf("the refusal changed something: %+v %v", states, err)
		}
		if _, err := r.Work(ctx, nil); err != nil {
			t.Fatal(err)
		}
		if uses, err := r.Drop(ctx, "k1"); uses != 0 || err != nil {
			t.Fatalf("%d %v", uses, err)
		}
		other, err := w.sys.For(storage.TenantB, "test")
		if err != nil {
			t.Fatal(err)
		}
		err = db.Tx(ctx, other, func(in db.Tenant) error { return behind.Provision(ctx, in) })
		if authmethods.KindOf(err) != authmethods.Unavailable {
			t.Errorf("a data key was stored under a key that was dropped: %v", err)
		}
	})
}

// rotation goes on where it was cut off.
func TestARotationThatWasCutOffIsGoneOnWithAndNotBegunAnew(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, r := t.Context(), NewRotator(w.sys, w.vault)
		values := w.fill(t, w.vault)
		first, resumed, err := r.Begin(ctx, "", true)
		if err != nil || resumed || first.KEK != "k2" {
			t.Fatalf("%+v %t %v", first, resumed, err)
		}
		again, resumed, err := r.Begin(ctx, "", true)
		if err != nil || !resumed || again.KEK != "k2" || again.DataKeys != first.DataKeys {
			t.Fatalf("%+v %t %v", again, resumed, err)
		}
		if _, _, err := r.Begin(ctx, "k9", true); err == nil {
			t.Error("another one was begun")
		}
		two, _ := w.ring.Add()
		if p := rotate(t, w, two, "", true); p.Renewed != 1 || p.Resealed != values {
			t.Errorf("%+v", p)
		}
		if next, resumed, err := r.Begin(ctx, "", false); err != nil || resumed || next.KEK != "k3" {
			t.Errorf("after it was finished: %+v %t %v", next, resumed, err)
		}
	})
}

// a value that is written while it is sealed anew, such as the token of a
// refresh, stays as it was written.
func TestWhoeverWritesWhileAValueIsSealedAnewWins(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.fill(t, w.vault)
		rows := w.ids(t, "grants")
		before, err := newestOf(ctx, w.in)
		if err != nil {
			t.Fatal(err)
		}
		w.exec(t, "UPDATE data_keys SET created_at = 1")
		r := NewRotator(w.sys, w.vault)
		if renewed, err := r.renew(ctx, w.in, 2); err != nil || !renewed {
			t.Fatal(renewed, err)
		}
		after, err := newestOf(ctx, w.in)
		if err != nil {
			t.Fatal(err)
		}
		all, err := w.ring.Unwrap(ctx, string(w.in.ID()), []seal.WrappedKey{before.key(), after.key()}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := byName[[2]string{"grants", "refresh_token"}]
		// A sealer that does not know the key of what was read asks for it just between
		// the reading and the writing.
		one, err := w.ring.Unwrap(ctx, string(w.in.ID()), []seal.WrappedKey{after.key()}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		var once sync.Once
		one = one.Follow(func() (*seal.Sealer, error) {
			once.Do(func() {
				for _, row := range rows {
					fresh, err := all.Seal(secret.New("written meanwhile"), c.at(row, ""))
					if err != nil {
						t.Error(err)
					}
					w.exec(t, "UPDATE grants SET refresh_token = $1 WHERE id = $2", fresh, row)
				}
			})
			return all, nil
		})
		for i := range sealedColumns {
			if sealedColumns[i].column != c {
				continue
			}
			if left, err := resealColumn(ctx, w.in, one, &sealedColumns[i], func() { t.Error("it was replaced") }); left != 0 || err != nil {
				t.Fatal(left, err)
			}
			values, err := read(ctx, w.in, sealedColumns[i].all, "", 100)
			if err != nil || len(values) == 0 {
				t.Fatal(len(values), err)
			}
			for _, v := range values {
				if plain, err := all.Open(v.sealed, c.at(v.row, "")); err != nil || plain.Reveal() != "written meanwhile" {
					t.Errorf("%s is %q, %v", v.row, plain.Reveal(), err)
				}
			}
		}
	})
}

// data keys are renewed by themselves long before they have sealed too much.
func TestADataKeyThatSealedMuchOrIsOldIsReplacedByItself(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, r := t.Context(), NewRotator(w.sys, w.vault)
		w.fill(t, w.vault)
		if err := w.vault.Sealing(ctx); err != nil {
			t.Fatal(err)
		}
		if row, err := newestOf(ctx, w.in); err != nil || row.Sealed == 0 {
			t.Fatalf("nothing was counted: %+v %v", row, err)
		}
		if p, err := r.Work(ctx, nil); err != nil || p.Renewed != 0 {
			t.Fatalf("%+v %v", p, err)
		}
		w.exec(t, fmt.Sprintf("UPDATE data_keys SET sealed = %d WHERE tenant_id = '%s'", most, storage.TenantA))
		if p, err := r.Work(ctx, nil); err != nil || p.Renewed != 1 {
			t.Errorf("after many values: %+v %v", p, err)
		}
		w.exec(t, fmt.Sprintf("UPDATE data_keys SET created_at = created_at - %d WHERE tenant_id = '%s'", (oldest+settled).Microseconds(), storage.TenantA))
		if p, err := r.Work(ctx, nil); err != nil || p.Renewed != 1 {
			t.Errorf("after a long time: %+v %v", p, err)
		}
		if p, err := r.Work(ctx, nil); err != nil || p != (Progress{}) {
			t.Errorf("once more: %+v %v", p, err)
		}
	})
}

// Deleting a tenant's data keys ends what is sealed, wherever keys are remembered.
func TestNothingOfAShreddedTenantOpensAndItGetsNoNewKey(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, values := t.Context(), w.fill(t, w.vault)
		replica := New(w.ring)
		if n, err := verified(t, w, replica); n != values || err != nil {
			t.Fatal(n, err)
		}
		if err := w.vault.Shred(ctx, w.in); err != nil {
			t.Fatal(err)
		}
		w.exec(t, "UPDATE tenants SET deleted_at = 1 WHERE id = '"+string(storage.TenantA)+"'")
		for name, v := range map[string]*Vault{"here": w.vault, "at another server": replica, "after a restart": New(w.ring)} {
			v.Forget(w.in.ID()) // as the feed has it done within a quarter of a second
			if _, err := v.Sealer(ctx, w.in); authmethods.KindOf(err) != authmethods.HumanNeeded {
				t.Errorf("%s: %v", name, err)
			}
		}
		two, _ := w.ring.Add()
		if p := rotate(t, w, two, "k2", true); p != (Progress{}) {
			t.Errorf("rotation did something for it: %+v", p)
		}
	})
}

func TestAMissingKeyIsNoticedByWhoHeeds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, behind := t.Context(), New(w.ring)
		two, _ := w.ring.Add()
		rotate(t, w, two, "k2", false)
		if changed, err := behind.Heed(ctx, w.sys); err == nil || changed {
			t.Errorf("%t %v", changed, err)
		}
		if changed, err := behind.Take(ctx, w.sys, two); err != nil || !changed || behind.Keys()[0] != "k2" {
			t.Errorf("%t %v %v", changed, err, behind.Keys())
		}
	})
}
