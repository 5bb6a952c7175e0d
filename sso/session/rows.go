package session

import (
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/crypto/seal"
)

type sessionRow struct {
	db.Owned
	Hash        []byte
	UserID      authmethods.ID
	UserVersion int64
	ConnectorID authmethods.ID
	IdentityID  authmethods.ID
	Means       means
	Issuer      string
	ProviderSID string `gorm:"column:provider_sid"`
	ProvedAt    db.Time
	Address     string
	UserAgent   string
	SeenAt      db.Time
	IdleMicros  int64
	ExpiresAt   db.Time
	EndedAt     db.Time
}

func (sessionRow) TableName() string { return "sessions" }

// means are Means as they are stored: with secondFactor behind them if there was
// one.
type means string

const secondFactor = " otp"

func storedMeans(m Means, second bool) means {
	if second {
		return means(m) + secondFactor
	}
	return means(m)
}

func (m means) parts() (first Means, second bool) {
	text, second := strings.CutSuffix(string(m), secondFactor)
	return Means(text), second
}

type ticketRow struct {
	db.Owned
	Hash      []byte
	SessionID authmethods.ID
	SignInID  authmethods.ID
	ReturnTo  string
	UsedAt    db.Time
	ExpiresAt db.Time
}

func (ticketRow) TableName() string { return "tickets" }

type webKeyRow struct {
	db.Owned
	Purpose   purpose
	Secret    []byte
	UsedFrom  db.Time
	UsedUntil db.Time
	KeptUntil db.Time
}

func (webKeyRow) TableName() string { return "web_keys" }

func (r *webKeyRow) place() seal.Place {
	return seal.Place{Purpose: "web key: " + string(r.Purpose), Table: "web_keys", Row: string(r.ID), Column: "secret"}
}

// tenantRow is what decides about a tenant as a whole.
type tenantRow struct {
	db.Shared  `gorm:"-"`
	ID         authmethods.TenantID `gorm:"primaryKey"`
	DisabledAt db.Time
	DeletedAt  db.Time
}

func (tenantRow) TableName() string { return "tenants" }
