package identity

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/sso"
)

const (
	// leeway is how far a provider's clock may be from ours.
	leeway = time.Minute
	// maxAge is how old a token may be that a code was just exchanged for.
	maxAge = 10 * time.Minute
)

// issuer checks who issued a token and returns the issuer as the catalogue spells it.
func (w *work) issuer(what string, claims sso.Claims) (string, error) {
	p := &w.answer.Provider
	got, _ := claims["iss"].(string)
	canonical := p.Issuer
	if by := p.IssuerByClaim; canonical == "" && by != nil {
		var wrong string
		if canonical, wrong = byClaim(by, claims); wrong != "" {
			return "", w.refuse("The "+what+" "+wrong+".", nil)
		}
	}
	if canonical == "" {
		return "", w.refuse("The provider has no issuer in its description.", nil)
	}
	if got != canonical && !slices.Contains(p.IssuerSpellings, got) {
		return "", w.refuse("The "+what+" was issued by another issuer than the one that was asked.", nil)
	}
	w.tell("It was issued by " + canonical + ".")
	return canonical, nil
}

// byClaim is the issuer of a provider that names whoever signs in within it.
func byClaim(by *catalog.IssuerByClaim, claims sso.Claims) (issuer, wrong string) {
	value, _ := claims[by.Claim].(string)
	if !by.Matches(value) {
		return "", "has no " + by.Claim + " that can be part of its issuer"
	}
	return strings.ReplaceAll(by.Template, "{"+by.Claim+"}", value), ""
}

// audience checks for whom a token is: for this client, and for nobody else that is
// not trusted.
func (w *work) audience(what string, claims sso.Claims) error {
	ours, trusted := w.answer.ClientID, w.answer.Provider.IDTokens.TrustedAudiences
	list, ok := audiences(claims["aud"])
	if !ok || !slices.Contains(list, ours) {
		return w.refuse("The "+what+" is for another client.", nil)
	}
	party, there := claims["azp"]
	if there && party != any(ours) {
		return w.refuse("The "+what+" was issued to another client (azp).", nil)
	}
	if len(list) > 1 && !there {
		return w.refuse("The "+what+" is for several clients and does not say which one it was issued to (azp).", nil)
	}
	for _, other := range list {
		if other != ours && !slices.Contains(trusted, other) {
			return w.refuse("The "+what+" is for another client too, which is not trusted.", nil)
		}
	}
	w.tell("It is for this client.")
	return nil
}

// audiences reads aud, a text or a list of texts.
func audiences(value any) ([]string, bool) {
	switch v := value.(type) {
	case string:
		return []string{v}, true
	case []any:
		var list []string
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	}
	return nil, false
}

// times checks when a token is good. Where they are only told, a token may be old.
func (w *work) times(what string, claims sso.Claims) error {
	wrong := wrongTime(claims, w.now())
	switch {
	case wrong == "":
		w.tell("It is new and has not expired.")
	case w.lenient:
		w.tell("It would not be accepted now: it " + wrong + ".")
	default:
		return w.refuseTimes(what, wrong, claims)
	}
	return nil
}

// refuseTimes refuses a token for its times. One that was made for this very sign-in is
// not an old one, and lives for longer than a sign-in lasts: so a clock is wrong.
func (w *work) refuseTimes(what, wrong string, claims sso.Claims) error {
	err := w.refuse("The "+what+" "+wrong+".", nil)
	nonce, _ := claims["nonce"].(string)
	var p *authmethods.Problem
	if what == idToken && apart(claims, w.now()) && w.answer.Nonce != "" && subtle.ConstantTimeCompare([]byte(nonce), []byte(w.answer.Nonce)) == 1 && errors.As(err, &p) {
		p.Code = authmethods.CodeClockSkew
	}
	return err
}

// apart reports whether a token was issued, or begins to be good, at a time that says
// that the provider's clock is not ours.
func apart(claims sso.Claims, now time.Time) bool {
	issued, ok := moment(claims["iat"])
	from, begins := moment(claims["nbf"])
	return ok && (issued.After(now.Add(leeway)) || issued.Before(now.Add(-maxAge))) || begins && from.After(now.Add(leeway))
}

// wrongTime says what is wrong with the times of a token, or nothing.
func wrongTime(claims sso.Claims, now time.Time) string {
	expires, ok := moment(claims["exp"])
	if !ok {
		return "does not say when it expires (exp)"
	}
	issued, ok := moment(claims["iat"])
	if !ok {
		return "does not say when it was issued (iat)"
	}
	switch {
	case !now.Before(expires.Add(leeway)):
		return "has expired"
	case issued.After(now.Add(leeway)):
		return "was issued in the future; the clock here or at the provider is wrong"
	case issued.Before(now.Add(-maxAge)):
		return "was issued more than ten minutes ago; it is an old one, or the clock here or at the provider is wrong"
	}
	if value, there := claims["nbf"]; there {
		if from, ok := moment(value); !ok || from.After(now.Add(leeway)) {
			return "is not good yet (nbf)"
		}
	}
	return ""
}

// moment reads a time in seconds (RFC 7519 section 2, NumericDate) that lies
// within a few thousand years.
func moment(value any) (time.Time, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil || !(seconds > 0 && seconds < 1e11) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)), true
}
