package store

import (
	"reflect"

	"latchkey/authmethods"
)

// changes collects the fields that a change alters, for the audit log.
type changes map[string]authmethods.Change

// note records the field if it differs, and reports whether it does.
func note[T any](c changes, field string, from, to T) bool {
	if reflect.DeepEqual(from, to) {
		return false
	}
	c[field] = authmethods.Change{From: from, To: to}
	return true
}

func (c changes) secret(field string) { c[field] = authmethods.SecretChanged }
