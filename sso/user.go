package sso

import (
	"time"

	"latchkey/authmethods"
)

// User is a person of a tenant.
type User struct {
	ID          authmethods.ID
	UserName    string // as it is shown; unique in the tenant by its [Canonical] form
	Email       string // empty: none is known
	DisplayName string
	ExternalID  string // what another system calls this person; unique where given
	Language    string // "en", "fr" or "" for the browser's
	Theme       string // "light", "dark" or "" for the system's
	// Invited means that the person has not set a password yet by the invitation
	// that was sent. Nobody becomes this person by an e-mail address alone.
	Invited    bool
	Disabled   bool
	Roles      []string // references
	Connectors []authmethods.ID
	Identities []Identity
	// Version counts what ends sessions: a change of rights, name or state.
	Version    int64
	LastSeenAt time.Time // zero: never
	Rev        int64     // counts the changes; the ETag
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Subject is who somebody is at a provider, for good: the pair of issuer and sub
// (OpenID Connect Core 1.0 section 2). E-mail addresses and names are not.
type Subject struct {
	Issuer string
	ID     string
}

// Identity is a user's pinned account at a connector. Once there is one, only the
// subject counts.
type Identity struct {
	ID         authmethods.ID
	User       authmethods.ID
	Connector  authmethods.ID
	Subject    Subject
	Email      string // as the provider last said
	ByHand     bool   // an administrator made the link
	LastUsedAt time.Time
	CreatedAt  time.Time
}
