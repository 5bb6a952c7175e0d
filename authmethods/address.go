package authmethods

import "strings"

// PublicURL is the pattern of the addresses under which tenants reach Latchkey,
// such as https://{tenant}.example.com. Every address that leaves the program is
// made from it, never from what a request says of itself.
type PublicURL string

// TenantPlaceholder stands for the tenant's slug in a [PublicURL].
const TenantPlaceholder = "{tenant}"

// Origin is the address of a tenant, without a final slash.
func (p PublicURL) Origin(slug string) string {
	return strings.TrimSuffix(strings.ReplaceAll(string(p), TenantPlaceholder, slug), "/")
}

// RedirectURI is where providers send browsers back to after a consent (RFC 6749
// section 3.1.2). It depends on nothing that a tenant can change by itself: it is
// registered at providers.
func (p PublicURL) RedirectURI(t Tenant) string {
	return p.Origin(t.Slug) + "/api/authclients/" + t.CallbackA + "/" + t.CallbackB
}

// SignInRedirectURI is the same for signing in.
func (p PublicURL) SignInRedirectURI(t Tenant) string {
	return p.Origin(t.Slug) + "/api/sso/login/oauth/callback"
}

// Secure reports whether tenants are reached over TLS.
func (p PublicURL) Secure() bool { return strings.HasPrefix(string(p), "https://") }
