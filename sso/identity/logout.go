package identity

import (
	"context"

	"latchkey/sso"
)

const logoutToken = "logout token"

// backChannel is the event that a logout token must hold.
const backChannel = "http://schemas.openid.net/event/backchannel-logout"

// logout checks a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6).
func (w *work) logout(ctx context.Context) (Logout, error) {
	s, err := w.open(logoutToken, "logout+jwt")
	if err != nil {
		return Logout{}, err
	}
	_, libraryErr := w.verifier(s).VerifyLogout(ctx, s.token.standard)
	claims, err := w.signed(logoutToken, s)
	if err != nil {
		return Logout{}, err
	}
	issuer, err := w.issuer(logoutToken, claims)
	if err != nil {
		return Logout{}, err
	}
	if err := w.audience(logoutToken, claims); err != nil {
		return Logout{}, err
	}
	if err := w.times(logoutToken, claims); err != nil {
		return Logout{}, err
	}
	issued, _ := moment(claims["iat"])
	out := Logout{Issuer: issuer, SessionID: sessionID(claims), IssuedAt: issued}
	if wrong := out.read(claims); wrong != "" {
		return Logout{}, w.refuse("The logout token "+wrong+".", nil)
	}
	if libraryErr != nil {
		return Logout{}, w.refuse("The logout token has a claim of the wrong type.", nil)
	}
	return out, nil
}

// read takes what a logout token says, and says what is wrong with it.
func (l *Logout) read(claims sso.Claims) (wrong string) {
	if _, there := claims["nonce"]; there {
		return "has a nonce, as only ID tokens have"
	}
	events, _ := claims["events"].(map[string]any)
	if _, ok := events[backChannel].(map[string]any); !ok {
		return "does not say that it is about a logout (events)"
	}
	if jti, _ := claims["jti"].(string); !isSubject(jti) {
		return "has no name of its own (jti)"
	}
	if value, there := claims["sub"]; there {
		if l.Subject, _ = value.(string); !isSubject(l.Subject) {
			return "has a sub that is not 1 to 255 ASCII characters"
		}
	}
	if _, there := claims["sid"]; there && l.SessionID == "" {
		return "has a sid that is not 1 to 255 ASCII characters"
	}
	if l.Subject == "" && l.SessionID == "" {
		return "names neither a subject nor a session"
	}
	return ""
}
