package authmethods

import "time"

// Event is an entry of the audit log: who did what to what. It is written in the
// transaction of what it records.
type Event struct {
	ID        ID
	Seq       int64
	At        time.Time
	Actor     Actor
	Action    string // "method.created", "connection.revoked", …
	Object    ID
	ObjectRef string // how people call the object
	RequestID string
	// Changes holds the fields that changed, old and new; a secret is only ever
	// "changed".
	Changes map[string]Change
}

// Change is a field before and after.
type Change struct {
	From any `json:"from,omitempty"`
	To   any `json:"to,omitempty"`
}

// SecretChanged stands in the audit log for the old and new value of a secret.
var SecretChanged = Change{To: "changed"}
