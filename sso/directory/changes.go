package directory

import (
	"errors"

	"latchkey/authmethods"
)

// errUnchanged undoes the transaction of a change that changes nothing.
var errUnchanged = errors.New("directory: nothing changes")

// set changes at to what is wanted, if anything is, and notes it if it differs.
func set[T any](c authmethods.Changes, field string, at *T, to *T) bool {
	if to == nil || !authmethods.Note(c, field, *at, *to) {
		return false
	}
	*at = *to
	return true
}
