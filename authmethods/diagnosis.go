package authmethods

import "slices"

// Diagnosis explains a code to people: what happened, why most likely, what to
// do, who can, and whether it passes by itself. It is the same object for pages,
// API, command line and documentation.
type Diagnosis struct {
	Code       Code
	Ref        string // "D-07", the name in documentation and support
	Title      string
	Causes     []string // most likely first
	Action     string   // what to do, a sentence
	NextAction string   // the same as one word for programs
	Who        string   // who can do it
	Temporary  bool     // it passes by itself
}

// Diagnose returns the diagnosis of code, and the one of an internal fault for a
// code that has none.
func Diagnose(code Code) Diagnosis {
	for _, list := range [...][]Diagnosis{diagnoses, signInDiagnoses} {
		for _, d := range list {
			if d.Code == code {
				return d
			}
		}
	}
	if code == CodeInternal {
		return Diagnosis{Code: code, Title: "Something went wrong here"}
	}
	return Diagnose(CodeInternal)
}

// Diagnoses returns the whole catalogue in the order of its references.
func Diagnoses() []Diagnosis { return slices.Concat(diagnoses, signInDiagnoses) }
