package directory

import (
	"context"
	"fmt"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

// mostAssociated bounds one call.
const mostAssociated = 500

// Associate puts the connector with this id or reference on the cards of users, by
// id, at most 500. It returns how many had it not yet.
func (t *Tenant) Associate(ctx context.Context, connector string, users []authmethods.ID) (int, error) {
	return t.associate(ctx, connector, users, "user.associated", func(in db.Tenant, row *connectorRow, user authmethods.ID) (bool, error) {
		n, err := db.Count[userConnectorRow](ctx, in, db.Eq("connector_id", row.ID), db.Eq("user_id", user))
		if err != nil || n > 0 {
			return false, doing("associating a user", err)
		}
		return true, doing("associating a user", db.Insert(ctx, in, newUserConnectorRow(user, row.ID)))
	})
}

// Dissociate takes the connector with this id or reference from the cards of users,
// by id, at most 500, and ends the sessions that they began with it. It returns how
// many had it. What is pinned stays pinned.
func (t *Tenant) Dissociate(ctx context.Context, connector string, users []authmethods.ID) (int, error) {
	return t.associate(ctx, connector, users, "user.dissociated", func(in db.Tenant, row *connectorRow, user authmethods.ID) (bool, error) {
		return dissociate(ctx, in, user, row.ID)
	})
}

// dissociate reports whether the user had the connector.
func dissociate(ctx context.Context, in db.Tenant, user, connector authmethods.ID) (bool, error) {
	both := []db.Filter{db.Eq("connector_id", connector), db.Eq("user_id", user)}
	n, err := db.DeleteIf[userConnectorRow](ctx, in, both...)
	if err != nil || n == 0 {
		return false, doing("dissociating a user", err)
	}
	return true, endSessions(ctx, in, both...)
}

// associate does one thing to each user and counts those who differ by it.
func (t *Tenant) associate(ctx context.Context, connector string, users []authmethods.ID, action string,
	do func(in db.Tenant, row *connectorRow, user authmethods.ID) (bool, error),
) (count int, err error) {
	if err := t.caller.May(authmethods.ModifyUsers); err != nil {
		return 0, err
	}
	users = tidyList(users)
	if len(users) > mostAssociated {
		return 0, authmethods.InvalidField("/users", fmt.Sprintf("At most %d users at once.", mostAssociated))
	}
	err = t.alter(ctx, func(in db.Tenant) error {
		count = 0
		row, err := connectorByRef(ctx, in, connector)
		if err != nil {
			return err
		}
		var done []change
		for _, id := range users {
			user, _, err := t.handled(ctx, in, string(id), 0)
			if err != nil {
				return noSuch("/users", "user", string(id), err)
			}
			differs, err := do(in, row, user.ID)
			if err != nil {
				return err
			}
			if differs {
				noted := authmethods.Changes{}
				authmethods.Note(noted, "connector", "", row.Reference)
				done = append(done, change{action: action, kind: feed.User, object: user.ID, ref: user.UserName, changes: noted})
			}
		}
		for _, c := range done {
			if err := t.record(ctx, in, c); err != nil {
				return err
			}
		}
		count = len(done)
		return nil
	})
	return count, err
}
