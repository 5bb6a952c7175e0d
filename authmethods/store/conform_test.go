package store

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersRows(t *testing.T) {
	storage.Conform(t, "authmethods/store",
		storage.Row[methodRow](), storage.Row[environmentRow](), storage.Row[referenceRow](),
		storage.Row[serviceRow](), storage.Row[permitRow](), storage.Row[keyRow](), storage.Row[freezeRow](),
		storage.Part[connectionRow](), storage.Part[grantRow](), storage.Part[tokenRow](),
		storage.Part[captureRow](), storage.Part[consentRow](), storage.Part[loanRow](), storage.Part[connectorRow](),
	)
}
