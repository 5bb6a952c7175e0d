package authmethods

import (
	"strings"
	"time"
)

// FreezeScope is how much a freeze stops.
type FreezeScope string

// The scopes, widest first.
const (
	FreezeEverything FreezeScope = "everything" // the whole installation
	FreezeTenant     FreezeScope = "tenant"
	FreezeMethod     FreezeScope = "method"
	FreezeService    FreezeScope = "service"
)

// The ids of freezes that are about no object of their own.
const (
	FreezeOfEverything ID = "everything"
	FreezeOfTenant     ID = "tenant"
)

// Lifter is who may lift a freeze.
type Lifter string

// The lifters. What an operator froze only operators may lift: it may be the
// administrator's account that was taken over.
const (
	LiftedByAdministrator Lifter = "administrator"
	LiftedByOperator      Lifter = "operator"
)

// Freeze is a stop of everything at once, while something is looked into: nothing in
// its scope is lent, refreshed, approved or signed in to, and nothing is lost.
type Freeze struct {
	ID     ID // FreezeOfEverything, FreezeOfTenant, or that of the object
	Scope  FreezeScope
	Object string // the method's reference or the service's name; empty for wider scopes
	Reason string // empty: not given
	By     Actor
	At     time.Time
	Lifter Lifter
}

// Covers reports whether the freeze, which is one of the tenant's own or of the
// platform, stops what is asked about. method is a reference; empty: the tenant as a
// whole. service is who borrows, if that is a service of the same tenant.
func (f *Freeze) Covers(method string, service ID) bool {
	switch f.Scope {
	case FreezeMethod:
		return method != "" && f.Object == method
	case FreezeService:
		return service != "" && f.ID == service
	}
	return true
}

// Problem is the answer to who is stopped by the freeze.
func (f *Freeze) Problem() *Problem {
	what := map[FreezeScope]string{
		FreezeEverything: "Everything here", FreezeTenant: "The workspace", FreezeMethod: "The method " + f.Object, FreezeService: "The service " + f.Object,
	}[f.Scope]
	var text strings.Builder
	text.WriteString(what + " has been frozen since " + f.At.UTC().Format("2006-01-02 15:04:05") + " UTC")
	if f.By.Name != "" {
		text.WriteString(" by " + f.By.Name)
	}
	if f.Reason != "" {
		text.WriteString(" (" + f.Reason + ")")
	}
	text.WriteString(". Nothing was lost. ")
	if f.Lifter == LiftedByOperator {
		text.WriteString("An operator of the installation can lift the freeze.")
	} else {
		text.WriteString("An administrator of the workspace can lift the freeze.")
	}
	return &Problem{Kind: HumanNeeded, Code: CodeFrozen, Detail: text.String()}
}
