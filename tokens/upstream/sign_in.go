package upstream

import (
	"context"
	"errors"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// ExchangeForSignIn exchanges the code of a sign-in, once. The tokens say who
// somebody is and are forgotten afterwards; withNext says that the provider took the
// client's next secret for them. Its error is an *authmethods.Problem.
func (c *Client) ExchangeForSignIn(
	ctx context.Context, p catalog.Provider, client authmethods.Client, code secret.Text, redirectURI string, verifier secret.Text,
) (idToken, accessToken secret.Text, withNext bool, err error) {
	answer, err := c.Exchange(ctx, tokens.Registration{Provider: p, Client: client, Mode: authmethods.ModeOAuth}, Exchange{
		Code: code, RedirectURI: redirectURI, CodeVerifier: verifier,
	})
	if err != nil {
		return secret.Text{}, secret.Text{}, false, signInFault(err)
	}
	r, failure := tokens.Read(&p, answer)
	if failure != nil {
		return secret.Text{}, secret.Text{}, false, signInFault(failure)
	}
	return r.IDToken, r.AccessToken, answer.WithNext, nil
}

// signInFault tells what people can do about it: most failures pass, the client's
// do not, and a refused code is begun anew.
func signInFault(err error) error {
	var f *tokens.Failure
	if !errors.As(err, &f) {
		return err
	}
	p := &authmethods.Problem{Code: f.Code, Kind: authmethods.Unavailable, RetryAfter: f.RetryAfter, Err: err}
	switch f.Code {
	case authmethods.CodeGrantLost:
		p.Kind, p.Code = authmethods.Conflict, authmethods.CodeSignInOutOfDate
		p.Detail = "The provider did not accept the code: it was too old or used before."
	case authmethods.CodeClientRejected, authmethods.CodeRedirectURIMismatch, authmethods.CodeScopeUnknown:
		p.Kind, p.Detail = authmethods.HumanNeeded, "The provider refused this application."
	case authmethods.CodeUnexpectedReply:
		p.Detail = "The provider answered with something that is no token answer."
	case authmethods.CodeProviderThrottled:
		p.Detail = "The provider asks to wait."
	default:
		p.Detail = "The provider could not be reached or is in trouble."
	}
	return p
}
