package authmethods

// Environment says which of a provider's worlds a method is enabled in. The zero
// value names none and is refused wherever an environment is required.
type Environment string

// The environments. Developer exists only at providers whose integration type
// lists it, such as Zoho CRM with its developer organisations.
const (
	Production Environment = "production"
	Sandbox    Environment = "sandbox"
	Developer  Environment = "developer"
)

// Environments lists every environment in the order people are shown them.
var Environments = [...]Environment{Production, Sandbox, Developer}

// Valid reports whether e is one of the environments above.
func (e Environment) Valid() bool {
	return e == Production || e == Sandbox || e == Developer
}

// Mode says how a method obtains access tokens.
type Mode string

const (
	// ModeOAuth is the authorization code grant with PKCE (RFC 6749 section 4.1,
	// RFC 7636).
	ModeOAuth Mode = "oauth"
	// ModeSelfClient takes a grant code that an administrator made in the
	// provider's console and pasted; it needs no redirection.
	ModeSelfClient Mode = "self_client"
	// ModeClientCredentials is RFC 6749 section 4.4: there is no refresh token,
	// each new access token is fetched anew.
	ModeClientCredentials Mode = "client_credentials"
	// ModeStaticToken lends the stored secret itself; it never expires.
	ModeStaticToken Mode = "static_token"
	// ModeBasic lends client ID and secret as HTTP Basic credentials (RFC 7617).
	ModeBasic Mode = "basic"
)

// Modes lists every mode.
var Modes = [...]Mode{ModeOAuth, ModeSelfClient, ModeClientCredentials, ModeStaticToken, ModeBasic}

// Valid reports whether m is one of the modes above.
func (m Mode) Valid() bool {
	for _, known := range Modes {
		if m == known {
			return true
		}
	}
	return false
}

// NeedsApproval reports whether a person must approve at the provider before
// the method yields tokens.
func (m Mode) NeedsApproval() bool { return m == ModeOAuth || m == ModeSelfClient }
