package page

import (
	"time"

	"latchkey/authmethods"
	"latchkey/web/words"
)

// The pages of consents, and of faults.
var (
	Start     = Plain[StartPage]("start")
	Forward   = Plain[ForwardPage]("forward")
	Ready     = Plain[ReadyPage]("ready")
	Waiting   = Plain[WaitingPage]("waiting")
	Choose    = Plain[ChoosePage]("choose")
	Completed = Plain[CompletedPage]("completed")
	Failed    = Plain[FailedPage]("failed")
	Foreign   = Plain[ForeignPage]("foreign")
	Malformed = Plain[MalformedPage]("malformed")
	Fault     = Plain[FaultPage]("fault")
)

// Consent is what the pages of one consent have in common.
type Consent struct {
	ID          string
	Method      string // name
	Provider    string
	Environment authmethods.Environment
	BegunAt     time.Time
	ExpiresAt   time.Time
	EndedAt     time.Time // zero: not yet
	Code        string    // of the diagnosis, empty if there is none
	Detail      string    // what exactly happened, in English; empty: nothing to add
	Steps       Steps
}

// Trial reports a consent that is not for live data.
func (c Consent) Trial() bool { return c.Environment != authmethods.Production }

// Steps shows how far somebody has come.
type Steps struct {
	Provider string
	At       int // 1: here, 2: at the provider, 3: back here, 4: done
}

// StartPage asks whether to go on to the provider.
type StartPage struct {
	Consent
	Tenant  string
	Scopes  []Scope
	Minutes int // that the link lasts
	Form    Form
	Ticket  string
}

// AtLeastOne is Minutes, less than one being one.
func (p StartPage) AtLeastOne() int { return max(1, p.Minutes) }

// Form is where a form goes and what proves that it was ours.
type Form struct{ Action, Token string }

// Scope is a permission in words; Lets is empty where nobody has put it so.
type Scope struct{ Name, Lets string }

// ForwardPage leads on to the provider.
type ForwardPage struct {
	Provider, URL string
	Steps         Steps
}

// ReadyPage is what somebody sees who opens a redirect URI by hand.
type ReadyPage struct{ Address string }

// WaitingPage tells that a consent has not ended.
type WaitingPage struct {
	Consent
	Exchanging bool // the provider's answer is being looked at
}

// ChoosePage lets somebody choose among several organisations.
type ChoosePage struct {
	Consent
	Organizations []Organization
	Unchosen      bool // the last try named none of them
	Form          Form
}

// Faulty reports a form that came back with an error.
func (p ChoosePage) Faulty() bool { return p.Unchosen }

// Organization is one of the provider's.
type Organization struct {
	ID, Name    string
	Default     bool
	Environment authmethods.Environment // empty where the provider does not tell
}

// CompletedPage tells that a consent yielded a connection.
type CompletedPage struct {
	Consent
	Tenant       string
	Reference    string // of the method
	TenantSlug   string
	Lacking      *Card // if less was granted than was asked for
	Notes        []string
	DataCentre   string
	Approver     string // empty: not known to who looks
	Organization Organization
	Scopes       []string
	Back         string // to the method; empty for who is not signed in
}

// FailedPage tells why a consent yielded nothing.
type FailedPage struct {
	Consent
	Card Card
	Back string // to the method; empty for who is not signed in
}

// Faulty is true: the page tells of an error.
func (FailedPage) Faulty() bool { return true }

// ForeignPage answers a form that no page of ours sent.
type ForeignPage struct{}

// Faulty is true: the page tells of an error.
func (ForeignPage) Faulty() bool { return true }

// MalformedPage answers a callback that cannot be read.
type MalformedPage struct{}

// Faulty is true: the page tells of an error.
func (MalformedPage) Faulty() bool { return true }

// FaultPage is a problem.
type FaultPage struct {
	Title     string
	Detail    string   // in English
	Fields    []string // what is wrong with the input, in English
	Card      *Card    // what to do; nil where nothing can be said
	Code      string
	RequestID string
}

// Faulty is true: the page tells of an error.
func (FaultPage) Faulty() bool { return true }

// Problem is p as a page in the language of w, explained by d. Of an internal fault nothing is shown
// but the name of the request, and of what is not found not even that, so that the
// missing and the foreign look the same.
func Problem(w words.Words, p *authmethods.Problem, d authmethods.Diagnosis, requestID string) FaultPage {
	f := FaultPage{Title: w.Diagnosis(d).Title, Card: CardOf(w, d), RequestID: requestID}
	if p.Kind == authmethods.Internal {
		return f
	}
	if p.Kind == authmethods.NotFound {
		f.RequestID = ""
	}
	f.Detail, f.Code = p.Detail, string(p.Code)
	for _, e := range p.Fields {
		f.Fields = append(f.Fields, e.Detail)
	}
	return f
}
