package signin

import (
	"context"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/sso"
)

// BeginOptions are the less common choices.
type BeginOptions struct {
	ReturnTo      string // checked by the caller against the tenant's list
	SelectAccount bool   // have the provider ask which account
	Test          bool   // judge and do not sign in; needs the right to see connectors
}

// Begun is a sign-in that the browser is to go on with.
type Begun struct {
	AuthorizeURL string
	State        State // for the browser to keep, sealed
	Connector    sso.Connector
}

// Begin makes the authorization request of a sign-in (OpenID Connect Core 1.0
// section 3.1.2.1) by the connector with this reference. It stores nothing.
func (s *Service) Begin(ctx context.Context, c authmethods.Caller, reference string, o BeginOptions) (Begun, error) {
	if o.Test {
		if err := c.May(authmethods.ViewConnectors); err != nil {
			return Begun{}, err
		}
	}
	door, err := s.o.Directory.Door(c)
	if err != nil {
		return Begun{}, err
	}
	connector, err := door.Connector(ctx, reference)
	if err != nil {
		return Begun{}, err
	}
	if connector.Disabled && !o.Test {
		return Begun{}, closed(nil)
	}
	p, err := s.plan(ctx, c, connector, "")
	if err != nil {
		return Begun{}, err
	}
	state := State{
		Connector: connector.ID, Reference: connector.Reference, State: token.Random(32), Nonce: token.Random(32),
		CodeVerifier: secret.New(oauth2.GenerateVerifier()), DataCentre: p.provider.DataCentre,
		ClientVersion: p.client.Base, ReturnTo: o.ReturnTo, BeganAt: time.Now(), Test: o.Test,
	}
	s.starts.add(c.Tenant(), connector.ID)
	return Begun{AuthorizeURL: s.authorizationRequest(p, state, o), State: state, Connector: connector}, nil
}

// authorizationRequest asks for who somebody is and nothing more: no lasting access,
// and no consent page again and again.
func (s *Service) authorizationRequest(p *plan, state State, o BeginOptions) string {
	scopes := p.provider.IdentityScopes
	if len(scopes) == 0 {
		scopes = p.method.Scopes // a generic provider: what was configured is all that is known
	}
	config := oauth2.Config{
		ClientID: p.client.ID, RedirectURL: s.o.PublicURL.SignInRedirectURI(p.tenant),
		Endpoint: oauth2.Endpoint{AuthURL: p.provider.AuthorizationEndpoint, AuthStyle: oauth2.AuthStyleInParams},
	}
	if len(scopes) > 0 {
		// One string: x/oauth2 would join with spaces, which not all providers take.
		config.Scopes = []string{strings.Join(p.provider.ExpandScopes(scopes), p.provider.ScopeSeparator)}
	}
	var options []oauth2.AuthCodeOption
	for name, value := range p.provider.SignInParams {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	if p.connector.Type == sso.OpenIDConnect {
		options = append(options, oauth2.SetAuthURLParam("nonce", state.Nonce.Reveal()))
	}
	if o.SelectAccount {
		options = append(options, oauth2.SetAuthURLParam("prompt", "select_account"))
	}
	if p.provider.PKCE == catalog.PKCES256 {
		options = append(options, oauth2.S256ChallengeOption(state.CodeVerifier.Reveal()))
	}
	return config.AuthCodeURL(state.State.Reveal(), options...)
}
