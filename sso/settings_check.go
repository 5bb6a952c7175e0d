package sso

import (
	"fmt"
	"time"

	"latchkey/authmethods"
)

// maxReturnAddresses is how many a tenant may have.
const maxReturnAddresses = 50

// Check returns what is wrong with the settings, as JSON pointers into them; nil:
// nothing. Whether the connector of StraightTo exists is for others to say.
func (s Settings) Check() []authmethods.FieldError {
	var f faults
	if s.SessionIdle < 5*time.Minute || s.SessionIdle > 12*time.Hour {
		f.add("/session_idle", "This is 5 minutes to 12 hours.")
	}
	if s.SessionLife < 15*time.Minute || s.SessionLife > 7*24*time.Hour {
		f.add("/session_life", "This is 15 minutes to 7 days.")
	} else if s.SessionIdle > s.SessionLife {
		f.add("/session_idle", "This is not longer than the life of a session.")
	}
	if len(s.ReturnAddresses) > maxReturnAddresses {
		f.add("/return_addresses", fmt.Sprintf("There are at most %d.", maxReturnAddresses))
	} else {
		for i, entry := range s.ReturnAddresses {
			if err := CheckReturnAddress(entry); err != nil {
				f.add(fmt.Sprintf("/return_addresses/%d", i), err.Error())
			}
		}
	}
	if s.PasswordDays != 0 && (s.PasswordDays < 30 || s.PasswordDays > 365) {
		f.add("/password_days", "This is 30 to 365 days, or 0 for never.")
	}
	if s.StraightTo != "" && (!authmethods.ValidSlug(s.StraightTo) || s.StraightTo == ReservedReference) {
		f.add("/straight_to", "This is the reference of a connector.")
	}
	return f
}
