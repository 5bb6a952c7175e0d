package sso

import "time"

// Settings are what a tenant decides about its people.
type Settings struct {
	// SessionIdle ends a session that nobody used for so long: 5 minutes to 12
	// hours; 30 minutes unless set.
	SessionIdle time.Duration `json:"session_idle"`
	// SessionLife ends a session for good: 15 minutes to 7 days; 12 hours unless set.
	SessionLife time.Duration `json:"session_life"`
	// ReturnAddresses are where people may be sent after signing in: an origin, or
	// an origin with a path below which everything is allowed.
	ReturnAddresses []string `json:"return_addresses"`
	// PasswordDays is after how many days a password must be changed: 30 to 365; 0
	// never.
	PasswordDays int `json:"password_days"`
	// LocalLogin allows passwords and passkeys.
	LocalLogin bool `json:"local_login"`
	// StraightTo is the reference of the connector to which the login page leads
	// without being asked, once; empty: to none.
	StraightTo string `json:"straight_to"`
	// Rev counts the changes.
	Rev int64 `json:"-"`
}

// DefaultSettings are those of a tenant that decided nothing.
func DefaultSettings() Settings {
	return Settings{SessionIdle: 30 * time.Minute, SessionLife: 12 * time.Hour, LocalLogin: true}
}
