package page

import "time"

// AuditLog is the page of the audit log.
var AuditLog = Admin[AuditPage]("audit_log", "audit")

// AuditPage tells who did what to what, the newest first.
type AuditPage struct {
	Entries []AuditEntry
	Sift    Sift
	Exports []Action
	Verify  Form
	Empty   *Empty
	Pager   Pager
}

// AuditEntry is one thing that was done.
type AuditEntry struct {
	Seq        int64
	At         time.Time
	Actor      string
	ActorKind  string // "person", "service", "command" or "job"
	ActorHref  string // leads to what else the actor did; empty: nowhere
	Action     string // in words
	Code       string // as the API calls it
	Object     string // what it was done to, as people call it
	ObjectHref string // empty: it has no page
	RequestID  string
	Changes    []AuditChange
}

// AuditChange is a field before and after.
type AuditChange struct {
	Field, From, To string
	Secret          bool // it changed, and more is not kept
}
