package page

import "time"

// The pages for who operates the installation.
var (
	System           = Admin[SystemPage]("system_facts", "system")
	SystemTenants    = Admin[SystemTenantsPage]("system_tenants", "system")
	SystemNewTenant  = Admin[SystemFormPage]("system_form", "system")
	SystemTenant     = Admin[SystemTenantPage]("system_tenant", "system")
	SystemAsk        = Admin[SystemAskPage]("system_ask", "system")
	SystemInvitation = Admin[SystemInvitationPage]("system_invitation", "system")
)

// SystemPage shows one side of the installation: facts, lists and commands.
type SystemPage struct {
	Title, Lead string
	Tabs        []Tab
	Notices     []Notice
	Parts       []SystemPart
}

// SystemPart is a section of such a page.
type SystemPart struct {
	ID       string // unique in the page
	Title    string
	Text     string // empty: none
	Facts    []SystemFact
	Table    *SystemTable
	Empty    string // in place of a table without rows
	Commands []Snippet
	Actions  []Action
}

// SystemFact is one fact.
type SystemFact struct {
	Label string
	SystemCell
}

// SystemTable is a list. The first column names what the row is about.
type SystemTable struct {
	Caption string
	Columns []string
	Rows    []SystemRow
}

// SystemRow is one row, a cell for each column.
type SystemRow struct{ Cells []SystemCell }

// SystemCell is a value: a mark, a time or a text.
type SystemCell struct {
	Text string
	Note string // below
	Own  bool   // the note is in the program's own words, which are English
	Code bool   // the text is for programs
	Mark *Mark
	At   time.Time // zero: none
}

// Label is the column of the i-th cell.
func (t SystemTable) Label(i int) string { return t.Columns[i] }

// SystemTenantsPage lists the tenants.
type SystemTenantsPage struct {
	Tabs []Tab
	Rows []SystemTenantRow
}

// SystemTenantRow is one of them.
type SystemTenantRow struct {
	Name, Slug, Href string
	Origin           string
	Mark             Mark
	Here             bool // whoever looks is signed in there
	CreatedAt        time.Time
}

// SystemFormPage asks for a new tenant.
type SystemFormPage struct {
	Crumbs      []Crumb
	Corrections Corrections
	FormToken   string
	Fields      []Field
	Folded      []Field // that few need
	Unfolded    bool    // one of those needs a correction
}

// Faulty reports a form that came back with an error.
func (p SystemFormPage) Faulty() bool { return len(p.Corrections) > 0 }

// SystemTenantPage is one tenant.
type SystemTenantPage struct {
	Crumbs      []Crumb
	Name, Href  string
	Mark        Mark
	Origin      string // where its pages are; empty while they are closed
	Menu        Menu
	Notice      *Notice
	Facts       []SystemFact
	Copied      []Copied
	Holds       []SystemFact
	Corrections Corrections
	Invite      *SystemInvite
}

// Faulty reports a form that came back with an error.
func (p SystemTenantPage) Faulty() bool { return len(p.Corrections) > 0 }

// SystemInvite invites an administrator.
type SystemInvite struct {
	FormToken string
	Fields    []Field
}

// SystemAskPage asks whether something is to be done to a tenant.
type SystemAskPage struct {
	Crumbs      []Crumb
	Key         string // the texts are system.ask.KEY.title, .lead and .do
	Name        string
	Back        string
	Post        string
	FormToken   string
	Corrections Corrections
	Holds       []SystemFact
	Fields      []Field
	Choices     []Choice
}

// Faulty reports that it could not be done.
func (p SystemAskPage) Faulty() bool { return len(p.Corrections) > 0 }

// SystemInvitationPage shows a link once.
type SystemInvitationPage struct {
	Crumbs    []Crumb
	Tenant    string
	UserName  string
	Copied    Copied
	ExpiresAt time.Time
	Back      string
}
