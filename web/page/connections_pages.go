package page

import (
	"html/template"
	"time"

	"latchkey/authmethods"
)

// The pages of connections.
var (
	Connections       = Admin[ConnectionsPage]("connections_list", "connections")
	Connection        = Admin[ConnectionPage]("connections_detail", "connections")
	ConnectionRefresh = Admin[ConnectionRefreshPage]("connections_refresh", "connections")
	ConnectionRevoke  = Admin[ConnectionRevokePage]("connections_revoke", "connections")
	Loans             = Admin[LoansPage]("connections_loans", "services")
)

// ConnectionsPage lists the connections, those that need somebody first.
type ConnectionsPage struct {
	Rows    []ConnectionRow
	Sift    Sift
	Reaches []Tab  // of the strips
	Reach   string // that is shown: "24 hours"
	Empty   *Empty // in place of the list
	Pager   Pager
}

// Sift narrows a list: a form whose answers stand in the address.
type Sift struct {
	Fields      []Field
	Environment authmethods.Environment // that is looked at, and stays
	Clear       string                  // leads to the whole list; empty: it is whole
}

// ConnectionRow is a line of the list.
type ConnectionRow struct {
	Name, Href  string
	Below       string // whose account it is
	Environment authmethods.Environment
	Chip        Chip
	ExpiresAt   time.Time // of the token; zero: never, or there is none
	RefreshedAt time.Time // zero: there is no token
	Strip       Strip
	Borrowers   int
	Loans       int64
}

// ConnectionPage is all about one connection.
type ConnectionPage struct {
	Crumbs      []Crumb
	ID          string
	Name        string
	Environment authmethods.Environment
	State       State
	Headline    string
	Card        *Card    // why it does not work as it should
	Warnings    []string // in English
	Actions     []Action
	Menu        *Menu
	Test        *Form
	Spans       []Tab
	Picture     Picture
	History     History
	Shares      []LoanShare
	Budget      *Meter
	BudgetText  string
	Refreshes   int
	Loans       int64
	Borrowers   []Borrower
	Ledger      bool   // who borrows may be told
	AllLoans    string // leads to the whole ledger
	Facts       ConnectionFacts
	Activity    []AuditEntry
	Audit       string // leads to the audit log; empty: not for this reader
}

// ConnectionFacts are what was approved.
type ConnectionFacts struct {
	MethodHref   string
	Provider     string
	Account      string
	Organization string
	DataCentre   string
	APIBaseURL   string
	ApprovedBy   string
	ApprovedAt   time.Time
	RefreshUntil time.Time // zero: never, or unknown
	Scopes       []string
}

// Picture is the timeline of a connection, drawn for wide and narrow windows, and as
// a table.
type Picture struct {
	Summary      string
	Wide, Narrow template.HTML
	Events       []TimelineEvent
	More         bool // there were more events than the table has
}

// TimelineEvent is a line of the table beside the picture. What is one of issued,
// approved, rejected, failed, broken, planned and lost.
type TimelineEvent struct {
	At   time.Time
	What string
}

// Borrower is a service that holds a live token.
type Borrower struct {
	Name, Href  string
	Purpose     string
	Connection  string // its name; empty where that goes without saying
	ConnHref    string
	Environment authmethods.Environment
	Loans       int64
	FirstAt     time.Time
	LastAt      time.Time
	ExpiresAt   time.Time // of the token; zero: never
	Over        bool      // the token has expired
}

// ConnectionRefreshPage asks whether to spend one of the provider's refreshes.
type ConnectionRefreshPage struct {
	Crumbs      []Crumb
	Name        string
	Environment authmethods.Environment
	Provider    string
	Budget      *Meter // nil: there is no limit
	BudgetText  string
	Spent       bool // no refresh is left
	ExpiresAt   time.Time
	Form        Form
	Token       string // id of the one that is replaced
	Back        string
}

// ConnectionRevokePage tells what a revocation breaks.
type ConnectionRevokePage struct {
	Crumbs      []Crumb
	Name        string
	Environment authmethods.Environment
	Provider    string
	Borrowers   int
	Loans       int64
	Connectors  []string // by which people sign in
	Form        Form
	Back        string
}

// LoansPage is the ledger: who holds which token.
type LoansPage struct {
	Rows  []Borrower
	Sift  Sift
	Empty *Empty
	Pager Pager
}
