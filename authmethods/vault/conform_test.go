package vault

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersDataKeys(t *testing.T) {
	storage.Conform(t, "authmethods/vault", storage.Row[dataKeyRow]())
}
