package page

// What the pages about people are put together of, beside the components.

// Mark is a word with a sign and a colour. Show it with template "people-mark".
type Mark struct {
	Kind Kind
	Icon string
	Text string // in the reader's language
}

// Input is one question of a form: a field or a choice.
type Input struct {
	Field  *Field
	Choice *Choice
}

// FormPart is a group of questions. Show a list of them with template "people-parts".
type FormPart struct {
	Title  string // empty: none
	Text   string
	Inputs []Input
	// Folded parts are shown when they are asked for.
	Folded bool
}

// Hidden is a value that a form sends along.
type Hidden struct{ Name, Value string }

// PeopleForm is where a form goes and what proves that it was ours. Show what it
// sends along with template "people-hidden".
type PeopleForm struct {
	Post   string
	Token  string
	Hidden []Hidden
}

// PeopleFormPage asks for everything about one object.
type PeopleFormPage struct {
	Crumbs      []Crumb
	Title       string
	Lead        string
	Corrections Corrections
	Notices     []Notice
	Form        PeopleForm
	Parts       []FormPart
	Submit      string
	Cancel      string // address
	Copied      []Copied
}

// Faulty reports a form that came back with an error.
func (p PeopleFormPage) Faulty() bool { return len(p.Corrections) > 0 }

// PeopleAskPage asks whether something is to be done.
type PeopleAskPage struct {
	Crumbs      []Crumb
	Key         string // the texts are people.ask.KEY.title, .text and .do
	Name        string // of what it is done to
	Facts       []string
	Corrections Corrections
	Form        PeopleForm
	Cancel      string
	Danger      bool
}

// Faulty reports that it could not be done.
func (p PeopleAskPage) Faulty() bool { return len(p.Corrections) > 0 }

// The pages that several have in common. Their section is that of users or connectors.
var (
	PeopleUserForm      = Admin[PeopleFormPage]("people_form", "users")
	PeopleConnectorForm = Admin[PeopleFormPage]("people_form", "sso")
	PeopleAskUser       = Admin[PeopleAskPage]("people_ask", "users")
	PeopleAskConnector  = Admin[PeopleAskPage]("people_ask", "sso")
)
