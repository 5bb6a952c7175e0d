package page

import "latchkey/authmethods"

// MethodFormPage creates or changes a method.
type MethodFormPage struct {
	Crumbs      []Crumb
	Editing     bool
	Name        string // of the method or, for a new one, of its type
	Form        Form
	Type        string
	Provider    string
	Rev         int64
	Corrections Corrections
	Stale       []string // what somebody else changed meanwhile
	Where       []Field
	Found       string // the data centre that the address told
	Guide       MethodGuide
	Keys        []Field
	When        *Choice // when a new secret counts; nil: at once
	Mode        Choice
	Endpoints   []Field
	Own         []MethodOwn
	Connected   bool // approvals exist that a new client would end
	Scopes      MethodScopes
	Back        string
}

// Faulty reports a form that came back with an error.
func (p MethodFormPage) Faulty() bool { return len(p.Corrections) > 0 }

// MethodOwn is what one environment has of its own.
type MethodOwn struct {
	Environment authmethods.Environment
	Fields      []Field
	When        *Choice // when a new secret counts; nil: at once
	Open        bool
}

// MethodGuide is what to do in the provider's console.
type MethodGuide struct {
	Console   string // empty: its address is not known
	Host      string
	Regions   []Crumb // the consoles of the other data centres
	Steps     []string
	Copied    []Copied
	Pasted    Field
	Redirects []PastedAddress
	Missing   []string // addresses that were not among what was pasted
	Checked   bool
}

// PastedAddress is what came back from the provider's console, cut at the first
// character that is wrong; Wrong and After are empty if none is.
type PastedAddress struct {
	Before, Wrong, After string
	Good                 bool
	Text                 string // what is wrong, in the reader's language
}

// MethodScopes are the permissions to choose from.
type MethodScopes struct {
	Presets []MethodPreset
	First   []MethodScope // chosen, or of a preset
	Rest    []MethodScope
	Other   Field
	Remarks []string
	Count   int
	Error   string
	Told    []string // what people who approve are told
}

// MethodPreset is a set of scopes that belong together.
type MethodPreset struct {
	ID, Name string
	Count    int
}

// MethodScope is a line of the catalogue.
type MethodScope struct {
	Scope, Lets, UsedFor string
	Chosen               bool
}
