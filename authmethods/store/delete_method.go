package store

import (
	"context"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

// DeleteMethod deletes a method and everything dead that hangs on it. It is
// refused while a connection holds a live grant or an SSO connector rests on the
// method. rev is the revision that the caller has seen; 0: any.
func (t *Tenant) DeleteMethod(ctx context.Context, ref string, rev int64) error {
	if err := t.caller.May(authmethods.DeleteMethods); err != nil {
		return err
	}
	return db.Tx(ctx, t.in, func(in db.Tenant) error {
		row, err := lockMethod(ctx, in, ref, rev)
		if err != nil {
			return err
		}
		connections, err := db.List[connectionRow](ctx, in, db.Eq("method_id", row.ID))
		if err != nil {
			return doing("listing connections", err)
		}
		if err := refuseConnectors(ctx, in, row.ID); err != nil {
			return err
		}
		if err := refuseLive(ctx, in, connections); err != nil {
			return err
		}
		for _, c := range connections {
			if err := deleteConnection(ctx, in, c.ID); err != nil {
				return err
			}
		}
		if err := deleteAlone(ctx, in, row.ID); err != nil {
			return err
		}
		noted := authmethods.Changes{}
		authmethods.Note(noted, "name", row.Name, "")
		return t.record(ctx, in, change{action: "method.deleted", kind: feed.Method, object: row.ID, ref: row.Reference, changes: noted})
	})
}

// refuseConnectors refuses if people sign in with the method.
func refuseConnectors(ctx context.Context, in db.Tenant, method authmethods.ID) error {
	connectors, err := connectorsOn(ctx, in, method)
	if err != nil || len(connectors) == 0 {
		return err
	}
	var related []string
	for _, c := range connectors {
		related = append(related, string(c.ID))
	}
	return &authmethods.Problem{
		Kind: authmethods.Conflict, Code: authmethods.CodeHasDependents, Related: related,
		Detail: "People sign in with this method. Delete the SSO connectors that rest on it, or give them another one.",
	}
}

// refuseLive holds the grants of the connections still and refuses if one of them
// is live.
func refuseLive(ctx context.Context, in db.Tenant, connections []connectionRow) error {
	var related []string
	for _, c := range connections {
		// Raising the epoch locks the grant and fences off answers under way.
		if _, err := db.UpdateIf[grantRow](ctx, in, c.ID, []db.Set{db.Plus("epoch", 1)}); err != nil {
			return doing("locking a grant", err)
		}
		live, err := isLive(ctx, in, c.ID)
		if err != nil {
			return err
		}
		if live {
			related = append(related, string(c.ID))
		}
	}
	if len(related) == 0 {
		return nil
	}
	return &authmethods.Problem{
		Kind: authmethods.Conflict, Code: authmethods.CodeHasDependents, Related: related,
		Detail: "Connections of this method still hold access. Revoke them first.",
	}
}

// deleteConnection deletes a connection and what hangs on it, in the order that
// the foreign keys ask for.
func deleteConnection(ctx context.Context, in db.Tenant, id authmethods.ID) error {
	_, err := db.DeleteIf[loanRow](ctx, in, db.Eq("grant_id", id))
	if err == nil {
		_, err = db.DeleteIf[captureRow](ctx, in, db.Eq("grant_id", id))
	}
	if err == nil {
		_, err = db.DeleteIf[tokenRow](ctx, in, db.Eq("grant_id", id))
	}
	if err == nil {
		_, err = db.DeleteIf[grantRow](ctx, in, db.Eq("id", id))
	}
	if err == nil {
		_, err = db.DeleteIf[connectionRow](ctx, in, db.Eq("id", id))
	}
	return doing("deleting a connection", err)
}

// deleteAlone deletes a method that has no connections any more.
func deleteAlone(ctx context.Context, in db.Tenant, id authmethods.ID) error {
	_, err := db.DeleteIf[consentRow](ctx, in, db.Eq("method_id", id))
	if err == nil {
		_, err = db.DeleteIf[environmentRow](ctx, in, db.Eq("method_id", id))
	}
	if err == nil {
		err = thaw(ctx, in, id)
	}
	if err == nil {
		_, err = db.DeleteIf[methodRow](ctx, in, db.Eq("id", id))
	}
	return doing("deleting a method", err)
}
