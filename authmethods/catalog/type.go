package catalog

import (
	"time"

	"latchkey/authmethods"
)

// Protocol is what a type speaks when people sign in.
type Protocol string

// The protocols. OIDC implies OAuth 2.0 and an ID token.
const (
	OAuth2 Protocol = "oauth2"
	OIDC   Protocol = "oidc"
)

// PerEnvironment holds one address per environment; an environment that is
// absent does not exist there or is not known.
type PerEnvironment map[authmethods.Environment]string

// Type is an integration type as its YAML file describes it. It is shared and
// must not be changed. Strings in braces are placeholders; [Type.Resolve] fills
// them.
type Type struct {
	ID       string             `yaml:"id"`
	Name     string             `yaml:"name"`
	Protocol Protocol           `yaml:"protocol"`
	Modes    []authmethods.Mode `yaml:"modes"`

	// Environments say in a sentence what differs there.
	Environments      map[authmethods.Environment]EnvironmentNote `yaml:"environments"`
	DataCentresFrom   string                                      `yaml:"data_centres_from"`
	DefaultDataCentre string                                      `yaml:"default_data_centre"`
	DataCentres       DataCentres                                 `yaml:"data_centres"`
	// HostTable names addresses that do not depend on a data centre.
	HostTable  map[string]PerEnvironment `yaml:"hosts"`
	Address    Address                   `yaml:"environment_url"`
	Parameters map[string]Parameter      `yaml:"parameters"`
	// Settings lists which of authmethods.Settings a method of this type has.
	Settings map[string]Need `yaml:"settings"`

	Endpoints         Endpoints         `yaml:"endpoints"`
	IssuerByClaim     *IssuerByClaim    `yaml:"issuer_by_claim"`
	IDTokens          IDTokens          `yaml:"id_tokens"`
	Authorize         Authorize         `yaml:"authorize"`
	Scopes            Scopes            `yaml:"scopes"`
	Client            Client            `yaml:"client"`
	ClientCredentials ClientCredentials `yaml:"client_credentials"`
	API               API               `yaml:"api"`
	Refresh           Refresh           `yaml:"refresh"`
	Limits            Limits            `yaml:"limits"`
	Errors            Errors            `yaml:"errors"`
	Region            RegionParams      `yaml:"region_from_callback"`
	Revocation        Revocation        `yaml:"revocation"`
	Verification      Verification      `yaml:"verification"`
	Organizations     *Organizations    `yaml:"organizations"`
	People            *People           `yaml:"people"`
	Account           *Account          `yaml:"account"`
	Profile           *Profile          `yaml:"profile"`
	TestCall          *TestCall         `yaml:"test_call"`
	Console           Console           `yaml:"console"`

	allowHTTP func(host string) bool
}

// EnvironmentNote tells people what an environment is at this provider.
type EnvironmentNote struct {
	Differs string `yaml:"differs"`
}

// DataCentre is one region of a provider. AuthorizationServer may carry a path
// and never ends in a slash: endpoints are made by joining, not by URL
// resolution.
type DataCentre struct {
	Code                string                    `yaml:"-"`
	Name                string                    `yaml:"name"`
	AuthorizationServer string                    `yaml:"authorization_server"`
	Hosts               map[string]PerEnvironment `yaml:"hosts"`
	Console             string                    `yaml:"console"`
}

// Use says what a method's environment URL is for.
type Use string

// The uses. An empty Use means that methods of the type have no environment URL.
const (
	// UseInstance makes its origin the placeholder {instance}.
	UseInstance Use = "instance"
	// UseDataCentre only tells which data centre is meant; nothing is sent there.
	UseDataCentre Use = "data_centre"
)

// Address describes the environment URL of methods of a type.
type Address struct {
	Use      Use  `yaml:"use"`
	Required bool `yaml:"required"`
	// Hosts are the only hosts allowed: exact, or every subdomain of what begins
	// with a dot. None means any host.
	Hosts []string `yaml:"hosts"`
	// Replaces names a host of the host table in whose place the instance steps
	// when there is one.
	Replaces string `yaml:"replaces"`
	Example  string `yaml:"example"`
}

// Parameter is a placeholder of the type's own, filled per method.
type Parameter struct {
	Name     string `yaml:"name"`
	Help     string `yaml:"help"`
	Pattern  string `yaml:"pattern"` // must match the whole value
	Default  string `yaml:"default"`
	Required bool   `yaml:"required"`
}

// Need says whether a setting may or must be given.
type Need string

// Required is asked only of the modes that use the setting.
const (
	Optional Need = "optional"
	Required Need = "required"
)

// Endpoints are templates. Discover leaves them to OpenID Connect discovery.
type Endpoints struct {
	Issuer          string           `yaml:"issuer"`
	IssuerSpellings []IssuerSpelling `yaml:"issuer_spellings"`
	Discover        bool             `yaml:"discover"`
	Authorization   string           `yaml:"authorization"`
	Token           string           `yaml:"token"`
	Revocation      string           `yaml:"revocation"`
	Userinfo        string           `yaml:"userinfo"`
	JWKS            string           `yaml:"jwks"`
	EndSession      string           `yaml:"end_session"`
}

// IssuerSpelling is a way in which a provider writes its issuer in ID tokens.
type IssuerSpelling string

// The spellings.
const (
	SpelledAsIs          IssuerSpelling = "as_is"
	SpelledWithoutScheme IssuerSpelling = "without_scheme"
)

// IssuerByClaim is for a provider whose issuer holds a claim of the token, as
// Microsoft's holds the directory when any directory may sign in. It applies
// while Parameter's value does not itself match Pattern.
type IssuerByClaim struct {
	Parameter string `yaml:"parameter"`
	Claim     string `yaml:"claim"`
	Pattern   string `yaml:"pattern"` // must match the claim's whole value
	Template  string `yaml:"template"`
}

// Authorize describes the authorization request (RFC 6749 section 4.1.1).
type Authorize struct {
	PKCE         PKCE              `yaml:"pkce"`
	Params       map[string]string `yaml:"params"`
	SignInParams map[string]string `yaml:"sign_in_params"`
}

// PKCE is the code challenge method sent (RFC 7636).
type PKCE string

// The methods; plain is not offered.
const (
	PKCENone PKCE = "none"
	PKCES256 PKCE = "S256"
)

// Scopes is the scope catalogue of a type.
type Scopes struct {
	Separator       string   `yaml:"separator"`
	Required        bool     `yaml:"required"`
	CaseInsensitive bool     `yaml:"case_insensitive"`
	Identity        []string `yaml:"identity"` // what signing in asks for
	// NeededForRefresh must be among the scopes or no refresh token comes.
	NeededForRefresh []string `yaml:"needed_for_refresh"`
	// Whole is the last part of a scope that covers the parts in Covers.
	Whole     string   `yaml:"whole"`
	Covers    []string `yaml:"covers"`
	Patterns  []string `yaml:"patterns"` // known scopes that cannot be listed
	Catalogue []Scope  `yaml:"catalogue"`
	Presets   []Preset `yaml:"presets"`
}

// Scope is one permission, in words.
type Scope struct {
	Scope   string `yaml:"scope"`
	Lets    string `yaml:"lets"` // what it lets you do
	UsedFor string `yaml:"used_for"`
}

// Preset is a set of scopes that belong together.
type Preset struct {
	ID     string   `yaml:"id"`
	Name   string   `yaml:"name"`
	Scopes []string `yaml:"scopes"`
}

// Client describes client authentication at the token endpoint.
type Client struct {
	Authentication ClientAuth `yaml:"authentication"`
	IDPattern      string     `yaml:"id_pattern"`
	IDHint         string     `yaml:"id_hint"`
}

// ClientAuth is how the client proves itself (RFC 6749 section 2.3.1).
type ClientAuth string

// The styles. ClientAuthNone is a public client that has only PKCE.
const (
	ClientAuthPost  ClientAuth = "post"
	ClientAuthBasic ClientAuth = "basic"
	ClientAuthNone  ClientAuth = "none"
)

// ClientCredentials holds extra parameters of that grant.
type ClientCredentials struct {
	Params map[string]string `yaml:"params"`
}

// API says how a lent token is used.
type API struct {
	BaseURL     string            `yaml:"base_url"`
	TokenHeader string            `yaml:"token_header"`
	TokenPrefix string            `yaml:"token_prefix"`
	Headers     map[string]string `yaml:"headers"`
	// Domain is the template of the api_domain that token responses carry.
	Domain string `yaml:"domain"`
	// InstanceHosts are the only hosts that a token response's instance_url may
	// have: exact, or every subdomain of what begins with a dot. Elsewhere the
	// token would be sent wherever an answer says.
	InstanceHosts []string  `yaml:"instance_hosts"`
	Errors        APIErrors `yaml:"errors"`
}

// Console is where the client is registered.
type Console struct {
	URL   string   `yaml:"url"`
	Steps []string `yaml:"steps"`
}

// Rotation says whether a refresh yields a new refresh token and ends the old.
type Rotation string

// The rotations.
const (
	RotatesNever  Rotation = "never"
	RotatesAlways Rotation = "always"
	RotatesMaybe  Rotation = "maybe"
)

// Refresh describes how tokens live and are renewed. Zero durations are
// unknown or unlimited.
type Refresh struct {
	Rotation Rotation `yaml:"rotates_refresh_token"`
	// Requires means that a consent without a refresh token has failed.
	Requires                   bool          `yaml:"requires_refresh_token"`
	RefreshTokenLifetime       time.Duration `yaml:"refresh_token_lifetime"`   // since consent
	RefreshTokenIdleLimit      time.Duration `yaml:"refresh_token_idle_limit"` // since last use
	AccessTokenDefaultLifetime time.Duration `yaml:"access_token_default_lifetime"`
	AccessTokenMaxLifetime     time.Duration `yaml:"access_token_max_lifetime"`
	ExpiresInUnit              ExpiresInUnit `yaml:"expires_in_unit"`
	// ExpiresInSecondsField is believed before expires_in; where it is present,
	// expires_in may be in another unit.
	ExpiresInSecondsField string `yaml:"expires_in_seconds_field"`
}

// ExpiresInUnit is the unit of the token response's expires_in.
type ExpiresInUnit string

// The units. RFC 6749 knows only seconds.
const (
	Seconds      ExpiresInUnit = "seconds"
	Milliseconds ExpiresInUnit = "milliseconds"
)

// RegionParams names the callback parameters that tell the user's region. Their
// values choose from the table of data centres and are never used themselves.
type RegionParams struct {
	AuthorizationServer string `yaml:"authorization_server"`
	Code                string `yaml:"code"`
}

// Revocation says how a token is given back.
type Revocation struct {
	Method               string     `yaml:"method"`
	TokenIn              TokenPlace `yaml:"token_in"`
	ClientAuthentication bool       `yaml:"client_authentication"`
	GoneStatuses         []int      `yaml:"gone_statuses"` // mean that it was gone already
	// EndsAllGrants means that revoking one token ends every grant of the same
	// account and client, newer ones included.
	EndsAllGrants bool `yaml:"ends_all_grants"`
}

// TokenPlace is where the token to revoke goes.
type TokenPlace string

// The places. TokenInHeader is the access token in the API's token header.
const (
	TokenInBody   TokenPlace = "body"
	TokenInQuery  TokenPlace = "query"
	TokenInHeader TokenPlace = "header"
)

// VerifyBy says what proves the environment after consent.
type VerifyBy string

// The proofs.
const (
	VerifyNone             VerifyBy = "none"
	VerifyOrganizationFlag VerifyBy = "organization_flag"
	VerifyAPIDomain        VerifyBy = "api_domain"
	VerifyHost             VerifyBy = "host"
)

// Verification decides in which environment a grant really is. For
// organization_flag, Path is a field of the organisation and Values lists its
// values, compared as text, so that both true and "true" are "true". For host,
// Values lists hosts or dotted suffixes of the token response's instance_url.
type Verification struct {
	By     VerifyBy                             `yaml:"by"`
	Path   string                               `yaml:"path"`
	Values map[authmethods.Environment][]string `yaml:"values"`
	// APIDomain is resolved only: what api_domain must equal, without a final slash.
	APIDomain string `yaml:"-"`
}

// Organizations says how the organisations behind a token are found. Paths are
// field names joined by dots; an empty List means that the answer itself is the
// one organisation.
type Organizations struct {
	Method  string `yaml:"method"`
	URL     string `yaml:"url"`
	List    string `yaml:"list"`
	ID      string `yaml:"id"`
	Name    string `yaml:"name"`
	Default string `yaml:"default"`
	Sandbox string `yaml:"sandbox"`
	Header  string `yaml:"header"` // carries the chosen id in API calls
	// Proof is a call that succeeds with Header only for the organisation that the
	// token is for, where the list may hold others.
	Proof  string   `yaml:"proof"`
	Scopes []string `yaml:"scopes"` // any one of them suffices
}

// People says how those are listed who work with the product, in parts of Size.
type People struct {
	URL    string   `yaml:"url"`
	List   string   `yaml:"list"`
	ID     string   `yaml:"id"` // what sub is when they sign in
	Email  string   `yaml:"email"`
	Name   string   `yaml:"name"`
	Offset string   `yaml:"offset"` // the parameter that says how many to leave out
	Limit  string   `yaml:"limit"`  // the parameter that says how many to list
	Size   int      `yaml:"size"`
	Scopes []string `yaml:"scopes"` // any one of them suffices
}

// Account says how the account behind a token is found.
type Account struct {
	URL     string   `yaml:"url"`
	ID      string   `yaml:"id"`
	Email   string   `yaml:"email"`
	Display string   `yaml:"display"`
	Scopes  []string `yaml:"scopes"`
}

// TestCall is a harmless call that shows a token to work.
type TestCall struct {
	Method string   `yaml:"method"`
	URL    string   `yaml:"url"`
	Scopes []string `yaml:"scopes"`
}

// HasMode reports whether methods of the type may have mode m.
func (t *Type) HasMode(m authmethods.Mode) bool {
	for _, mode := range t.Modes {
		if mode == m {
			return true
		}
	}
	return false
}

// EnvironmentsInOrder lists the type's environments as people are shown them.
func (t *Type) EnvironmentsInOrder() []authmethods.Environment {
	var list []authmethods.Environment
	for _, e := range authmethods.Environments {
		if _, ok := t.Environments[e]; ok {
			list = append(list, e)
		}
	}
	return list
}
