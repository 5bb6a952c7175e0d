package audit

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersEvents(t *testing.T) {
	storage.Conform(t, "authmethods/audit", storage.Row[eventRow](), storage.Row[headRow]())
}
