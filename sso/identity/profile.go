package identity

import (
	"context"

	"latchkey/sso"
)

// profileAddress is where the provider's own call is; empty: it has none.
func (w *work) profileAddress() string {
	if p := w.answer.Provider.Profile; p != nil {
		return p.URL
	}
	return ""
}

// profile asks the provider's own call about the account and returns what it says
// under the names of OpenID Connect. Nothing of it is verified.
func (w *work) profile(ctx context.Context) (sso.Claims, error) {
	said, err := w.ask(ctx, w.profileAddress())
	if err != nil {
		return nil, err
	}
	p := w.answer.Provider.Profile
	id := said[p.ID]
	if id == nil {
		// Zoho says with status 200 that the scope is missing, in one of two ways.
		if said["status_code"] != nil || said["cause"] != nil {
			return nil, fault("it refused the access token, perhaps for want of a scope")
		}
		return nil, fault("its answer has no " + p.ID)
	}
	claims := sso.Claims{"sub": id}
	for name, field := range p.Claims {
		if value, ok := said.Text(field); ok {
			claims[name] = value
		}
	}
	return claims, nil
}
