package directory

import (
	"errors"
	"reflect"

	"latchkey/authmethods"
)

// errUnchanged undoes the transaction of a change that changes nothing.
var errUnchanged = errors.New("directory: nothing changes")

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

// set changes at to what is wanted, if anything is, and notes it if it differs.
func set[T any](c changes, field string, at *T, to *T) bool {
	if to == nil || !note(c, field, *at, *to) {
		return false
	}
	*at = *to
	return true
}
