package directory

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersRows(t *testing.T) {
	storage.Conform(t, "sso/directory",
		storage.Row[userRow](), storage.Row[userRoleRow](), storage.Row[userConnectorRow](), storage.Row[identityRow](),
		storage.Row[roleRow](), storage.Row[connectorRow](), storage.Row[settingsRow](),
		storage.Part[pinRow](), storage.Part[takenRow](), storage.Part[sessionRow](), storage.Part[passwordRow](),
		storage.Part[totpRow](), storage.Part[passkeyRow](), storage.Part[invitationRow](),
		storage.Part[signInRow](), storage.Part[signInStartsRow](),
	)
}
