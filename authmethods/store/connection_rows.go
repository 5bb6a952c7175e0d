package store

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
)

// What hangs on a method belongs to the refresh engine, which writes it. Here are
// only the columns by which it is found, counted and cleared away.

type connectionRow struct {
	db.Owned
	MethodID    authmethods.ID
	Environment string
	Subject     string
	AccountName string
}

func (connectionRow) TableName() string { return "connections" }

type grantRow struct {
	db.Owned
	Epoch      int64
	BrokenCode string
}

func (grantRow) TableName() string { return "grants" }

type tokenRow struct {
	db.Owned
	GrantID authmethods.ID
}

func (tokenRow) TableName() string { return "tokens" }

type captureRow struct {
	db.Owned
	GrantID authmethods.ID
}

func (captureRow) TableName() string { return "captures" }

type consentRow struct {
	db.Owned
	MethodID authmethods.ID
}

func (consentRow) TableName() string { return "consents" }

type loanRow struct {
	db.Owned
	GrantID authmethods.ID
}

func (loanRow) TableName() string { return "loans" }
