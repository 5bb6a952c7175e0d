package store

import (
	"latchkey/authmethods"
	"latchkey/authmethods/db"
	"latchkey/tokens"
)

type connectionRow struct {
	db.Owned
	MethodID         authmethods.ID
	Environment      authmethods.Environment
	Subject          string
	DataCentre       string
	InstanceURL      string
	APIDomain        string
	AccountID        string
	AccountName      string
	AccountEmail     string
	OrganizationID   string
	OrganizationName string
	Organizations    db.JSON[[]tokens.Organization]
	ApprovedBy       string
	ApprovedAt       db.Time
}

func (connectionRow) TableName() string { return "connections" }

type grantRow struct {
	db.Owned
	Lineage          string
	Epoch            int64
	Version          int64
	RefreshToken     []byte
	RefreshExpiresAt db.Time
	AccessToken      []byte
	TokenID          authmethods.ID
	TokenType        string
	Scopes           db.JSON[[]string]
	IssuedAt         db.Time
	ExpiresAt        db.Time
	LeaseOwner       string
	LeaseUntil       db.Time
	AttemptID        string
	AttemptVersion   int64
	AttemptToken     string
	AttemptAt        db.Time
	AttemptRetry     bool
	Failures         int
	FailureCode      authmethods.Code
	ClientVersion    int64 // of the client that the last failure was about
	FailedAt         db.Time
	RetryAt          db.Time
	BrokenCode       authmethods.Code
	BrokenAt         db.Time
	RefreshAt        db.Time
	LastLentAt       db.Time
}

func (grantRow) TableName() string { return "grants" }

type tokenRow struct {
	db.Owned
	GrantID    authmethods.ID
	Version    int64
	IssuedAt   db.Time
	ExpiresAt  db.Time
	RejectedAt db.Time
}

func (tokenRow) TableName() string { return "tokens" }

type captureRow struct {
	db.Owned
	GrantID authmethods.ID
	Lineage string
	Epoch   int64
	Version int64
	SentAt  db.Time
	Answer  []byte
}

func (captureRow) TableName() string { return "captures" }

type loanRow struct {
	db.Owned
	ServiceID      authmethods.ID
	ServiceName    string
	GrantID        authmethods.ID
	TokenID        authmethods.ID
	TokenExpiresAt db.Time
	Purpose        string
	Lent           int64
	FirstLentAt    db.Time
	LastLentAt     db.Time
}

func (loanRow) TableName() string { return "loans" }
