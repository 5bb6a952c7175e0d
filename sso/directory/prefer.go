package directory

import (
	"context"
	"errors"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
)

// Preferences are how somebody wants to see the pages. What is nil stays.
type Preferences struct {
	Language *string // "en", "fr" or "" for the browser's
	Theme    *string // "light", "dark" or "" for the system's
}

// Prefer changes the preferences of the user with this id, which everybody may change
// of their own. Sessions go on, and whoever edits the user meanwhile is not disturbed.
func (d *Door) Prefer(ctx context.Context, user authmethods.ID, p Preferences) error {
	err := db.Tx(ctx, d.in, func(in db.Tenant) error {
		row, err := db.Get[userRow](ctx, in, user)
		if err != nil {
			return err
		}
		noted := authmethods.Changes{}
		set(noted, "language", &row.Language, p.Language)
		set(noted, "theme", &row.Theme, p.Theme)
		if len(noted) == 0 {
			return errUnchanged
		}
		if err := row.tidy().Problem(); err != nil {
			return err
		}
		sets := []db.Set{db.To("language", row.Language), db.To("theme", row.Theme)}
		if _, err := db.UpdateIf[userRow](ctx, in, user, sets); err != nil {
			return doing("storing preferences", err)
		}
		return record(ctx, in, d.caller, change{action: "user.changed", kind: feed.User, object: user, ref: row.UserName, changes: noted})
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}
