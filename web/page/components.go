package page

import (
	"latchkey/authmethods"
	"latchkey/web/words"
)

// Action is a link or a button. With Post it is a form of its own that sends Name
// and Value there, so it works without a script. Show it with template "action".
type Action struct {
	Label  string
	Href   string // where a link leads
	Post   string // where a form goes
	Name   string
	Value  string
	Icon   string
	Kind   string // "primary", "quiet" (the usual one), "danger" or "bare"
	Dialog bool   // the page that it leads to may be shown over this one
	Copy   string // what it copies; Href leads to where that is shown
	Apart  bool   // in a menu: after a line
}

// Menu is what the cog of an object opens. Show it with template "cog".
type Menu struct {
	Name    string // of the object
	Actions []Action
}

// State is that of a method in an environment, as the API names it.
type State string

// Icon is the icon of the state.
func (s State) Icon() string {
	switch s {
	case "active":
		return "active"
	case "degraded":
		return "degraded"
	case "throttled":
		return "hourglass"
	case "awaiting_approval":
		return "clock"
	case "reconnect_required":
		return "broken"
	case "revoked":
		return "revoked"
	}
	return "off"
}

// Kind is the colour of the state.
func (s State) Kind() Kind {
	switch s {
	case "active":
		return Good
	case "degraded", "throttled":
		return Wait
	case "awaiting_approval":
		return Info
	case "reconnect_required":
		return Bad
	}
	return "off"
}

// Chip is a state that leads on. Show it with template "chip"; a State alone, with
// template "state".
type Chip struct {
	State  State
	Note   string // such as "until 10:42"; empty: none
	Href   string // empty: it leads nowhere
	Action string // what the link does, for those who only hear it
	Dialog bool
}

// Strip is how something went over time, a cell for each part of it, oldest first.
// Show it with template "strip".
type Strip struct {
	Cells []Kind // Good, Wait, Bad; empty: nothing is known
	Share float64
	Span  string // "24 hours", in the reader's language
}

// Known reports whether anything was recorded.
func (s Strip) Known() bool {
	for _, c := range s.Cells {
		if c != "" {
			return true
		}
	}
	return false
}

// Empty stands where a list has nothing yet. Show it with template "empty".
type Empty struct {
	Icon, Title, Text string
	Actions           []Action
}

// Copied is a text to take elsewhere, such as an address. Show it with template "copy".
type Copied struct {
	ID    string // unique in the page
	Label string
	Hint  string
	Value string
}

// Tab is one view of an object. Show a list of them with template "tabs".
type Tab struct {
	Label, Href string
	Current     bool
	Count       int // shown if above 0
}

// Crumb is a page above this one. Show a list of them with template "crumbs".
type Crumb struct{ Label, Href string }

// Pager leads to the parts of a long list. Show it with template "pager".
type Pager struct {
	Summary        string
	Previous, Next string // empty: there is none
}

// Step is part of something that goes on. Show a list of them with template "stepper".
type Step struct {
	Label string
	Note  string // "0.3 s", "200 in 0.4 s"
	State string // "done", "now", "failed" or "later"
}

// Notice says something on a page. Show it with template "notice".
type Notice struct {
	Kind        Kind
	Title, Text string
	Actions     []Action
}

// Meter is how much of something is used. Show it with template "meter".
type Meter struct {
	ID         string // unique in the page
	Label      string
	Value, Max int
	Kind       Kind
}

// Share is the part that is used, in hundredths of the width.
func (m Meter) Share() int {
	if m.Max <= 0 {
		return 0
	}
	return min(100, 100*m.Value/m.Max)
}

// Card is a diagnosis as pages show it.
type Card struct {
	Ref       string
	Title     string
	Causes    []string
	Action    string
	Who       string
	Temporary bool
}

// CardOf returns the card of a diagnosis in the language of w; nil for one that
// explains nothing.
func CardOf(w words.Words, d authmethods.Diagnosis) *Card {
	if d.Action == "" {
		return nil
	}
	d = w.Diagnosis(d)
	return &Card{Ref: d.Ref, Title: d.Title, Causes: d.Causes, Action: d.Action, Who: d.Who, Temporary: d.Temporary}
}
