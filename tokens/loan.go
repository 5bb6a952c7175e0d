package tokens

import (
	"context"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
)

// TenantSubject is the subject of a connection that belongs to the whole tenant
// rather than to one of its users.
const TenantSubject = "tenant"

// LoanRequest is what a service asks for.
type LoanRequest struct {
	Tenant      string // slug or id; empty: the service's own
	Method      string // reference or id
	Environment authmethods.Environment
	Subject     string // empty: TenantSubject
	MinTTL      time.Duration
	Scopes      []string
	Purpose     string
}

// Source tells where a lent token came from.
type Source string

// The sources.
const (
	FromMemory Source = "memory"
	FromStore  Source = "store"
	Refreshed  Source = "refreshed"
)

// Loan is an access token in the hands of a service.
type Loan struct {
	AccessToken secret.Text
	TokenType   string
	TokenID     authmethods.ID
	Scopes      []string
	ExpiresAt   time.Time     // by the storage's clock; zero: never
	ExpiresIn   time.Duration // what is left now; zero: never expires
	Headers     []Header      // what a call to the provider's API carries; shared, not to be changed
	APIBaseURL  string
	Tenant      string // slug
	Method      string // reference
	Environment authmethods.Environment
	Connection  authmethods.ID
	State       State // Active or Degraded
	Source      Source
}

// Header is one header of a call to a provider's API. Its value may hold the
// token.
type Header struct {
	Name  string
	Value secret.Text
}

// Target is what a loan request resolved to.
type Target struct {
	authmethods.Loanable
	Connection authmethods.ID // empty: nobody ever approved
	Enabled    bool
	Slot       Slot // nil if Connection is empty
	Provider   *catalog.Provider
	// APIBaseURL and APIHeaders are the provider's, with the connection's
	// organisation and instance filled in.
	APIBaseURL  string
	APIHeaders  []Header
	InstanceURL string // of the connection, where the provider named one
	// OnRecord is the access token that the service is known to hold by the ledger;
	// empty: the ledger was not asked.
	OnRecord authmethods.ID
}

// Issued is what is known of an access token by its public id.
type Issued struct {
	Target
	Subject string
}

// Directory finds grants. Unknown and foreign objects are the same
// [authmethods.Missing].
type Directory interface {
	// Find resolves a request on behalf of a service.
	Find(ctx context.Context, svc *authmethods.Service, r LoanRequest) (Target, error)
	// FindToken resolves an access token's public id on behalf of a service of
	// owner, and notes that it was reported.
	FindToken(ctx context.Context, owner authmethods.TenantID, id authmethods.ID) (Issued, error)
}

// Borrowing is the fact that a service holds a token.
type Borrowing struct {
	Tenant      authmethods.TenantID
	Connection  authmethods.ID
	Token       authmethods.ID
	ExpiresAt   time.Time // of the token; zero: never
	Service     authmethods.ID
	ServiceName string
	Purpose     string
}

// Ledger records who holds which token.
type Ledger interface {
	// First makes a borrowing durable, before the token leaves, and reports whether
	// it was not on record yet.
	First(context.Context, Borrowing) (bool, error)
	// Add counts more loans of borrowings that are on record: all of them or none.
	Add(ctx context.Context, loans []Repeated) error
	// Paced keeps how long loans took, to be written down at leisure.
	Paced(Pace)
}

// Repeated is how often a borrowing that is on record was repeated since it was
// last written down.
type Repeated struct {
	Borrowing
	Loans int64
	// Mark says that the grant is to be noted as lent just now, which is due once a
	// minute.
	Mark bool
}

// Held is a borrowing as the ledger has it: a service holds a token.
type Held struct {
	ID authmethods.ID
	Borrowing
	Method      string // reference
	Environment authmethods.Environment
	Loans       int64
	FirstLentAt time.Time
	LastLentAt  time.Time
}

// LoanQuery selects borrowings; empty fields select all.
type LoanQuery struct {
	Service    authmethods.ID
	Connection authmethods.ID
	// Ended also shows those of tokens that have expired.
	Ended bool
	After authmethods.ID
	Limit int
}
