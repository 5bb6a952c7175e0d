package directory

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// What hangs on users and connectors belongs to the packages that write it. Here are
// only the columns by which it is found and cleared away.

type sessionRow struct {
	db.Owned
	UserID      authmethods.ID
	ConnectorID authmethods.ID
	IdentityID  authmethods.ID
	EndedAt     db.Time
}

func (sessionRow) TableName() string { return "sessions" }

// The id of passwords and one-time password secrets is their user's.

type passwordRow struct{ db.Owned }

func (passwordRow) TableName() string { return "passwords" }

type totpRow struct{ db.Owned }

func (totpRow) TableName() string { return "totps" }

type passkeyRow struct {
	db.Owned
	UserID authmethods.ID
}

func (passkeyRow) TableName() string { return "passkeys" }

type invitationRow struct {
	db.Owned
	UserID authmethods.ID
}

func (invitationRow) TableName() string { return "invitations" }

type signInRow struct {
	db.Owned
	ConnectorID authmethods.ID
}

func (signInRow) TableName() string { return "sign_ins" }

type signInStartsRow struct {
	db.Owned
	ConnectorID authmethods.ID
}

func (signInStartsRow) TableName() string { return "sign_in_starts" }
