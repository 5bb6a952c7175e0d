package sso

import (
	"time"

	"latchkey/authmethods"
)

// Outcome is how far a sign-in came.
type Outcome string

// The outcomes.
const (
	Pending  Outcome = "pending" // the provider's answer is being looked at, or the server stopped while it was
	SignedIn Outcome = "signed_in"
	Refused  Outcome = "refused" // Code says why
	Tried    Outcome = "tried"   // an administrator's test that would have signed in
)

// SignIn is one attempt to sign in that came back from the provider.
type SignIn struct {
	ID            authmethods.ID
	ReferenceCode string // what people tell an administrator, such as 7F3K-2QPD
	Connector     authmethods.ID
	Outcome       Outcome
	Code          authmethods.Code // empty if it succeeded
	User          authmethods.ID   // whom it came to; empty: nobody
	UserName      string
	Subject       Subject // zero: not proved
	DataCentre    string
	// Claims are what the provider said; nil where they are not asked for, or there
	// are none.
	Claims     Claims
	Trace      []string
	Address    string
	UserAgent  string
	CreatedAt  time.Time
	FinishedAt time.Time // zero: not yet
}

// SignInQuery narrows a list of sign-ins. What is empty does not.
type SignInQuery struct {
	Connector authmethods.ID
	User      authmethods.ID
	Outcome   Outcome
	Code      authmethods.Code
	Since     time.Time
	Before    authmethods.ID // only older ones than this
	Limit     int
}

// Funnel counts the sign-ins of a connector by how far they came.
type Funnel struct {
	Started  int64 // went to the provider
	Returned int64 // came back
	Matched  int64 // were somebody here
	SignedIn int64
}

// Keep is how long sign-ins are kept.
const Keep = 90 * 24 * time.Hour
