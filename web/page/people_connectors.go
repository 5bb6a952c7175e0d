package page

import "time"

// The pages of SSO connectors.
var (
	Connectors      = Admin[ConnectorsPage]("people_connectors", "sso")
	Connector       = Admin[ConnectorPage]("people_connector", "sso")
	ConnectorTester = Admin[ConnectorTesterPage]("people_tester", "sso")
	ConnectorPeople = Admin[ConnectorPeoplePage]("people_associated", "sso")
	ConnectorCheck  = Admin[ConnectorCheckPage]("people_check", "sso")
	ConnectorLog    = Admin[ConnectorLogPage]("people_log", "sso")
)

// ConnectorsPage lists the SSO connectors.
type ConnectorsPage struct {
	Rows  []ConnectorRow
	New   *Action // nil: not for who looks
	Empty Empty
}

// ConnectorRow is a connector in the list.
type ConnectorRow struct {
	Name, Reference, Href string
	Type                  string // "oidc" or "oauth2"
	Method                Linked
	Environment           string
	People                string // how many; empty: not for who looks
	Tries                 int64  // that came back within seven days
	Share                 float64
	Status                Mark
	Menu                  Menu
}

// Linked is a name that leads to what it names; without Href it leads nowhere.
type Linked struct{ Name, Href string }

// ConnectorHead is what stands above each view of a connector.
type ConnectorHead struct {
	Crumbs []Crumb
	Name   string
	Type   string
	Status Mark
	Menu   Menu
	Tabs   []Tab
}

// ConnectorPage shows the settings of a connector.
type ConnectorPage struct {
	Head         ConnectorHead
	Copied       []Copied
	Notices      []Notice
	Method       Linked
	Environment  string
	Admission    string
	CreatesUsers bool
	DefaultRole  string
	Domains      []string
	Rule         []string // in words
	Edit         *Action
	Changed      time.Time
}

// ConnectorTesterPage tries a mapping rule for somebody.
type ConnectorTesterPage struct {
	Head        ConnectorHead
	Corrections Corrections
	Form        PeopleForm
	Parts       []FormPart
	Check       string // where the same rule is tried for everybody; empty: nowhere
	Result      *TestedMapping
}

// Faulty reports a form that came back with an error.
func (p ConnectorTesterPage) Faulty() bool { return len(p.Corrections) > 0 }

// TestedMapping is what would become of somebody.
type TestedMapping struct {
	Kind    Kind
	Title   string
	User    *Linked
	Card    *Card
	Chain   []string // in English
	Claims  []Claim  // masked
	Nearest []Nearest
}

// Claim is something that a provider said, as it may be shown.
type Claim struct{ Name, Value string }

// Nearest is somebody whose name is like the one that was looked for, or who was found.
type Nearest struct {
	User      Linked
	Associate *PeopleForm // nil: they are, or it is not for who looks
}

// ConnectorPeoplePage lists whose card names a connector.
type ConnectorPeoplePage struct {
	Head        ConnectorHead
	Anyone      bool // it admits others as well
	Corrections Corrections
	Form        *PeopleForm // for those to associate; nil: not for who looks
	Names       Field
	Remove      PeopleForm
	Rows        []AssociatedRow
	Pager       *Pager
	Check       string
}

// Faulty reports a form that came back with an error.
func (p ConnectorPeoplePage) Faulty() bool { return len(p.Corrections) > 0 }

// AssociatedRow is somebody whose card names a connector.
type AssociatedRow struct {
	User   Linked
	Name   string
	Email  string
	Pinned bool
	Status Mark
	ID     string
}

// ConnectorCheckPage says who could sign in.
type ConnectorCheckPage struct {
	Head        ConnectorHead
	Corrections Corrections
	Form        PeopleForm
	Parts       []FormPart
	Done        bool
	Unsaved     bool // by a rule that is not saved
	Cut         bool
	Total       int
	Counts      []CheckCount
	Lose        []CheckTurn
	Gain        []CheckTurn
	Switch      []CheckTurn
	Rows        []CheckRow
	Ready       string // how many more there are who are ready
}

// Faulty reports a form that came back with an error.
func (p ConnectorCheckPage) Faulty() bool { return len(p.Corrections) > 0 }

// CheckCount is how many people there is one result for. Key is its word, as the API
// names it.
type CheckCount struct {
	Key   string
	Kind  Kind
	N     int
	From  int // where its part of the bar begins, of 1000
	Width int // of 1000
}

// CheckTurn is somebody to whom another rule matters.
type CheckTurn struct{ Label, Before, After, Was, Is string }

// CheckRow is what would become of one person.
type CheckRow struct {
	Label string
	Key   string
	Kind  Kind
	User  *Linked
	Why   string // in English
}

// ConnectorLogPage shows how sign-ins by a connector went.
type ConnectorLogPage struct {
	Head   ConnectorHead
	Days   int
	Funnel []FunnelStep
	List   SignInList
	Filter PeopleFilter
}

// FunnelStep is how far sign-ins came. Lost leads to those that came no further.
type FunnelStep struct {
	Key   string
	N     int64
	Share int // of 1000
	Lost  int64
	Href  string
}

// PeopleFilter narrows a list; its form is sent by GET.
type PeopleFilter struct {
	Action string
	Fields []Field
	Clear  string // empty: nothing is narrowed
}

// SignInList is a list of sign-ins. Show it with template "people-sign-ins".
type SignInList struct {
	Rows  []SignInRow
	Pager *Pager
}

// SignInRow is an attempt to sign in.
type SignInRow struct {
	Reference string
	Href      string
	At        time.Time
	Who       string
	Status    Mark
	Why       string
	Address   string
}
