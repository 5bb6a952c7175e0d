package directory

import (
	"context"
	"slices"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/authmethods/feed"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// NewUser is what a new user is made of.
type NewUser struct {
	UserName    string
	Email       string
	DisplayName string // empty: the user name
	ExternalID  string
	Language    string
	Theme       string
	// Invited says that the person is to set a password by an invitation.
	Invited    bool
	Roles      []string // references
	Connectors []authmethods.ID
}

func (n NewUser) row() *userRow {
	row := &userRow{
		UserName: n.UserName, Email: n.Email, DisplayName: n.DisplayName, Language: n.Language, Theme: n.Theme,
		Invited: n.Invited, Version: 1, Rev: 1,
	}
	if row.DisplayName == "" {
		row.DisplayName = n.UserName
	}
	row.ID = authmethods.ID(token.NewID("usr"))
	row.setExternalID(n.ExternalID)
	return row
}

// Check says what is wrong with a new user as such, as CreateUser would, and stores
// nothing.
func (n NewUser) Check() error { return n.row().tidy().Problem() }

// CreateUser makes a user.
func (t *Tenant) CreateUser(ctx context.Context, n NewUser) (sso.User, error) {
	none := sso.User{}
	if err := t.caller.May(authmethods.CreateUsers); err != nil {
		return none, err
	}
	row, roles, connectors := n.row(), tidyList(n.Roles), tidyList(n.Connectors)
	if err := row.tidy().Problem(); err != nil {
		return none, err
	}
	var made sso.User
	err := db.Tx(ctx, t.in, func(in db.Tenant) error {
		if err := t.mayHandle(ctx, in, roles); err != nil {
			return err
		}
		if err := insertUser(ctx, in, row, roles, connectors); err != nil {
			return err
		}
		if err := t.record(ctx, in, userCreated(row, roles)); err != nil {
			return err
		}
		var err error
		made, err = wholeUser(ctx, in, row)
		return err
	})
	return made, err
}

func userCreated(row *userRow, roles []string) change {
	noted := authmethods.Changes{}
	authmethods.Note(noted, "user_name", "", row.UserName)
	authmethods.Note(noted, "email", "", row.Email)
	authmethods.Note(noted, "display_name", "", row.DisplayName)
	authmethods.Note(noted, "external_id", "", row.externalID())
	authmethods.Note(noted, "invited", false, row.Invited)
	if len(roles) > 0 {
		authmethods.Note(noted, "roles", nil, roles)
	}
	return change{action: "user.created", kind: feed.User, object: row.ID, ref: row.UserName, changes: noted}
}

// insertUser stores a user with roles and connectors.
func insertUser(ctx context.Context, in db.Tenant, row *userRow, roles []string, connectors []authmethods.ID) error {
	if err := userTaken(row, db.Insert(ctx, in, row)); err != nil {
		return err
	}
	if err := claim(ctx, in, row.ID, row.UserKey); err != nil {
		return err
	}
	for _, role := range roles {
		if err := giveRole(ctx, in, row.ID, role); err != nil {
			return err
		}
	}
	for _, id := range connectors {
		if _, err := db.Get[connectorRow](ctx, in, id); err != nil {
			return noSuch("/connectors", "connector", string(id), err)
		}
		if err := db.Insert(ctx, in, newUserConnectorRow(row.ID, id)); err != nil {
			return doing("associating a user", err)
		}
	}
	return nil
}

// noSuch turns a missing object that a request names into a fault of the request.
func noSuch(pointer, what, ref string, err error) error {
	if authmethods.KindOf(err) == authmethods.NotFound {
		return authmethods.InvalidField(pointer, "There is no "+what+" "+ref+".")
	}
	return doing("reading a "+what, err)
}

// tidyList sorts a set and drops what is there twice.
func tidyList[T ~string](list []T) []T {
	sorted := slices.Sorted(slices.Values(list))
	return slices.Compact(sorted)
}
