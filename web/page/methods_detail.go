package page

import (
	"time"

	"latchkey/authmethods"
)

// MethodPage shows a method, in one of several views.
type MethodPage struct {
	Crumbs   []Crumb
	Name     string
	Lead     string
	Primary  []Action
	Menu     Menu
	Tabs     []Tab
	View     string // "status", "settings", "scopes", "used" or "activity"
	Notices  []Notice
	Waiting  []MethodWaiting
	In       []MethodIn
	Facts    []MethodFact
	Copied   []Copied
	Scopes   []MethodScope
	Remarks  []string
	Pending  []string // scopes that are not granted yet, by name
	Edit     string   // where settings are changed; empty: not by this person
	Services []MethodDependent
	Doors    []MethodDependent
	Held     []MethodDependent
	Events   []MethodEvent
	Older    string // where older events are; empty: there are none
}

// MethodWaiting is a client secret that follows the present one when the provider refuses
// that.
type MethodWaiting struct {
	Text        string
	Remove      *Form                   // nil: not by this person
	Environment authmethods.Environment // whose own it is; empty: the method's
}

// MethodIn is a method in one environment.
type MethodIn struct {
	Environment authmethods.Environment
	State       State
	Sentence    string
	Card        *Card
	Warnings    []string // in English
	Account     string
	Account2    string // the organisation
	DataCentre  string
	ApprovedAt  time.Time
	ValidUntil  time.Time
	Connection  string // its page; empty: there is none
	Primary     []Action
	Tests       *Form // nil: nothing to test
	More        []Action
}

// MethodFact is a setting as it is shown.
type MethodFact struct {
	Label, Value string
	Code         bool
}

// MethodEvent is something that happened to a method.
type MethodEvent struct {
	At      time.Time
	Who     string
	Text    string // what it was, in the reader's language; empty: Action
	Action  string
	Changes []MethodEdit
}

// MethodEdit is one field before and after.
type MethodEdit struct{ Field, From, To string }

// MethodEnvironments is the question in which environment. None is chosen
// beforehand.
type MethodEnvironments struct {
	Error   string
	Options []MethodEnvironmentOption
}

// MethodEnvironmentOption is one environment to choose.
type MethodEnvironmentOption struct {
	Environment authmethods.Environment
	Differs     string
	State       State
	Chosen      bool
}

// MethodEnablePage is the validation window.
type MethodEnablePage struct {
	Crumbs       []Crumb
	Method       string
	Provider     string
	Again        bool // something was approved before
	Form         Form
	Environments MethodEnvironments
	Corrections  Corrections
	Checks       []MethodCheck
	Stops        bool // a check says that it cannot work
	Approval     bool // somebody approves at the provider
	SelfClient   string
	Help         string
	Card         *Card
	Detail       string // in English
	Back         string
}

// Faulty reports that it did not begin.
func (p MethodEnablePage) Faulty() bool { return len(p.Corrections) > 0 || p.Card != nil }

// MethodCheck is something looked at before anybody leaves for the provider.
type MethodCheck struct {
	Kind Kind // Good, Wait or Bad
	Text string
	Note string // in English, from the catalogue; empty: none
	Fix  *Action
}
