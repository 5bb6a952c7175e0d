package tokens

import (
	"time"

	"latchkey/authmethods"
)

// Connection is a grant as people and the API see it: held for one method, one
// environment and one subject. It shows no secret.
type Connection struct {
	ID          authmethods.ID
	MethodID    authmethods.ID
	Method      string // reference
	Environment authmethods.Environment
	Subject     string
	State       State
	// Reason says why the state is not active, where it is not.
	Reason        authmethods.Code
	DataCentre    string
	Account       Account
	Organization  Organization
	Organizations []Organization // all that the provider named
	Scopes        []string
	APIBaseURL    string

	TokenID          authmethods.ID
	TokenIssuedAt    time.Time
	TokenExpiresAt   time.Time // zero: never, or no token
	RefreshExpiresAt time.Time // zero: never, or unknown
	// Warnings are what will go wrong unless somebody does something, in sentences.
	Warnings []string
	Failures int
	RetryAt  time.Time
	// LackingSince is since when services have no token, or will have none, because
	// refreshes failed; zero: nothing failed.
	LackingSince time.Time
	ApprovedBy   string
	ApprovedAt   time.Time
	CreatedAt    time.Time
}

// Account is the provider's account that approved.
type Account struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// Organization is one of the provider's organisations, portals or instances.
type Organization struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Default bool   `json:"default,omitempty"`
	// Environment is where it belongs, if the provider tells.
	Environment authmethods.Environment `json:"environment,omitempty"`
}
