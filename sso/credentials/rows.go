package credentials

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

// passwordRow is a user's password; its id is the user's.
type passwordRow struct {
	db.Owned
	Hash  []byte // a PHC string, sealed
	SetAt db.Time
}

func (passwordRow) TableName() string { return "passwords" }

func passwordPlace(user authmethods.ID) seal.Place {
	return seal.Place{Purpose: "password hash", Table: "passwords", Row: string(user), Column: "hash"}
}

// totpRow is what makes a user's one-time codes; its id is the user's.
type totpRow struct {
	db.Owned
	Secret      []byte // in base 32, sealed
	LastStep    int64
	ConfirmedAt db.Time
}

func (totpRow) TableName() string { return "totps" }

func totpPlace(user authmethods.ID) seal.Place {
	return seal.Place{Purpose: "one-time code secret", Table: "totps", Row: string(user), Column: "secret"}
}

// passkeyRow is a WebAuthn credential.
type passkeyRow struct {
	db.Owned
	UserID       authmethods.ID
	CredentialID string // in base64url
	Name         string
	Credential   []byte // in JSON, sealed
	LastUsedAt   db.Time
}

func (passkeyRow) TableName() string { return "passkeys" }

// invitationRow is a link by which a password is set.
type invitationRow struct {
	db.Owned
	UserID    authmethods.ID
	Purpose   Purpose
	Hash      []byte
	ExpiresAt db.Time
	UsedAt    db.Time
}

func (invitationRow) TableName() string { return "invitations" }

// throttleRow is a budget of attempts. drawn_until is the theoretical arrival time
// of the generic cell rate algorithm.
type throttleRow struct {
	db.Owned
	DrawnUntil db.Time
}

func (throttleRow) TableName() string { return "throttles" }

// userRow is as much of a user as credentials concern.
type userRow struct {
	db.Owned
	UserName    string
	Email       string
	DisplayName string
	Invited     bool
	DisabledAt  db.Time
	Version     int64
	Rev         int64
}

func (userRow) TableName() string { return "users" }
