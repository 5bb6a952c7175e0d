package directory

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

// DeleteUser deletes the user with this id or user name and all that hangs on it.
// Nobody is ever given the name again. rev is the revision that the caller has seen;
// 0: any.
func (t *Tenant) DeleteUser(ctx context.Context, ref string, rev int64) error {
	if err := t.caller.May(authmethods.DeleteUsers); err != nil {
		return err
	}
	return t.alter(ctx, func(in db.Tenant) error {
		row, _, err := t.handled(ctx, in, ref, rev)
		if err != nil {
			return err
		}
		// A write of a column that references could rest on makes PostgreSQL hold back
		// whoever is about to hang something more on the row.
		held := []db.Set{db.To("user_key", row.UserKey+" "+string(row.ID)), db.To("external_id", nil)}
		if _, err := db.UpdateIf[userRow](ctx, in, row.ID, held); err != nil {
			return doing("deleting a user", err)
		}
		if err := retire(ctx, in, row.ID, row.UserKey); err != nil {
			return err
		}
		if err := deleteUser(ctx, in, row.ID); err != nil {
			return err
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "user_name", row.UserName, "")
		return t.record(ctx, in, change{action: "user.deleted", kind: feed.User, object: row.ID, ref: row.UserName, changes: noted})
	})
}

// deleteUser deletes a user and what hangs on it, in the order that the foreign keys
// ask for.
func deleteUser(ctx context.Context, in db.Tenant, id authmethods.ID) error {
	if _, err := db.Exec(ctx, in, deleteTickets, id); err != nil {
		return doing("deleting a user", err)
	}
	mine := db.Eq("user_id", id)
	for _, step := range []func() (int64, error){
		func() (int64, error) { return db.DeleteIf[sessionRow](ctx, in, mine) },
		func() (int64, error) { return db.DeleteIf[passwordRow](ctx, in, db.Eq("id", id)) },
		func() (int64, error) { return db.DeleteIf[totpRow](ctx, in, db.Eq("id", id)) },
		func() (int64, error) { return db.DeleteIf[passkeyRow](ctx, in, mine) },
		func() (int64, error) { return db.DeleteIf[invitationRow](ctx, in, mine) },
		func() (int64, error) { return db.DeleteIf[identityRow](ctx, in, mine) },
		func() (int64, error) { return db.DeleteIf[userConnectorRow](ctx, in, mine) },
		func() (int64, error) { return db.DeleteIf[userRoleRow](ctx, in, mine) },
		func() (int64, error) { return db.DeleteIf[userRow](ctx, in, db.Eq("id", id)) },
	} {
		if _, err := step(); err != nil {
			return doing("deleting a user", err)
		}
	}
	return nil
}

var deleteTickets = db.Prepare(`DELETE FROM tickets WHERE tickets.tenant_id = {tenant}
	AND tickets.session_id IN (SELECT s.id FROM sessions s WHERE s.tenant_id = {tenant} AND s.user_id = ?)`)

// endSessions ends the sessions that pass the filters.
func endSessions(ctx context.Context, in db.Tenant, fs ...db.Filter) error {
	_, err := db.UpdateAll[sessionRow](ctx, in, []db.Set{db.ToFromNow("ended_at", 0)}, append(fs, db.IsNull("ended_at"))...)
	return doing("ending sessions", err)
}
