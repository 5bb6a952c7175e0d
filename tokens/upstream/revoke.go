package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
)

// ErrNoRevocation says that the provider offers no revocation. It is not a
// failure: there is nothing to call.
var ErrNoRevocation = errors.New("upstream: the provider has no revocation endpoint")

// ErrNothingToRevoke says that the token by which the provider revokes is absent.
var ErrNothingToRevoke = errors.New("upstream: there is no token to revoke")

// Revoke gives token back (RFC 7009 and what providers made of it). Where a
// provider revokes the token that a call carries, that is accessToken. A token
// that was gone already is revoked. In other errors errors.As finds a
// *tokens.Failure.
func (c *Client) Revoke(ctx context.Context, r tokens.Registration, token, accessToken secret.Text) error {
	p, err := c.Complete(ctx, r.Provider)
	if err != nil {
		return err
	}
	if p.RevocationEndpoint == "" {
		return ErrNoRevocation
	}
	client := r.Client
	if !p.Revocation.ClientAuthentication {
		client = authmethods.Client{}
	}
	// Whatever secret it took, only tokens prove one: they have it promoted.
	answer, err := withSecrets(&p, client, func(client authmethods.Client) (tokens.Answer, error) {
		w, err := revocation(&p, client, token, accessToken)
		if err != nil {
			return tokens.Answer{}, err
		}
		resp, err := c.do(ctx, w)
		if err != nil {
			return tokens.Answer{}, err
		}
		return c.answer(resp), nil
	})
	if err != nil {
		return err
	}
	return revoked(&p, answer)
}

func revocation(p *catalog.Provider, client authmethods.Client, token, accessToken secret.Text) (call, error) {
	if p.Revocation.TokenIn == catalog.TokenInHeader {
		token = accessToken
	}
	if token.IsZero() {
		return call{}, ErrNothingToRevoke
	}
	w := call{what: "revocation", method: p.Revocation.Method, url: p.RevocationEndpoint, header: http.Header{}}
	if w.method == "" {
		w.method = http.MethodPost
	}
	form := url.Values{}
	switch p.Revocation.TokenIn {
	case catalog.TokenInHeader:
		w.header.Set(p.TokenHeader, strings.TrimSpace(p.TokenHeaderPrefix+" "+token.Reveal()))
	case catalog.TokenInQuery:
		w.url = withQuery(w.url, "token", token.Reveal())
	default:
		form.Set("token", token.Reveal())
	}
	if p.Revocation.ClientAuthentication {
		authenticate(w.header, form, p.ClientAuth, client)
	}
	if len(form) > 0 {
		w.form = form
	}
	return w, nil
}

func withQuery(address, name, value string) string {
	joint := "?"
	if strings.Contains(address, "?") {
		joint = "&"
	}
	return address + joint + name + "=" + url.QueryEscape(value)
}

// revoked reads the answer to a revocation.
func revoked(p *catalog.Provider, a tokens.Answer) error {
	if slices.Contains(p.Revocation.GoneStatuses, a.Status) {
		return nil
	}
	if a.Status >= 200 && a.Status < 300 && !namesError(a) {
		return nil
	}
	_, failure := tokens.Read(p, a)
	// A token that the provider does not know is gone.
	if failure == nil || failure.Verdict == tokens.GrantLost {
		return nil
	}
	return &callError{
		what: "revocation", host: hostOf(p.RevocationEndpoint),
		reason: "refused with " + failure.Error(), causes: []error{failure},
	}
}

// namesError reports whether an answer is an error whatever its status.
func namesError(a tokens.Answer) bool {
	body, _ := decode([]byte(a.Body.Reveal()))
	object, _ := body.(map[string]any)
	code, ok := object["error"].(string)
	return ok && code != ""
}
