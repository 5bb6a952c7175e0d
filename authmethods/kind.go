package authmethods

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong, in as many words as a caller can act on.
type Kind int

// The zero Kind is an internal fault: it is shown to nobody in detail.
const (
	Internal        Kind = iota
	NotFound             // unknown, or another tenant's: the two are not told apart
	Invalid              // the request itself is wrong
	Conflict             // the state of the object forbids it
	Forbidden            // known caller without the right
	Unauthenticated      // unknown caller
	Exhausted            // the caller's own limit
	HumanNeeded          // a person must act before it can work
	Unavailable          // temporary; no usable answer can be had now
	Stale                // the object changed since the caller read it
)

var kindNames = [...]string{
	Internal: "internal fault", NotFound: "not found", Invalid: "invalid request",
	Conflict: "conflict", Forbidden: "forbidden", Unauthenticated: "not authenticated",
	Exhausted: "limit reached", HumanNeeded: "a person must act",
	Unavailable: "temporarily unavailable", Stale: "changed meanwhile",
}

// Error makes a Kind a target of [errors.Is].
func (k Kind) Error() string {
	if k < 0 || int(k) >= len(kindNames) {
		return kindNames[Internal]
	}
	return kindNames[k]
}

// FieldError is one fault in the input; Pointer is a JSON pointer (RFC 6901).
type FieldError struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Problem is an error with a kind, a code from the closed set in diagnosis.go and
// a message for people. Everything in it but Err may be shown to the caller.
type Problem struct {
	Kind Kind
	Code Code
	// Reason is the diagnosis behind Code where there is a more exact one, such as
	// grant_lost behind reconnect_required.
	Reason     Code
	Detail     string // what happened here, in a sentence; never a secret or a provider's raw text
	Fields     []FieldError
	RetryAfter time.Duration // zero: unknown or pointless
	// Related lists the objects that stand in the way, such as dependents.
	Related []string
	Err     error // the cause, for the log
}

// Error implements error. It holds the cause and is for logs, not for callers.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%s: %s", p.Code, p.Detail)
	if p.Err != nil {
		text += ": " + p.Err.Error()
	}
	return text
}

// Unwrap gives both the kind and the cause to [errors.Is].
func (p *Problem) Unwrap() []error {
	if p.Err == nil {
		return []error{p.Kind}
	}
	return []error{p.Kind, p.Err}
}

// KindOf returns the kind of err, Internal if it has none.
func KindOf(err error) Kind {
	if err == nil {
		return Internal // and nothing allocated, on the way of every loan
	}
	var p *Problem
	if errors.As(err, &p) {
		return p.Kind
	}
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return Internal
}

// Missing is the answer for an object that does not exist, and equally for one
// that exists in another tenant: one value, so that the two cannot differ.
func Missing() *Problem {
	return &Problem{Kind: NotFound, Code: CodeNotFound, Detail: "There is no such object, or it is not yours."}
}

// InvalidField is the problem of a single wrong field.
func InvalidField(pointer, detail string) *Problem {
	return &Problem{
		Kind: Invalid, Code: CodeInvalidRequest, Detail: "The request is not valid.",
		Fields: []FieldError{{Pointer: pointer, Detail: detail}},
	}
}
