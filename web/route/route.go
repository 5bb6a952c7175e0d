package route

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"latchkey/authmethods"
)

// Listener is a set of listeners.
type Listener byte

// The listeners. The public one serves tenants by their hosts; the internal one
// serves programs and knows no host.
const (
	Public Listener = 1 << iota
	Internal
)

// The exceptions: what needs no API key with a right.
const (
	// Open is for everybody.
	Open authmethods.Right = "open"
	// Ticket is for who holds the one-time ticket of a consent.
	Ticket authmethods.Right = "ticket"
	// Browser is for the browser that a consent is bound to.
	Browser authmethods.Right = "browser"
	// Person is for everybody who is signed in, whatever their rights.
	Person authmethods.Right = "person"
	// SubjectToken is for a program whose API key is the subject token of its
	// request (RFC 8693); the handler checks it.
	SubjectToken authmethods.Right = "subject_token"
)

// Exceptions lists the exceptions.
var Exceptions = [...]authmethods.Right{Open, Ticket, Browser, Person, SubjectToken}

// Limit says how often one address may ask for what needs no proof of who asks. What
// needs one is counted by that proof.
type Limit byte

// The limits. What is no more costly than refusing it is Free.
const (
	Usual    Limit = iota
	SignIn         // begins a sign-in, or tries a password, a link or a ticket
	Callback       // comes back from a provider: it may cost a row and a call
	Session        // says who has a session, as often as proxies want to know
	Free           // answered from memory
)

// Route is one thing that the server answers.
type Route struct {
	Method    string
	Path      string // Echo's pattern: a parameter begins with a colon
	Listeners Listener
	Right     authmethods.Right // of the caller, or one of the exceptions
	Operation string            // operationId in the API description
	Limit     Limit             // of what needs no proof
	Page      bool              // answers people: faults are pages
	Quiet     bool              // its successes are recorded elsewhere: in the log for debugging only
	Aside     bool              // pages ask for it by themselves: no sign that somebody is there
	MaxBody   int64             // bytes; 0 means that a body is of no use
	Handle    func(*Call) error
}

// Table is everything that is served.
type Table []Route

var (
	pathPattern      = regexp.MustCompile(`^(/|(/(:[a-z_]+|[a-z0-9._-]+))+)$`)
	operationPattern = regexp.MustCompile(`^[a-z][A-Za-z0-9]+$`)
	methods          = []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete}
)

// Check returns what is wrong with the table.
func (t Table) Check() error {
	seen := map[string]bool{}
	for _, r := range t {
		name := r.Method + " " + r.Path
		if err := r.check(); err != nil {
			return fmt.Errorf("route: %s: %w", name, err)
		}
		if seen[name] || seen[r.Operation] {
			return fmt.Errorf("route: %s: there is one like it already", name)
		}
		seen[name], seen[r.Operation] = true, true
	}
	return nil
}

func (r Route) check() error {
	known := r.Right == authmethods.Borrow || authmethods.OperatorRights.Has(r.Right) || slices.Contains(Exceptions[:], r.Right)
	switch {
	case !known:
		return fmt.Errorf("%q is neither a right nor an exception", r.Right)
	case !slices.Contains(methods, r.Method) || !pathPattern.MatchString(r.Path):
		return fmt.Errorf("method or path is not well formed")
	case !operationPattern.MatchString(r.Operation):
		return fmt.Errorf("%q is no operation id", r.Operation)
	case r.Listeners&(Public|Internal) == 0:
		return fmt.Errorf("no listener")
	case r.Listeners&Internal != 0 && (authmethods.OperatorRights.Has(r.Right) || r.Right == Person):
		return fmt.Errorf("an administrator's right on the internal listener")
	case r.Listeners&Public != 0 && (r.Right == authmethods.Borrow || r.Right == SubjectToken):
		return fmt.Errorf("lending on the public listener")
	case r.Handle == nil:
		return fmt.Errorf("no handler")
	}
	return nil
}
