package authmethods

import "errors"

// ActorKind tells what sort of actor stands behind a call.
type ActorKind string

// The kinds of actors.
const (
	ActorPerson  ActorKind = "person"  // somebody in a browser
	ActorService ActorKind = "service" // a program with an API key
	ActorCommand ActorKind = "command" // an operator at the command line
	ActorJob     ActorKind = "job"     // Latchkey's own background work
)

// Actor is who did something, as the audit log names it.
type Actor struct {
	Kind ActorKind
	ID   ID     // empty for commands and jobs
	Name string // what people call it
}

// Caller is who is asking, in which tenant and with which rights. It is an
// argument of everything that reads or writes a tenant's data: nothing reaches a
// tenant without one. The zero Caller is refused everywhere.
type Caller struct {
	tenant    TenantID
	actor     Actor
	rights    Rights
	requestID string
}

// NewCaller returns the caller that an authenticator has proved. Only
// authenticators, the command line and background jobs may call it; a test holds
// the list of files that do.
func NewCaller(tenant TenantID, actor Actor, rights Rights, requestID string) Caller {
	return Caller{tenant: tenant, actor: actor, rights: rights, requestID: requestID}
}

// ErrNoCaller is returned for the zero Caller.
var ErrNoCaller = errors.New("authmethods: no caller")

// Tenant is the tenant that the caller acts in.
func (c Caller) Tenant() TenantID { return c.tenant }

// Actor is who acts.
func (c Caller) Actor() Actor { return c.actor }

// RequestID names the request that the caller makes, for logs and audit.
func (c Caller) RequestID() string { return c.requestID }

// May returns nil if c holds right, and a Problem otherwise.
func (c Caller) May(right Right) error {
	switch {
	case c.tenant == "":
		return ErrNoCaller
	case c.rights.Has(right):
		return nil
	}
	return &Problem{Kind: Forbidden, Code: CodeForbidden, Detail: "This needs the right " + string(right) + "."}
}
