package identity

import (
	"context"
	"errors"
	"slices"

	"latchkey/sso"
)

// usual are the claims that userinfo is asked for beside the wanted ones.
var usual = []string{"name", "email", "email_verified"}

// identify takes the best of what came.
func (w *work) identify(ctx context.Context) error {
	oauthOnly := w.answer.Type == sso.OAuth2
	if !w.answer.IDToken.IsZero() && !oauthOnly {
		if err := w.byIDToken(ctx); err != nil {
			return err
		}
		return w.complete(ctx)
	}
	if oauthOnly {
		w.tell("The connector is of the type OAuth 2.0, so the person is the one whose access token was received.")
	} else {
		w.tell("No ID token came, so the person is the one whose access token was received.")
	}
	if w.answer.AccessToken.IsZero() {
		return w.refuse("The provider sent neither an ID token nor an access token to go by.", nil)
	}
	return w.byAccessToken(ctx)
}

// complete adds to what the ID token says what userinfo says beyond it. Only
// another person there is an error: the ID token is proof enough.
func (w *work) complete(ctx context.Context) error {
	claims := w.proof.Claims
	lacks := func(name string) bool { return claims[name] == nil }
	wanted := slices.Concat(usual, w.answer.Wanted)
	if w.answer.Provider.UserinfoEndpoint == "" || w.answer.AccessToken.IsZero() || !slices.ContainsFunc(wanted, lacks) {
		return nil
	}
	more, err := w.userinfo(ctx)
	if err != nil {
		w.tell("Userinfo added nothing: " + err.Error() + ".")
		return nil
	}
	id, wrong := subjectOf(more["sub"])
	if wrong != "" {
		w.tell("Userinfo added nothing: its sub " + wrong + ".")
		return nil
	}
	if id != w.proof.Subject.ID {
		w.proof = Proof{Trace: w.proof.Trace}
		return w.refuse("Userinfo speaks of somebody else than the ID token (sub).", nil)
	}
	add(claims, more)
	w.tell("Userinfo added what the ID token does not say.")
	return nil
}

// byAccessToken proves who it is by what the provider says to the access token.
func (w *work) byAccessToken(ctx context.Context) error {
	p := &w.answer.Provider
	if p.Issuer == "" && p.IssuerByClaim != nil {
		return w.refuse("Without an ID token this provider does not say which issuer the person belongs to.", nil)
	}
	var last error
	for _, way := range []struct {
		source  Source
		address string
		ask     func(context.Context) (sso.Claims, error)
	}{
		{FromUserinfo, p.UserinfoEndpoint, w.userinfo},
		{FromProfile, w.profileAddress(), w.profile},
	} {
		if way.address == "" {
			continue
		}
		claims, err := way.ask(ctx)
		if err == nil {
			if err = w.named(claims, way.source, way.address); err == nil {
				return nil
			}
		}
		var trouble *troubleError
		if errors.As(err, &trouble) {
			// Another way would say less, and this one may work again soon.
			return w.down("The provider could not be asked who it is: "+err.Error()+".", trouble.err)
		}
		w.tell(heads[way.source] + " does not say who it is: " + err.Error() + ".")
		last = err
	}
	if last == nil {
		return w.refuse("The provider has no address to ask who somebody is.", nil)
	}
	return w.refuse("The provider does not say whose access token it is: "+last.Error()+".", nil)
}

var heads = map[Source]string{FromUserinfo: "Userinfo", FromProfile: "The provider's profile call"}

// named takes what was said as proof if it names somebody.
func (w *work) named(claims sso.Claims, source Source, address string) error {
	id, wrong := subjectOf(claims["sub"])
	if wrong != "" {
		return fault("its sub " + wrong)
	}
	claims["sub"] = id
	for _, name := range protocol {
		delete(claims, name)
	}
	issuer := w.answer.Provider.Issuer
	if issuer == "" {
		issuer = address
	}
	w.proof.Subject = sso.Subject{Issuer: issuer, ID: id}
	w.proof.Claims, w.proof.Source = claims, source
	w.tell(heads[source] + " names the subject to the access token that was received.")
	return nil
}
