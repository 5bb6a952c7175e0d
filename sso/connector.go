package sso

import (
	"slices"
	"time"

	"latchkey/authmethods"
)

// ConnectorType is the protocol of a connector.
type ConnectorType string

// The types.
const (
	// OpenIDConnect proves who somebody is by an ID token.
	OpenIDConnect ConnectorType = "oidc"
	// OAuth2 proves it by what the provider's userinfo says to the access token
	// that was just received.
	OAuth2 ConnectorType = "oauth2"
)

// Admission says who may sign in by a connector.
type Admission string

// The admissions.
const (
	// AssociatedOnly admits those whose card names the connector.
	AssociatedOnly Admission = "associated"
	// AnyoneMapped admits everybody whom the mapping rule finds.
	AnyoneMapped Admission = "mapped"
)

// ReservedReference is no connector's: the redirect URI of signing in has its place.
const ReservedReference = "oauth"

// Connector is an SSO connector, a door by which people sign in.
type Connector struct {
	ID          authmethods.ID
	Reference   string // slug, unique in the tenant for ever; part of the SSO login URL
	Name        string
	Type        ConnectorType
	Method      authmethods.ID
	Environment authmethods.Environment
	Admission   Admission
	// CreatesUsers has somebody whom the rule does not find made a user with
	// DefaultRole. Only with AnyoneMapped.
	CreatesUsers bool
	DefaultRole  string
	// TrustedDomains are those whose e-mail addresses count as verified although
	// the provider does not say so: it is their authority.
	TrustedDomains []string
	Rule           Rule
	Disabled       bool
	Rev            int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Trusts reports whether e-mail addresses of a domain count as verified without the
// provider saying so.
func (c Connector) Trusts(domain string) bool {
	return slices.ContainsFunc(c.TrustedDomains, func(d string) bool { return sameDomain(d, domain) })
}
