package authmethods

import "reflect"

// Changes are the fields that a change alters, for the audit log.
type Changes map[string]Change

// Note records the field if it differs, and reports whether it does.
func Note[T any](c Changes, field string, from, to T) bool {
	if reflect.DeepEqual(from, to) {
		return false
	}
	c[field] = Change{From: from, To: to}
	return true
}

// Secret records that a secret was set, replaced or removed.
func (c Changes) Secret(field string) { c[field] = SecretChanged }
