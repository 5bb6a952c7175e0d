package identity

import (
	"context"
	"crypto/subtle"

	"latchkey/sso"
)

const idToken = "ID token"

// kinds are the types an ID token may have: those of tokens for other ends differ,
// and an access token or a logout token is none.
var kinds = []string{"", "jwt", "jws"}

// byIDToken proves who it is by the ID token.
func (w *work) byIDToken(ctx context.Context) error {
	s, err := w.open(idToken, kinds...)
	if err != nil {
		return err
	}
	token, libraryErr := w.verifier(s).Verify(ctx, s.token.standard)
	claims, err := w.signed(idToken, s)
	if err != nil {
		return err
	}
	subject, err := w.judge(claims)
	if err != nil {
		return err
	}
	if libraryErr != nil {
		return w.refuse("The ID token has a claim of the wrong type.", nil) // the cause quotes it
	}
	if value, there := claims["at_hash"]; there && !w.lenient {
		if hash, ok := value.(string); !ok || hash == "" || token.VerifyAccessToken(w.answer.AccessToken.Reveal()) != nil {
			return w.refuse("The ID token belongs to another access token (at_hash).", nil)
		}
		w.tell("It belongs to the access token that came with it.")
	}
	w.proof.Subject, w.proof.Claims, w.proof.Source = subject, claims, FromIDToken
	w.proof.SessionID = sessionID(claims)
	w.proof.IssuedAt, _ = moment(claims["iat"])
	// They hold access tokens to other places and are asked for by nobody.
	delete(claims, "_claim_names")
	delete(claims, "_claim_sources")
	w.tell("The ID token names the subject, issued by " + subject.Issuer + ".")
	return nil
}

// judge checks the claims of an ID token whose signature is verified (OpenID Connect
// Core 1.0 section 3.1.3.7) and returns whom it names.
func (w *work) judge(claims sso.Claims) (sso.Subject, error) {
	issuer, err := w.issuer(idToken, claims)
	if err != nil {
		return sso.Subject{}, err
	}
	if err := w.audience(idToken, claims); err != nil {
		return sso.Subject{}, err
	}
	if err := w.times(idToken, claims); err != nil {
		return sso.Subject{}, err
	}
	if err := w.nonce(claims); err != nil {
		return sso.Subject{}, err
	}
	id, ok := claims["sub"].(string)
	if !ok || !isSubject(id) {
		return sso.Subject{}, w.refuse("The ID token names nobody: its sub is not 1 to 255 ASCII characters.", nil)
	}
	return sso.Subject{Issuer: issuer, ID: id}, nil
}

// nonce ties the token to the browser that asked for it.
func (w *work) nonce(claims sso.Claims) error {
	value, there := claims["nonce"]
	got, _ := value.(string)
	switch sent := w.answer.Nonce; {
	case w.lenient && there:
		w.tell("It has a nonce, which was not compared.")
	case w.lenient:
		w.tell("It has no nonce.")
	case sent == "":
		return w.refuse("No nonce was sent that the ID token could repeat.", nil)
	case !there && w.answer.Provider.IDTokens.NonceOptional:
		w.tell("It has no nonce, which this provider may leave out.")
	case !there:
		return w.refuse("The ID token has no nonce.", nil)
	case subtle.ConstantTimeCompare([]byte(got), []byte(sent)) != 1:
		return w.refuse("The ID token is for another sign-in: its nonce is not the one that was sent.", nil)
	default:
		w.tell("It repeats the nonce of this sign-in.")
	}
	return nil
}

// isSubject reports whether a text may be a sub: 1 to 255 characters of ASCII that
// can be seen.
func isSubject(id string) bool {
	if len(id) < 1 || len(id) > 255 {
		return false
	}
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// sessionID is the provider's name of the session, if it is one.
func sessionID(claims sso.Claims) string {
	if id, ok := claims["sid"].(string); ok && isSubject(id) {
		return id
	}
	return ""
}
