package store

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersRows(t *testing.T) {
	storage.Conform(t, "sso/store", storage.Row[signInRow](), storage.Row[startsRow]())
}
