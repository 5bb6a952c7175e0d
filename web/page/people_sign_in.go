package page

import "time"

// SignInAttempt is the page of one attempt to sign in.
var SignInAttempt = Admin[SignInAttemptPage]("people_sign_in", "sso")

// SignInAttemptPage shows what happened and how to mend it.
type SignInAttemptPage struct {
	Crumbs      []Crumb
	Reference   string
	ID          string
	Status      Mark
	Lead        string
	Card        *Card
	Corrections Corrections
	Fixes       []Fix
	Connector   Linked
	User        *Linked
	Issuer      string
	Subject     string
	DataCentre  string
	Address     string
	UserAgent   string
	At          time.Time
	EndedAt     time.Time // zero: not yet
	Claims      []Claim
	Trace       []string // in English
}

// Faulty reports that something could not be mended.
func (p SignInAttemptPage) Faulty() bool { return len(p.Corrections) > 0 }

// Fix is one way to mend a refused sign-in: a form, or a link where Form is nil.
type Fix struct {
	Title  string
	Text   string
	Form   *PeopleForm
	Field  *Field // to fill in first; nil: nothing
	Submit string
	Href   string
}
