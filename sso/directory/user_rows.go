package directory

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
	"latchkey/crypto/token"
	"latchkey/sso"
)

type userRow struct {
	db.Owned
	UserName    string
	UserKey     string
	Email       string
	EmailKey    string
	DisplayName string
	ExternalID  *string
	Language    string
	Theme       string
	Invited     bool
	DisabledAt  db.Time
	LastSeenAt  db.Time
	Version     int64
	Rev         int64
}

func (userRow) TableName() string { return "users" }

func (r *userRow) externalID() string {
	if r.ExternalID == nil {
		return ""
	}
	return *r.ExternalID
}

// setExternalID keeps nothing as NULL: two people without one are not the same.
func (r *userRow) setExternalID(id string) {
	r.ExternalID = nil
	if id != "" {
		r.ExternalID = &id
	}
}

func (r *userRow) user() sso.User {
	return sso.User{
		ID: r.ID, UserName: r.UserName, Email: r.Email, DisplayName: r.DisplayName, ExternalID: r.externalID(),
		Language: r.Language, Theme: r.Theme, Invited: r.Invited, Disabled: r.DisabledAt != 0, Version: r.Version,
		LastSeenAt: r.LastSeenAt.Time(), Rev: r.Rev, CreatedAt: r.CreatedAt.Time(), UpdatedAt: r.UpdatedAt.Time(),
	}
}

type userRoleRow struct {
	db.Owned
	UserID authmethods.ID
	Role   string
}

func (userRoleRow) TableName() string { return "user_roles" }

func newUserRoleRow(user authmethods.ID, role string) *userRoleRow {
	row := &userRoleRow{UserID: user, Role: role}
	row.ID = authmethods.ID(token.NewID("uro"))
	return row
}

type userConnectorRow struct {
	db.Owned
	UserID      authmethods.ID
	ConnectorID authmethods.ID
}

func (userConnectorRow) TableName() string { return "user_connectors" }

func newUserConnectorRow(user, connector authmethods.ID) *userConnectorRow {
	row := &userConnectorRow{UserID: user, ConnectorID: connector}
	row.ID = authmethods.ID(token.NewID("uco"))
	return row
}

// identityRow is a pinned account with all that the provider last said of it.
type identityRow struct {
	db.Owned
	UserID      authmethods.ID
	ConnectorID authmethods.ID
	Issuer      string
	Subject     string
	Email       string
	Claims      []byte
	ByHand      bool
	LastUsedAt  db.Time
}

func (identityRow) TableName() string { return "identities" }

// claimsOf is where the claims of an identity are sealed.
func claimsOf(identity authmethods.ID) seal.Place {
	return seal.Place{Purpose: "claims", Table: "identities", Row: string(identity), Column: "claims"}
}

// pinRow is an identity without the claims, which lists have no use for.
type pinRow struct {
	db.Owned
	UserID      authmethods.ID
	ConnectorID authmethods.ID
	Issuer      string
	Subject     string
	Email       string
	ByHand      bool
	LastUsedAt  db.Time
}

func (pinRow) TableName() string { return "identities" }

func (r *pinRow) identity() sso.Identity {
	return sso.Identity{
		ID: r.ID, User: r.UserID, Connector: r.ConnectorID, Subject: sso.Subject{Issuer: r.Issuer, ID: r.Subject},
		Email: r.Email, ByHand: r.ByHand, LastUsedAt: r.LastUsedAt.Time(), CreatedAt: r.CreatedAt.Time(),
	}
}

// takenRow is a name or reference that was given once and is never given to
// another object.
type takenRow struct {
	db.Owned
	Kind      string
	Reference string
}

func (takenRow) TableName() string { return "taken_references" }
