package page

import (
	"time"

	"latchkey/authmethods"
)

// Freeze is the page on which a scope is frozen and unfrozen, by the section that it is
// in.
var Freeze = map[string]Template[FreezePage]{
	"methods": Admin[FreezePage]("freeze", "methods"), "services": Admin[FreezePage]("freeze", "services"),
	"settings": Admin[FreezePage]("freeze", "settings"), "system": Admin[FreezePage]("freeze", "system"),
}

// FreezePage says what a freeze stops, or tells of the one that is.
type FreezePage struct {
	Crumbs      []Crumb
	Scope       authmethods.FreezeScope
	Name        string // of the method, the service account or the workspace
	Back        string
	Form        Form
	Corrections Corrections
	Stops       []string // what does not happen any more, in sentences
	Effects     []FreezeEffect
	Operator    bool         // whoever asks is one: only operators lift what they freeze
	Frozen      *FreezeState // nil: it is not
	Reason      Field
}

// Faulty reports that something needs a correction.
func (p FreezePage) Faulty() bool { return len(p.Corrections) > 0 }

// FreezeEffect names some of what stops.
type FreezeEffect struct {
	Label string
	Names []string
	More  bool // there are more than these
}

// FreezeState is a freeze that is in force.
type FreezeState struct {
	At      time.Time
	By      string
	Reason  string // empty: none was given
	Lifter  authmethods.Lifter
	MayLift bool // whoever asks may
}
