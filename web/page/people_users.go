package page

import "time"

// The pages of users.
var (
	Users       = Admin[UsersPage]("people_users", "users")
	User        = Admin[UserPage]("people_user", "users")
	UserLink    = Admin[UserLinkPage]("people_link", "users")
	UsersImport = Admin[UsersImportPage]("people_import", "users")
)

// UsersPage lists people.
type UsersPage struct {
	Actions []Action
	Roles   string // address of the roles
	Export  string
	Filter  PeopleFilter
	Rows    []UserRow
	Pager   *Pager
	Empty   *Empty
}

// UserRow is a person in the list.
type UserRow struct {
	Name, UserName, Email, Href string
	Roles                       []string
	Connectors                  []Linked
	SeenAt                      time.Time // zero: never
	Status                      Mark
	Menu                        Menu
}

// UserPage is the card of a person.
type UserPage struct {
	Crumbs      []Crumb
	Name        string
	UserName    string
	ID          string
	Status      Mark
	SeenAt      time.Time
	Menu        Menu
	Corrections Corrections
	Notices     []Notice
	// Profile, Roles and Add are forms; without Post they are not for who looks.
	Profile     PeopleForm
	Fields      []Input
	Roles       PeopleForm
	RoleChoice  Choice
	RoleNames   []string
	Connectors  []UserConnector
	Add         PeopleForm
	AddField    Field
	Identities  []UserIdentity
	PasswordSet time.Time
	Codes       bool
	NoCodes     string // where codes are taken away; empty: not for who looks
	Passkeys    []UserThing
	Sessions    []UserThing
	EndAll      string
	SignIns     *SignInList // nil: not for who looks
	Activity    []UserEvent
}

// Faulty reports a form that came back with an error.
func (p UserPage) Faulty() bool { return len(p.Corrections) > 0 }

// UserConnector is a connector on a card.
type UserConnector struct {
	Connector Linked
	Off       bool
	// As is the account by which the person must sign in, Claim what the provider calls
	// it; As is empty where the rule does not tell.
	As, Claim string
	Pinned    bool
	Remove    string // where it is taken away; empty: not for who looks
}

// UserIdentity is a pinned account.
type UserIdentity struct {
	Connector, Email, Issuer, Subject string
	ByHand                            bool
	Since, UsedAt                     time.Time
	Unpin                             string
}

// UserThing is a passkey or a session.
type UserThing struct {
	Name, More string
	At         time.Time // zero: never
	Here       bool
	Remove     string
}

// UserEvent is something that happened to a person.
type UserEvent struct {
	Action string // as the audit log names it
	By     string
	At     time.Time
}

// UserLinkPage shows a link once, or says to whom it was sent.
type UserLinkPage struct {
	Crumbs    []Crumb
	Name      string
	Purpose   string // "invitation" or "reset"
	SentTo    string // empty: Copied is shown
	Copied    Copied
	ExpiresAt time.Time
	Back      string
}

// UsersImportPage takes a list of people.
type UsersImportPage struct {
	Crumbs      []Crumb
	Corrections Corrections
	Form        PeopleForm
	List        Field
	Tried       *TriedImport
}

// Faulty reports a list that cannot be taken.
func (p UsersImportPage) Faulty() bool { return len(p.Corrections) > 0 }

// TriedImport is what an import would do.
type TriedImport struct {
	Created, Updated, Unchanged, Refused int
	Rows                                 []TriedRow
	More                                 int // that are not shown
	CSV                                  string
}

// Changes is how many people it would make or change.
func (t TriedImport) Changes() int { return t.Created + t.Updated }

// TriedRow is what would become of one line.
type TriedRow struct {
	Line     int
	UserName string
	Outcome  string
	Kind     Kind
	Why      string // in English
}
