package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// Approve enables a method in an environment in the transaction that stores what
// was approved there. The provider has just accepted the client, so a former
// rejection of it is over. Audit event and announcement are the caller's.
func Approve(ctx context.Context, in db.Tenant, method authmethods.ID, e authmethods.Environment) error {
	if _, err := lockMethod(ctx, in, string(method), 0); err != nil {
		return err
	}
	own, err := ensureEnvironment(ctx, in, method, e)
	if err != nil {
		return err
	}
	_, err = db.UpdateIf[environmentRow](ctx, in, own.ID, append(notRejected(), db.To("enabled", true)))
	return doing("enabling a method", err)
}
