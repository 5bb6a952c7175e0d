package vault

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/seal"
	"latchkey/crypto/secret"
)

// keeper is a service that keeps a key, and counts how often it is asked.
type keeper struct {
	seal.Wrapper // the key itself
	fault        atomic.Pointer[error]
	asked        atomic.Int64
}

func (k *keeper) ask() error {
	k.asked.Add(1)
	if err := k.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Wrap and Unwrap change a byte: the test is not about secrecy.
func (k *keeper) Wrap(_ context.Context, key, aad []byte) ([]byte, error) {
	return append([]byte(string(aad)+"|"), key...), k.ask()
}

func (k *keeper) Unwrap(_ context.Context, wrapped, aad []byte) ([]byte, error) {
	if err := k.ask(); err != nil {
		return nil, err
	}
	key, ok := strings.CutPrefix(string(wrapped), string(aad)+"|")
	if !ok {
		return nil, seal.ErrTampered
	}
	return []byte(key), nil
}

func (k *keeper) fails(err error) { k.fault.Store(&err) }
func (k *keeper) mends()          { k.fault.Store(nil) }

// elsewhere is a keyring of the world's own key and one that a service keeps.
func (w *world) elsewhere(t *testing.T, k *keeper) *seal.Keyring {
	t.Helper()
	text := w.ring.Marshal().Reveal() + "v1 kept here\n"
	ring, err := seal.ParseKeyring(strings.NewReader(text), seal.Kind{Name: "kept", Open: func(string) (seal.Wrapper, error) { return k, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestDataKeysAtHandWorkOnWhileTheServiceThatKeepsTheirKeyIsDown(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, k := t.Context(), &keeper{}
		values := w.fill(t, w.vault)
		rotate(t, w, w.elsewhere(t, k), "v1", true)
		if n, err := verified(t, w, w.vault); n != values || err != nil {
			t.Fatal(n, err)
		}
		asked := k.asked.Load()
		if n, err := verified(t, w, w.vault); n != values || err != nil || k.asked.Load() != asked {
			t.Errorf("%d values, %v; asked %d times more", n, err, k.asked.Load()-asked)
		}
		k.fails(seal.ErrUnavailable)
		w.vault.Forget(w.in.ID()) // a change of the tenant needs nobody
		if n, err := verified(t, w, w.vault); n != values || err != nil {
			t.Errorf("after a change: %d %v", n, err)
		}
		w.later(unwrapped + time.Minute)
		if n, err := verified(t, w, w.vault); n != values || err != nil {
			t.Errorf("later: %d %v", n, err)
		}
		if _, err := w.vault.Seal(ctx, w.in, secret.New("x"), columns[0].at("r", "")); err != nil {
			t.Errorf("sealing: %v", err)
		}
		if _, err := New(w.vault.ring.Load()).Sealer(ctx, w.in); authmethods.KindOf(err) != authmethods.Unavailable || !temporary(err) {
			t.Errorf("who has nothing at hand: %v", err)
		}
		w.later(outage)
		if _, err := w.vault.Sealer(ctx, w.in); authmethods.KindOf(err) != authmethods.Unavailable {
			t.Errorf("after a day: %v", err)
		}
		k.mends()
		if n, err := verified(t, w, w.vault); n != values || err != nil {
			t.Errorf("afterwards: %d %v", n, err)
		}
	})
}

func temporary(err error) bool {
	var p *authmethods.Problem
	return errors.As(err, &p) && authmethods.Diagnose(p.Code).Temporary
}

func TestARefusalOfTheServiceIsHeeded(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, k := t.Context(), &keeper{}
		rotate(t, w, w.elsewhere(t, k), "v1", true)
		if _, err := w.vault.Sealer(ctx, w.in); err != nil {
			t.Fatal(err)
		}
		k.fails(errors.New("denied"))
		w.later(unwrapped + time.Minute)
		if _, err := w.vault.Sealer(ctx, w.in); authmethods.KindOf(err) != authmethods.HumanNeeded {
			t.Errorf("the key may not be used any more: %v", err)
		}
	})
}

// another key under the same name is refused, whoever keeps it.
func TestTheCheckValueOfAKeyElsewhereTellsAnotherOne(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ctx, k := t.Context(), &keeper{}
		ring := w.elsewhere(t, k)
		rotate(t, w, ring, "v1", false)
		if err := CheckKeys(ctx, w.sys, ring); err != nil {
			t.Error(err)
		}
		k.fails(seal.ErrTampered) // as a service says whose key is another one
		if err := CheckKeys(ctx, w.sys, ring); err == nil || !strings.Contains(err.Error(), `"v1" is the wrong key`) {
			t.Errorf("another key: %v", err)
		}
		k.fails(seal.ErrUnavailable)
		if err := CheckKeys(ctx, w.sys, ring); authmethods.KindOf(err) != authmethods.Unavailable {
			t.Errorf("down: %v", err)
		}
	})
}

// later makes what the vault remembers so much older.
func (w *world) later(d time.Duration) {
	r, _ := w.vault.sealers.GetIfPresent(w.in.ID()) // it is there
	r.asked = r.asked.Add(-d)
	r.again.Store(0)
}
