package vault_test

import (
	"strings"
	"testing"

	"latchkey/authmethods/db"
	"latchkey/authmethods/vault"
	"latchkey/crypto/seal"
	"latchkey/test/storage"
)

func TestAnInstallationAcceptsItsOwnKeyringOnly(t *testing.T) {
	storage.Each(t, func(t *testing.T, d *db.DB) {
		ctx, sys := t.Context(), db.NewSystem(d)
		ring := seal.GenerateKeyring()
		grown, _ := ring.Add()
		for _, mine := range []*seal.Keyring{ring, ring, grown, grown} {
			if err := vault.CheckKeys(ctx, sys, mine); err != nil {
				t.Fatal(err)
			}
		}
		wrong := vault.CheckKeys(ctx, sys, seal.GenerateKeyring())
		if wrong == nil || !strings.Contains(wrong.Error(), `"k1" is the wrong key`) {
			t.Errorf("another keyring: %v", wrong)
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
