package signin

import (
	"context"
	"net/url"

	"latchkey/authmethods"
)

// LogoutURL returns where the browser ends the provider's own session (OpenID Connect
// RP-Initiated Logout 1.0) and from where it comes back to returnTo; empty if the
// provider offers no such thing. No ID token is sent along, since none is kept.
func (s *Service) LogoutURL(ctx context.Context, c authmethods.Caller, connector authmethods.ID, returnTo string) (string, error) {
	door, err := s.o.Directory.Door(c)
	if err != nil {
		return "", err
	}
	of, err := door.Connector(ctx, string(connector))
	if err != nil {
		return "", err
	}
	p, err := s.plan(ctx, c, of, "")
	if err != nil || p.provider.EndSessionEndpoint == "" {
		return "", err
	}
	u, err := url.Parse(p.provider.EndSessionEndpoint)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("client_id", p.client.ID)
	q.Set("post_logout_redirect_uri", returnTo)
	u.RawQuery = q.Encode()
	return u.String(), nil
}
