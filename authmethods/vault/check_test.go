package vault_test

import (
	"strings"
	"testing"

	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/test/storage"
)

// grown is a keyring with one more key.
func grown(t *testing.T, ring *seal.Keyring) *seal.Keyring {
	t.Helper()
	next, _ := ring.Add()
	return next
}

// the check values of keys are stored, and a wrong keyring is refused.
func TestAnInstallationAcceptsItsOwnKeyringOnly(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		ctx, sys := t.Context(), db.NewSystem(d)
		ring := seal.GenerateKeyring()
		two := grown(t, ring)
		for _, mine := range []*seal.Keyring{ring, ring, two, two, ring} {
			if err := vault.CheckKeys(ctx, sys, mine); err != nil {
				t.Fatal(err)
			}
		}
		wrong := vault.CheckKeys(ctx, sys, seal.GenerateKeyring())
		if wrong == nil || !strings.Contains(wrong.Error(), `"k1" is the wrong key`) {
			t.Errorf("another keyring: %v", wrong)
		}
		if wrong := vault.Fits(ctx, sys, seal.GenerateKeyring()); wrong == nil {
			t.Error("another keyring fits")
		}
		r := vault.NewRotator(sys, vault.New(two))
		if err := r.Aim(ctx, "k2"); err != nil {
			t.Fatal(err)
		}
		if err := vault.CheckKeys(ctx, sys, ring); err != nil {
			t.Errorf("a keyring that lacks a key which only waits: %v", err)
		}
		if err := vault.CheckKeys(ctx, sys, grown(t, ring)); err == nil || !strings.Contains(err.Error(), `"k2" is the wrong key`) {
			t.Errorf("a keyring with another key that waits: %v", err)
		}
		if err := r.Activate(ctx, "k2"); err == nil || !strings.Contains(err.Error(), "not required yet") {
			t.Error("a key was activated before it was required")
		}
		if err := r.Require(ctx, "k2"); err != nil {
			t.Fatal(err)
		}
		missing := vault.CheckKeys(ctx, sys, ring)
		if missing == nil || !strings.Contains(missing.Error(), `"k2" is missing`) {
			t.Errorf("a keyring that lacks a key: %v", missing)
		}
	})
}

func TestDataWithoutCheckValuesStillTellsItsKeyring(t *testing.T) {
	storage.EachURL(t, func(t *testing.T, url string) {
		ctx, ring := t.Context(), seal.GenerateKeyring()
		sys := db.NewSystem(storage.Open(t, url))
		pool := storage.Raw(t, url)
		storage.Seed(t, pool, storage.DialectOf(url))
		if _, err := pool.ExecContext(ctx, "DELETE FROM data_keys"); err != nil {
			t.Fatal(err)
		}
		in, err := sys.For(storage.TenantA, "test")
		if err != nil {
			t.Fatal(err)
		}
		if err := vault.New(ring).Provision(ctx, in); err != nil {
			t.Fatal(err)
		}
		if err := vault.CheckKeys(ctx, sys, seal.GenerateKeyring()); err == nil {
			t.Error("another keyring was accepted")
		}
		if err := vault.CheckKeys(ctx, sys, ring); err != nil {
			t.Error(err)
		}
	})
}
