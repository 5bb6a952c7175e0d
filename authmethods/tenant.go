package authmethods

import (
	"regexp"
	"time"
)

// TenantID names one tenant. The zero value names no tenant and is refused.
type TenantID string

// Platform is the owner of what belongs to the operator of the installation and
// to no customer: platform service accounts and their keys. It is a row like any
// tenant, so that no key is ever without an owner, but it has no hosts and no
// methods.
const Platform TenantID = "tn_00000000000000000000000000"

// ID is an opaque identifier: a prefix that tells the kind and a ULID. IDs of
// deleted objects are never given to another object.
type ID string

// Tenant is a customer of the platform; the unit of isolation.
type Tenant struct {
	ID        TenantID
	Slug      string
	Name      string
	Hosts     []string // beside the one made from the public URL pattern
	CallbackA string   // the opaque pair of the redirect URI
	CallbackB string
	Disabled  bool
	CreatedAt time.Time
}

var (
	slugPattern     = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	callbackPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{5,64}$`)
)

// ValidSlug reports whether s may name a tenant or an object in an address: 1 to
// 63 characters of a-z, 0-9 and inner hyphens, so that it is also a DNS label.
func ValidSlug(s string) bool { return slugPattern.MatchString(s) }

// ValidCallbackPart reports whether s may be one half of a tenant's redirect URI
// pair.
func ValidCallbackPart(s string) bool { return callbackPattern.MatchString(s) }

// SetupSlug stands for a tenant in the address at which an empty installation is set up.
const SetupSlug = "setup"

// TakenSlug reports a slug that no tenant may have, because an address or the
// platform itself already uses it.
func TakenSlug(s string) bool {
	switch s {
	case "platform", SetupSlug, "www", "api", "internal", "localhost":
		return true
	}
	return false
}
