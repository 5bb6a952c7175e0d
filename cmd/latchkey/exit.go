package main

import (
	"errors"
	"fmt"
	"strings"

	"latchkey/authmethods"
)

// The exit codes, a contract with scripts.
const (
	exitOK              = 0
	exitFailed          = 1
	exitUsage           = 2
	exitUnauthenticated = 3
	exitForbidden       = 4
	exitHuman           = 5
	exitTemporary       = 6
	exitNotFound        = 7
)

// exitCodes is the only place that maps kinds of problems to exit codes. Answers
// of a server become problems before they get here.
var exitCodes = map[authmethods.Kind]int{
	authmethods.Internal:        exitFailed,
	authmethods.NotFound:        exitNotFound,
	authmethods.Invalid:         exitUsage,
	authmethods.Conflict:        exitHuman,
	authmethods.Forbidden:       exitForbidden,
	authmethods.Unauthenticated: exitUnauthenticated,
	authmethods.Exhausted:       exitTemporary,
	authmethods.HumanNeeded:     exitHuman,
	authmethods.Unavailable:     exitTemporary,
	authmethods.Stale:           exitTemporary,
}

// usageError is a command line or a configuration that cannot be carried out.
type usageError struct {
	err     error
	command string // to look up, if it is known
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// refusal is why the program stops before it has begun.
type refusal struct {
	what      string
	cause     string
	do        string
	temporary bool  // it passes by itself; otherwise a person must act
	err       error // more for the reader, may be nil
}

func (r *refusal) Error() string {
	if r.err != nil {
		return r.what + " " + r.err.Error()
	}
	return r.what
}

func (r *refusal) Unwrap() error { return r.err }

func exitCode(err error) int {
	var usage *usageError
	var refused *refusal
	var p *authmethods.Problem
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &refused) && refused.temporary:
		return exitTemporary
	case errors.As(err, &refused):
		return exitHuman
	case errors.As(err, &p) && p.Code == authmethods.CodeKeyUnavailable:
		return exitHuman // waiting brings no key back
	}
	return exitCodes[authmethods.KindOf(err)]
}

// exit tells people about err and returns the code for programs.
func (p *program) exit(err error) int {
	if err != nil {
		fmt.Fprint(p.stderr, explain(err))
	}
	return exitCode(err)
}

// explain puts an error in words: what happened, the likely cause, what to do and
// whether it passes by itself.
func explain(err error) string {
	var usage *usageError
	var refused *refusal
	var problem *authmethods.Problem
	b := &strings.Builder{}
	switch {
	case errors.As(err, &usage):
		fmt.Fprintf(b, "latchkey: %v\n", usage.err)
		if usage.command != "" {
			fmt.Fprintf(b, "  What to do:   see «latchkey %s --help»\n", usage.command)
		}
	case errors.As(err, &refused):
		fmt.Fprintf(b, "latchkey: %s\n", indent(refused.Error()))
		line(b, "Likely cause", refused.cause)
		line(b, "What to do", refused.do)
		line(b, "Temporary", yesNo(refused.temporary))
	case errors.As(err, &problem):
		explainProblem(b, problem)
	default:
		fmt.Fprintf(b, "latchkey: %s\n", indent(err.Error()))
	}
	return b.String()
}

func explainProblem(b *strings.Builder, p *authmethods.Problem) {
	code := p.Code
	if p.Reason != "" {
		code = p.Reason
	}
	d := authmethods.Diagnose(code)
	what := p.Detail
	if what == "" {
		what = d.Title
	}
	fmt.Fprintf(b, "latchkey: %s [%s]\n", what, p.Code)
	for _, f := range p.Fields {
		fmt.Fprintf(b, "  %s: %s\n", f.Pointer, f.Detail)
	}
	for _, r := range p.Related {
		fmt.Fprintf(b, "  - %s\n", r)
	}
	if len(d.Causes) > 0 && d.Code == code {
		line(b, "Likely cause", d.Causes[0])
	}
	if d.Code == code {
		line(b, "What to do", d.Action)
		line(b, "Who", d.Who)
	}
	switch {
	case p.RetryAfter > 0:
		line(b, "Temporary", "yes, try again in "+p.RetryAfter.String())
	default:
		line(b, "Temporary", yesNo(temporary(p, d)))
	}
	if p.Kind == authmethods.Internal || p.Kind == authmethods.Unavailable {
		if p.Err != nil {
			line(b, "Details", p.Err.Error())
		}
	}
}

func yesNo(temporary bool) string {
	if temporary {
		return "yes, try again"
	}
	return "no"
}

func temporary(p *authmethods.Problem, d authmethods.Diagnosis) bool {
	if d.Code == p.Code || d.Code == p.Reason {
		return d.Temporary
	}
	return exitCodes[p.Kind] == exitTemporary
}

func line(b *strings.Builder, label, text string) {
	if text != "" {
		fmt.Fprintf(b, "  %-13s %s\n", label+":", text)
	}
}

// indent keeps the lines of a long message below its first.
func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }
