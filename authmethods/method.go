package authmethods

import (
	"time"

	"latchkey/crypto/secret"
)

// DataCentreAuto lets the provider's answer decide in which data centre a
// connection lives.
const DataCentreAuto = "auto"

// Method is an authentication method: one tenant's client registration at a
// provider. It holds no secret in clear; see [Credentials].
type Method struct {
	ID              ID
	Reference       string // slug, unique in the tenant for ever
	Name            string
	IntegrationType string
	Mode            Mode
	EnvironmentURL  string // the provider's address for this customer, where it has one
	ClientID        string
	Secret          SecretInfo
	NextSecret      SecretInfo // see [Client]
	Scopes          []string
	DataCentre      string // a code of the integration type, or DataCentreAuto
	Settings        Settings
	Environments    []MethodEnvironment
	Rev             int64 // counts the changes; the ETag
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Settings are what only some integration types need. Generic types carry their
// endpoints here; others leave them empty.
type Settings struct {
	AuthorizeURL      string            `json:"authorize_url,omitempty"`
	TokenURL          string            `json:"token_url,omitempty"`
	UserinfoURL       string            `json:"userinfo_url,omitempty"`
	RevokeURL         string            `json:"revoke_url,omitempty"`
	Issuer            string            `json:"issuer,omitempty"`
	ScopeSeparator    string            `json:"scope_separator,omitempty"`
	TokenHeaderPrefix string            `json:"token_header_prefix,omitempty"`
	ClientAuth        string            `json:"client_auth,omitempty"`
	AuthorizeParams   map[string]string `json:"authorize_params,omitempty"`
	// Parameters fill the placeholders that the integration type declares, such
	// as the directory of Microsoft Entra.
	Parameters map[string]string `json:"parameters,omitempty"`
}

// SecretInfo is what may be shown of a stored secret.
type SecretInfo struct {
	Set   bool
	Last4 string
	SetAt time.Time
}

// MethodEnvironment is a method in one environment. Overrides that are empty
// mean the method's own value.
type MethodEnvironment struct {
	Environment    Environment
	Enabled        bool
	ClientID       string
	Secret         SecretInfo
	NextSecret     SecretInfo // of the Secret here; without one the method's counts
	EnvironmentURL string
	// ClientVersion counts the changes of client ID and secret here; it is the
	// Version of the [Client].
	ClientVersion int64
	// Rejected is set while the provider refuses this client as such
	// (invalid_client); no grant of it is refreshed before it is mended.
	Rejected *Rejection
}

// Rejection records that a provider refused the client itself.
type Rejection struct {
	Code    Code
	At      time.Time
	RetryAt time.Time // when the provider is asked again in case it was its own fault
}

// In returns the method's settings for e, or nil if it was never set up there.
func (m *Method) In(e Environment) *MethodEnvironment {
	for i := range m.Environments {
		if m.Environments[i].Environment == e {
			return &m.Environments[i]
		}
	}
	return nil
}

// SecretsIn returns the client secret that counts in an environment, and the one that
// is to follow it: an environment with one of its own inherits neither.
func (m *Method) SecretsIn(e Environment) (present, next SecretInfo) {
	if own := m.In(e); own != nil && own.Secret.Set {
		return own.Secret, own.NextSecret
	}
	return m.Secret, m.NextSecret
}

// ClientIDIn returns the client ID that counts in an environment.
func (m *Method) ClientIDIn(e Environment) string {
	if own := m.In(e); own != nil && own.ClientID != "" {
		return own.ClientID
	}
	return m.ClientID
}

// Client is a client registration with its secret, as it is sent to a provider.
type Client struct {
	ID     string
	Secret secret.Text
	// Next is the secret that is tried, once, where the provider refuses Secret, and
	// that takes its place when it is accepted; absent: there is none.
	Next secret.Text
	// Version counts the changes of ID and secrets: a verdict about a client
	// applies only to the version that was sent.
	Version int64
	// Base is Version without the changes that a next secret alone made: what was begun
	// at the provider with one version of a Base may end with another.
	Base int64
}
