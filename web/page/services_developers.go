package page

// DevelopersPage shows how to borrow from a method.
type DevelopersPage struct {
	Method      Field
	Environment Field
	Internal    Copied // the address of the internal API
	Socket      bool   // which is a socket of the machine
	Lend        []Snippet
	Reject      Snippet
	Answer      Snippet
	// MayCreate is where a service account for this is made; empty: not by whoever
	// asks.
	MayCreate   string
	Description string // address of the API description
}

// Snippet is a piece of a program to copy. Show a list of them with template
// "snippets", one alone with "snippet".
type Snippet struct {
	ID    string // unique in the page
	Label string
	Text  string
	Open  bool // shown at first, of several
}
