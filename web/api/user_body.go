package api

import (
	"fmt"

	"latchkey/authmethods"
	"latchkey/sso/directory"
	"latchkey/web/route"
	"latchkey/web/strict"
)

// readNewUser reads the body of a new person; connectors are ids or references.
func readNewUser(body *strict.Object) (n directory.NewUser, connectors []string) {
	body.Require("user_name")
	return directory.NewUser{
		UserName:    body.Line("user_name", maxUserName),
		Email:       body.Line("email", maxEmail),
		DisplayName: body.Line("display_name", maxName),
		ExternalID:  body.Line("external_id", maxExternalID),
		Language:    strict.Choice(body, "language", "", "en", "fr"),
		Theme:       strict.Choice(body, "theme", "", "light", "dark"),
		Invited:     body.Bool("invited"),
		Roles:       body.Texts("roles", maxRoles, maxRef),
	}, body.Texts("connectors", maxConnectors, maxRef)
}

// readUserPatch reads a merge patch of a person.
func readUserPatch(body *strict.Object) directory.UserChange {
	return directory.UserChange{
		UserName:    body.PatchText("user_name", maxUserName),
		Email:       body.PatchText("email", maxEmail),
		DisplayName: body.PatchText("display_name", maxName),
		ExternalID:  body.PatchText("external_id", maxExternalID),
		Language:    body.PatchText("language", maxRef),
		Theme:       body.PatchText("theme", maxRef),
		Disabled:    body.PatchBool("disabled"),
	}
}

// connectorIDs finds the connectors that a body names by id or reference.
func connectorIDs(c *route.Call, t *directory.Tenant, refs []string) ([]authmethods.ID, error) {
	ids := make([]authmethods.ID, len(refs))
	for i, ref := range refs {
		var err error
		if ids[i], err = connectorID(c, t, ref); err != nil {
			return nil, missingField(err, fmt.Sprintf("/connectors/%d", i), "There is no such connector.")
		}
	}
	return ids, nil
}
