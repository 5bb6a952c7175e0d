package page

import "latchkey/authmethods"

// The pages of authentication methods.
var (
	Methods          = Admin[MethodsPage]("methods_list", "methods")
	MethodTypes      = Admin[MethodTypesPage]("methods_types", "methods")
	MethodForm       = Admin[MethodFormPage]("methods_form", "methods")
	Method           = Admin[MethodPage]("methods_detail", "methods")
	MethodEnable     = Admin[MethodEnablePage]("methods_enable", "methods")
	MethodLink       = Admin[MethodLinkPage]("methods_link", "methods")
	MethodCode       = Admin[MethodCodePage]("methods_code", "methods")
	MethodHelp       = Admin[MethodHelpPage]("methods_help", "methods")
	MethodTest       = Admin[MethodTestPage]("methods_test", "methods")
	MethodDisable    = Admin[MethodDisablePage]("methods_disable", "methods")
	MethodDelete     = Admin[MethodDeletePage]("methods_delete", "methods")
	MethodDuplicated = Admin[MethodDuplicatePage]("methods_duplicate", "methods")
)

// MethodsPage lists the methods, those that need attention first.
type MethodsPage struct {
	Rows        []MethodRow
	Filtered    bool // some may be hidden by what was asked for
	Environment authmethods.Environment
	Filters     []Field
	Empty       *Empty // in place of everything; nil: there are methods
	Actions     []Action
	Reaches     []Tab  // of the strips
	Reach       string // that is shown: "24 hours"
	UsersKnown  bool   // the column of those who use a method can be told
}

// MethodRow is one method in the list.
type MethodRow struct {
	Name, Href, Reference string
	Type, Mode            string
	States                []MethodState
	ClientID, WholeID     string
	UsedBy                int
	Menu                  Menu
}

// MethodState is a method in one environment.
type MethodState struct {
	Environment authmethods.Environment
	Chip        Chip
	Strip       *Strip // nil: it has no connection
}

// MethodTypesPage asks what is to be connected.
type MethodTypesPage struct {
	Crumbs []Crumb
	Types  []MethodType
}

// MethodType is one kind of thing to connect.
type MethodType struct{ Name, Href, Environments string }

// MethodLinkPage shows the link by which somebody else can approve, once.
type MethodLinkPage struct {
	Crumbs      []Crumb
	Method      string
	Provider    string
	Environment authmethods.Environment
	Link        Copied
	Back        string
}

// MethodCodePage takes a grant code from the provider's console.
type MethodCodePage struct {
	Crumbs       []Crumb
	Form         Form
	Method       string
	Provider     string
	Console      string // empty: not known
	Scopes       *Copied
	Environments MethodEnvironments
	Code         Field
	Corrections  Corrections
	Card         *Card // why a code did not work
	Detail       string
	Back         string
}

// Faulty reports a code that was not taken.
func (p MethodCodePage) Faulty() bool { return len(p.Corrections) > 0 || p.Card != nil }

// MethodHelpPage explains what the provider's own error pages mean.
type MethodHelpPage struct {
	Crumbs    []Crumb
	Method    string
	Provider  string
	Redirects []Copied
	ClientID  Copied
	Scopes    []string
	Console   string
	Edit      string // empty: not for this person
	Enable    string
}

// MethodTestPage makes the harmless test call and shows what became of it.
type MethodTestPage struct {
	Crumbs       []Crumb
	Form         Form
	Method       string
	Environments []authmethods.Environment // where there is something to test
	Back         string
	Result       *MethodTestResult // nil: none was made yet
}

// Faulty reports a test that failed.
func (p MethodTestPage) Faulty() bool { return p.Result != nil && !p.Result.OK }

// MethodTestResult is what became of a test call.
type MethodTestResult struct {
	Environment authmethods.Environment
	OK          bool
	Steps       []Step
	Detail      string // in English
	Card        *Card
}

// MethodDisablePage says what disabling would stop.
type MethodDisablePage struct {
	Crumbs      []Crumb
	Form        Form
	Method      string
	Provider    string
	Environment authmethods.Environment
	Services    []string // that may borrow
	Connectors  []string // by which people sign in
	Holders     []MethodHolder
	Connection  string // its id; empty: nothing to revoke
	Back        string
}

// MethodHolder is a service that holds a token which still lives.
type MethodHolder struct {
	Name  string
	Loans int64
}

// MethodDeletePage asks once more, or says why a method stays.
type MethodDeletePage struct {
	Crumbs     []Crumb
	Form       Form
	Method     string
	Permits    []string
	Connectors []MethodDependent
	Live       []MethodDependent
	Fault      string
	Back       string
}

// Faulty reports that it could not be deleted.
func (p MethodDeletePage) Faulty() bool { return p.Fault != "" }

// Stays reports that something must go first.
func (p MethodDeletePage) Stays() bool { return len(p.Connectors)+len(p.Live) > 0 }

// MethodDependent is something that rests on a method.
type MethodDependent struct{ Name, Note, Href string }

// MethodDuplicatePage names the copy of a method.
type MethodDuplicatePage struct {
	Crumbs      []Crumb
	Form        Form
	Method      string
	Fields      []Field
	Corrections Corrections
	Back        string
}

// Faulty reports a name that was refused.
func (p MethodDuplicatePage) Faulty() bool { return len(p.Corrections) > 0 }
