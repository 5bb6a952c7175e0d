package consent

import (
	"time"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// Lifetime is how long a person has to approve.
const Lifetime = 10 * time.Minute

// Status tells how far a consent has come.
type Status string

// The statuses.
const (
	Pending              Status = "pending"               // nobody opened it yet
	Started              Status = "started"               // a browser went to the provider
	Exchanging           Status = "exchanging"            // the provider's answer is being looked at
	AwaitingOrganization Status = "awaiting_organization" // several to choose from
	Completed            Status = "completed"
	Failed               Status = "failed"
	Expired              Status = "expired"
)

// Attempt is one consent as people and the API see it. It shows no secret.
type Attempt struct {
	ID          authmethods.ID
	MethodID    authmethods.ID
	Method      string // reference
	MethodName  string
	Provider    string // the integration type's name
	Environment authmethods.Environment
	Subject     string
	Status      Status
	// Code is the diagnosis of a consent that failed or expired, and of one that
	// completed with less than was asked for.
	Code authmethods.Code
	// Detail is what exactly happened, in a sentence.
	Detail string
	// Notes are things to know about a success, such as a switch of data centre.
	Notes         []string
	DataCentre    string
	Organizations []tokens.Organization // to choose from
	Connection    authmethods.ID        // once there is one
	// Account and Organization are those of the connection, once there is one.
	Account      tokens.Account
	Organization tokens.Organization
	Scopes       []string // asked for
	CreatedAt    time.Time
	ExpiresAt    time.Time
	FinishedAt   time.Time
}

// Begun is a consent that waits for a person, or, for modes that need none, the
// connection that was made at once.
type Begun struct {
	Attempt  Attempt
	StartURL string // the start page's address, with its ticket
	Ticket   secret.Text
}

// Callback is what the provider sent the browser back with.
type Callback struct {
	Code  string
	State string
	// Issuer is the iss parameter (RFC 9207).
	Issuer string
	// Error and ErrorDescription are the provider's (RFC 6749 section 4.1.2.1).
	Error, ErrorDescription string
	// Query returns any other parameter, for the names that an integration type
	// declares.
	Query func(name string) string
}
