package credentials

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersCredentials(t *testing.T) {
	storage.Conform(t, "sso/credentials",
		storage.Row[passwordRow](), storage.Row[totpRow](), storage.Row[passkeyRow](),
		storage.Row[invitationRow](), storage.Row[throttleRow](), storage.Part[userRow](),
	)
}
