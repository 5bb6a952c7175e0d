package signin

import (
	"context"

	"latchkey/authmethods"
	"latchkey/crypto/secret"
	"latchkey/sso/identity"
)

// ProviderLogout checks what the provider of a connector says about somebody who
// signed out there (OpenID Connect Back-Channel Logout 1.0 section 2.6). A disabled
// connector or a freeze does not matter: what ends here must end.
//
// An unknown connector is [authmethods.Missing]; a token that proves nothing is
// CodeIdentityUnproved, and CodeProviderDown if the provider's keys cannot be had now.
func (s *Service) ProviderLogout(ctx context.Context, c authmethods.Caller, reference string, token secret.Text) (identity.Logout, error) {
	door, err := s.o.Directory.Door(c)
	if err != nil {
		return identity.Logout{}, err
	}
	connector, err := door.Connector(ctx, reference)
	if err != nil {
		return identity.Logout{}, err
	}
	p, err := s.planned(ctx, c, connector)
	if err != nil {
		return identity.Logout{}, err
	}
	if err := p.resolve(ctx, s, c, ""); err != nil {
		return identity.Logout{}, err
	}
	return s.o.Identity.LogoutToken(ctx, p.provider, p.client.ID, token)
}
