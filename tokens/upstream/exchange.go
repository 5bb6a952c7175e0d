package upstream

import (
	"context"
	"net/url"
	"time"

	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// Exchange is what an authorization code is exchanged with.
type Exchange struct {
	Code         secret.Text
	RedirectURI  string // empty: the code came by no redirect
	CodeVerifier secret.Text
}

// Exchange makes an authorization code request (RFC 6749 section 4.1.3). Answers
// and errors are as with [Client.Send].
func (c *Client) Exchange(ctx context.Context, r tokens.Registration, x Exchange) (tokens.Answer, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {x.Code.Reveal()}}
	if x.RedirectURI != "" {
		form.Set("redirect_uri", x.RedirectURI)
	}
	if !x.CodeVerifier.IsZero() {
		form.Set("code_verifier", x.CodeVerifier.Reveal())
	}
	return c.token(ctx, r, form, time.Time{})
}
