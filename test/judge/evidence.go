package judge

import (
	"fmt"
	"time"

	"latchkey/zohosim"
)

// Violation is a promise that was not kept.
type Violation struct {
	Rule string // I1 to I15, as the invariants are numbered
	What string // what happened, with the names to look for in the logs
}

func (v Violation) String() string { return v.Rule + ": " + v.What }

func violation(rule, format string, args ...any) Violation {
	return Violation{Rule: rule, What: fmt.Sprintf(format, args...)}
}

// Evidence is what is known after an experiment. All times are of one machine's
// clock.
type Evidence struct {
	Events []zohosim.Event    // what the provider saw, oldest first
	Tokens []zohosim.Validity // what the provider knows of every token, at the end
	// EventsDropped is how many events the provider forgot; a verdict without them
	// would be blind.
	EventsDropped uint64

	Loans       []Loan       // what the borrowers asked and were answered
	Connections []Connection // what there is to borrow
	Crashes     []Crash      // when processes were killed

	Ledger []Entry // the loan ledger, at the end
	Grants []Grant // the grants, at the end
}

// Loan is one line of a borrower's log. A token appears as its fingerprint.
type Loan struct {
	Borrower   string    `json:"borrower"`
	Process    string    `json:"process"`
	Asked      time.Time `json:"asked"`
	Answered   time.Time `json:"answered"`
	Tenant     string    `json:"tenant"`               // the slug asked for
	Connection string    `json:"connection"`           // the id of what was asked for
	Service    string    `json:"service"`              // the id of the service that asked
	Status     int       `json:"status"`               // 0: no answer
	Code       string    `json:"code,omitempty"`       // of a problem
	Reason     string    `json:"reason,omitempty"`     // of a problem
	RetryAfter string    `json:"retry_after,omitzero"` // the header
	Error      string    `json:"error,omitempty"`      // why there was no answer

	Fingerprint        string    `json:"fingerprint,omitempty"` // of the access token
	TokenID            string    `json:"token_id,omitempty"`
	ExpiresAt          time.Time `json:"expires_at,omitzero"` // by the second
	State              string    `json:"state,omitempty"`
	Source             string    `json:"source,omitempty"`
	AnsweredTenant     string    `json:"answered_tenant,omitempty"`     // the slug in the answer
	AnsweredConnection string    `json:"answered_connection,omitempty"` // the id in the answer
}

// OK reports whether a token was lent.
func (l *Loan) OK() bool { return l.Status == 200 && l.Fingerprint != "" }

func (l *Loan) String() string {
	return fmt.Sprintf("loan of %s (%s) to %s from %s at %s, token %s (%s)",
		l.Connection, l.Tenant, l.Borrower, l.Process, clock(l.Asked), l.TokenID, l.Fingerprint)
}

// Connection is a connection of a tenant and the grant at the provider that it
// stands for.
type Connection struct {
	ID     string // conn_…
	Tenant string // slug
	Client string // the tenant's client id at the provider
	Grant  string // the provider's name for the grant
}

// Crash is the sudden end of a process.
type Crash struct {
	At      time.Time // when it was known to be dead
	Process string
	// Captured names the connections of which an answer lay captured but not
	// applied when it happened: their refresh tokens must not be sent again.
	Captured []string
}

// Entry is a row of the loan ledger.
type Entry struct {
	Tenant      string // slug
	Connection  string
	TokenID     string
	Service     string // id
	FirstLentAt time.Time
}

// Grant is a grant's row.
type Grant struct {
	Connection string
	Broken     string // why it was given up; empty: it was not
	BrokenAt   time.Time
}

// clock writes a moment as logs are compared by.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

// oracle finds what the provider knows of a token.
type oracle map[string]zohosim.Validity

func (e *Evidence) oracle() oracle {
	o := make(oracle, len(e.Tokens))
	for _, v := range e.Tokens {
		o[v.Fingerprint] = v
	}
	return o
}

// All judges everything that evidence alone can decide: I1 to I7. I12 is not among
// these, since it needs a last round of loans; see [Lendable].
func All(e *Evidence) []Violation {
	var all []Violation
	for _, judge := range []func(*Evidence) []Violation{
		Complete, NoDeadTokenLent, NoLentTokenKilled, RefreshTokensSpentOnce, OneRequestAtATime, LoansOnRecord, GivenUpForAReason, TenantsApart,
	} {
		all = append(all, judge(e)...)
	}
	return all
}

// Complete reports evidence that is too thin to judge by, so that an experiment in
// which nothing happened does not pass.
func Complete(e *Evidence) []Violation {
	var found []Violation
	if e.EventsDropped > 0 {
		found = append(found, violation("evidence", "the provider forgot %d events", e.EventsDropped))
	}
	if len(e.Connections) == 0 {
		found = append(found, violation("evidence", "there are no connections"))
	}
	for i := range e.Loans {
		if e.Loans[i].OK() {
			return found
		}
	}
	return append(found, violation("evidence", "none of %d loans got a token", len(e.Loans)))
}
