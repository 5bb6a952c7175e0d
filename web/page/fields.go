package page

import "strings"

// Field is one line of a form: a label, what it is for, and somewhere to type. All
// its texts are in the reader's language. Show it with template "field".
type Field struct {
	Name  string // of the parameter; the element's id is made of it
	Label string
	Hint  string
	Error string // what is wrong with Value; empty: nothing
	Value string
	// Kind is the type of the input (text where it is empty), or "textarea" or
	// "select".
	Kind         string
	Autocomplete string // empty: "off"
	Placeholder  string // an example, never the label
	Optional     bool
	Mono         bool // identifiers, addresses, secrets
	Short        bool // no wider than a number or a code
	Maximum      int  // characters; 0: no limit
	Options      []Option
}

// Option is one of several to choose from.
type Option struct {
	Value, Label string
	Hint         string
	Chosen       bool
	Disabled     bool
}

// ID is the element's.
func (f Field) ID() string { return "f-" + f.Name }

// Type is that of the input.
func (f Field) Type() string {
	if f.Kind == "" {
		return "text"
	}
	return f.Kind
}

// Described names the elements that say more.
func (f Field) Described() string { return described(f.ID(), f.Hint, f.Error) }

// Choice is a question with several answers. Show it with template "choice".
type Choice struct {
	Name   string
	Legend string
	Hint   string
	Error  string
	Many   bool // several answers at once: boxes to tick
	Inline bool // short answers, beside one another
	// Optional questions need no answer.
	Optional bool
	Options  []Option
}

// ID is the element's. It is the first answer, so that a link to it leads there.
func (c Choice) ID() string { return "f-" + c.Name }

// Described names the elements that say more.
func (c Choice) Described() string { return described(c.ID(), c.Hint, c.Error) }

func described(id, hint, fault string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if fault != "" {
		ids = append(ids, id+"-error")
	}
	return strings.Join(ids, " ")
}

// Correction is something wrong in a form. Field is the name of the field that is
// to be corrected, empty if it is none in particular.
type Correction struct{ Field, Text string }

// ID is that of the element to correct.
func (c Correction) ID() string { return "f-" + c.Field }

// Corrections are what is wrong in a form, in the order of its fields. Show them
// above the form with template "corrections", and give the page a method Faulty.
type Corrections []Correction

// Of returns the text about a field, empty if nothing is wrong with it.
func (cs Corrections) Of(field string) string {
	for _, c := range cs {
		if c.Field == field {
			return c.Text
		}
	}
	return ""
}
