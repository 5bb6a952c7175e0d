package consent

import (
	"context"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/crypto/token"
	"latchkey/tokens/store"
)

// Open shows a consent to who has its ticket, for the start page. It changes
// nothing: whoever previews a link must not use it up.
func (s *Service) Open(ctx context.Context, c authmethods.Caller, id authmethods.ID, ticket secret.Text) (Attempt, error) {
	record, now, err := s.ticketed(ctx, c, id, ticket)
	if err != nil {
		return Attempt{}, err
	}
	return s.view(ctx, c, record, now)
}

func (s *Service) ticketed(ctx context.Context, c authmethods.Caller, id authmethods.ID, ticket secret.Text) (store.Consent, time.Time, error) {
	record, now, err := s.o.Grants.Consent(ctx, c, id)
	if authmethods.KindOf(err) == authmethods.NotFound || err == nil && !matches(record.Ticket, ticket) {
		err = outOfDate()
	}
	return record, now, err
}

// Start binds a consent to the browser that goes on to the provider and returns
// the authorization request's address (RFC 6749 section 4.1.1, RFC 7636).
// browser is the secret that the browser keeps in a cookie.
func (s *Service) Start(ctx context.Context, c authmethods.Caller, id authmethods.ID, ticket, browser secret.Text) (string, error) {
	record, _, err := s.ticketed(ctx, c, id, ticket)
	if err != nil {
		return "", err
	}
	if browser.IsZero() {
		return "", outOfDate()
	}
	p, err := s.plan(ctx, c, string(record.MethodID), record.Environment, record.DataCentre)
	if err != nil {
		return "", err
	}
	if err := s.free(ctx, c, p); err != nil {
		return "", err
	}
	state, verifier := token.Random(32), secret.New(oauth2.GenerateVerifier())
	bound, err := s.o.Grants.StartConsent(ctx, c, id, []string{string(Pending), string(Started)}, string(Started), store.Start{
		State: token.HashOf(state), Browser: token.HashOf(browser), CodeVerifier: verifier, Issuer: p.provider.Issuer,
	})
	if err != nil {
		return "", err
	}
	if !bound {
		return "", outOfDate()
	}
	return authorizationRequest(&p.provider, p.client.ID, record, state, verifier), nil
}

func authorizationRequest(p *catalog.Provider, clientID string, r store.Consent, state, verifier secret.Text) string {
	config := oauth2.Config{
		ClientID: clientID, RedirectURL: r.RedirectURI,
		Endpoint: oauth2.Endpoint{AuthURL: p.AuthorizationEndpoint, AuthStyle: oauth2.AuthStyleInParams},
	}
	if len(r.Scopes) > 0 {
		// One string: x/oauth2 would join with spaces, which not all providers take.
		config.Scopes = []string{strings.Join(p.ExpandScopes(r.Scopes), p.ScopeSeparator)}
	}
	var options []oauth2.AuthCodeOption
	for name, value := range p.AuthorizeParams {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	if p.PKCE == catalog.PKCES256 {
		options = append(options, oauth2.S256ChallengeOption(verifier.Reveal()))
	}
	return config.AuthCodeURL(state.Reveal(), options...)
}
