package session

import (
	"testing"

	"latchkey/test/storage"
)

func TestNoTenantReachesAnothersRows(t *testing.T) {
	storage.Conform(t, "sso/session", storage.Row[sessionRow](), storage.Row[ticketRow](), storage.Row[webKeyRow]())
}
