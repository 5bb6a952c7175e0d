package store

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersRows(t *testing.T) {
	storage.Conform(t, "tokens/store",
		storage.Row[connectionRow](), storage.Row[grantRow](), storage.Row[tokenRow](),
		storage.Row[captureRow](), storage.Row[restoredRow](), storage.Row[consentRow](), storage.Row[loanRow](), storage.Row[hourRow](),
	)
}
