package identity

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"latchkey/sso"
)

// maxUserinfo bounds what a provider may say about somebody.
const maxUserinfo = 256 << 10

// troubleError is a provider that might say it later.
type troubleError struct {
	reason string
	err    error
}

// Error implements error.
func (e *troubleError) Error() string { return e.reason }

// Unwrap implements the contract of [errors.Is].
func (e *troubleError) Unwrap() error { return e.err }

// userinfo asks the UserInfo endpoint (OpenID Connect Core 1.0 section 5.3).
func (w *work) userinfo(ctx context.Context) (sso.Claims, error) {
	return w.ask(ctx, w.answer.Provider.UserinfoEndpoint)
}

// ask gets what the provider says to the access token. Its errors are a fault or a
// *troubleError, and hold nothing that the provider sent.
func (w *work) ask(ctx context.Context, address string) (sso.Claims, error) {
	p := &w.answer.Provider
	name, prefix := cmp.Or(p.TokenHeader, "Authorization"), cmp.Or(p.TokenHeaderPrefix, "Bearer")
	header := http.Header{}
	header.Set(name, prefix+" "+w.answer.AccessToken.Reveal())
	r, err := get(ctx, w.http, address, header, maxUserinfo)
	switch {
	case err == errTooLong:
		return nil, fault(errTooLong.Error())
	case err != nil:
		return nil, &troubleError{"it could not be reached", err}
	case r.status == http.StatusTooManyRequests || r.status >= 500:
		return nil, &troubleError{reason: fmt.Sprintf("it answered with status %d", r.status)}
	case r.kind == "application/jwt":
		return nil, fault("it answered with a signed token, which is not understood here")
	case isHTML(r):
		return nil, fault(fmt.Sprintf("it answered with a page for people (status %d)", r.status))
	case r.status != http.StatusOK:
		return nil, fault(fmt.Sprintf("it refused the access token (status %d)", r.status))
	}
	claims, err := object(r.body)
	if err != nil {
		return nil, fault("it answered with something that is not one JSON object")
	}
	return claims, nil
}

func isHTML(r reply) bool {
	return r.kind == "text/html" || r.kind == "application/xhtml+xml" || strings.HasPrefix(strings.TrimSpace(string(r.body)), "<")
}

// subjectOf reads a sub, which some providers write as a number, or says what is
// wrong with it.
func subjectOf(value any) (id, wrong string) {
	switch v := value.(type) {
	case nil:
		return "", "is missing"
	case string:
		id = v
	case json.Number:
		if id = v.String(); strings.Trim(id, "0123456789") != "" {
			return "", "is not a whole number" // 1e3 and 1000 are one, and would be two people
		}
	default:
		return "", "is neither a text nor a number"
	}
	if !isSubject(id) {
		return "", "is not 1 to 255 ASCII characters"
	}
	return id, ""
}

// protocol are the claims that only a verified token can make.
var protocol = []string{
	"iss", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "sid", "at_hash", "c_hash", "auth_time", "acr", "amr",
	"_claim_names", "_claim_sources",
}

// verified names the claims that say of another that it is verified.
var verified = map[string]string{"email_verified": "email", "phone_number_verified": "phone_number"}

// add puts into claims what more says beyond them. That something is verified is
// said of one value: it never passes from an address to another.
func add(claims, more sso.Claims) {
	own := map[string]any{}
	for of, what := range verified {
		if own[what] = claims[what]; own[what] == nil {
			delete(claims, of)
		}
	}
	for name, value := range more {
		if claims[name] != nil || slices.Contains(protocol, name) {
			continue
		}
		if what, about := verified[name]; about && own[what] != nil && !sameText(own[what], more[what]) {
			continue
		}
		claims[name] = value
	}
}

func sameText(a, b any) bool {
	one, ok := a.(string)
	other, is := b.(string)
	return ok && is && one == other
}
