package page

import "latchkey/authmethods"

// The pages that belong to no section of their own.
var (
	Overview = Admin[OverviewPage]("overview", "overview")
	Search   = Admin[SearchPage]("overview_search", "overview")
)

// OverviewPage is what somebody sees first: what needs them, and that the rest runs.
type OverviewPage struct {
	Person   string
	Known    bool // the connections may be told
	Sentence string
	Calm     bool // nothing needs anybody
	Needs    []Need
	Passing  []Need // what mends itself
	Working  string // what runs well, in one line; empty: nothing does
	Tokens   int    // that were lent in the last day
	Loans    int64
	Shares   []LoanShare // who borrowed in the last day
	Funnels  []OverviewFunnel
	Links    []Action // what else this reader may open
	Empty    *Empty   // in place of everything: nothing is set up yet
}

// OverviewFunnel is how far sign-ins by a connector came.
type OverviewFunnel struct {
	Name, Href string
	Days       int
	Funnel     []FunnelStep
}

// Need is a connection that somebody has to look at, or should know about.
type Need struct {
	Name, Href  string
	Environment authmethods.Environment
	Chip        Chip
	Text        string
	Action      *Action
}

// SearchPage is what was found.
type SearchPage struct {
	Query  string
	Groups []Found
	Empty  *Empty
}

// Found are the objects of one kind. Kind is a section's key.
type Found struct {
	Kind string
	Hits []Hit
	More bool // not all are shown
}

// Hit is one object.
type Hit struct{ Name, Href, Note string }
