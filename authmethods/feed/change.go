package feed

import "latchkey/authmethods"

// Kind says what sort of thing changed.
type Kind string

// The kinds. A change of a key or permit is one of its service.
const (
	Tenant     Kind = "tenant"
	Method     Kind = "method"
	Service    Kind = "service"
	Connection Kind = "connection"
	Connector  Kind = "connector"
	User       Kind = "user"
	Session    Kind = "session"
	Settings   Kind = "settings"
	// Freeze is a change of what is frozen in the tenant; in the platform, of what is
	// frozen everywhere.
	Freeze Kind = "freeze"
	// Mark is no change: somebody waits until all have heard of it.
	Mark Kind = "mark"
	// Everything means that changes may have been missed: forget all that is
	// remembered. It names no tenant.
	Everything Kind = "everything"
)

// Change is something of a tenant that is no longer what it was.
type Change struct {
	Tenant authmethods.TenantID
	Kind   Kind
	Object authmethods.ID
}
