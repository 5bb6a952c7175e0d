package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/tokens"
)

// Metadata is what an authorization server says of itself (OpenID Connect
// Discovery 1.0, RFC 8414). Endpoints are checked addresses; those that the server
// lacks are empty. It is shared and must not be changed.
type Metadata struct {
	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	RevocationEndpoint    string
	UserinfoEndpoint      string
	EndSessionEndpoint    string
	JWKSURI               string

	CodeChallengeMethods     []string // nil: not told, which is not the same as none
	TokenEndpointAuthMethods []string
	IDTokenSigningAlgs       []string
	// NamesIssuer says that callbacks always carry iss (RFC 9207).
	NamesIssuer bool
	// FetchedAt tells how old the metadata is.
	FetchedAt time.Time
}

// MetadataError is metadata that must not be used.
type MetadataError struct {
	Issuer string
	Detail string // what is wrong, for people
}

// Error implements error.
func (e *MetadataError) Error() string {
	return fmt.Sprintf("the metadata of %s: %s", e.Issuer, e.Detail)
}

// Complete returns p with the endpoints that it lacks filled by discovery, if it
// is a provider whose endpoints are discovered. In its errors errors.As finds a
// *tokens.Failure, and a *MetadataError where the metadata is to blame.
func (c *Client) Complete(ctx context.Context, p catalog.Provider) (catalog.Provider, error) {
	if !p.Discover {
		return p, nil
	}
	m, err := c.Discover(ctx, p.Issuer)
	if err != nil {
		return p, err
	}
	p.AuthorizationEndpoint = cmp.Or(p.AuthorizationEndpoint, m.AuthorizationEndpoint)
	p.TokenEndpoint = cmp.Or(p.TokenEndpoint, m.TokenEndpoint)
	p.RevocationEndpoint = cmp.Or(p.RevocationEndpoint, m.RevocationEndpoint)
	p.UserinfoEndpoint = cmp.Or(p.UserinfoEndpoint, m.UserinfoEndpoint)
	p.JWKSURI = cmp.Or(p.JWKSURI, m.JWKSURI)
	p.EndSessionEndpoint = cmp.Or(p.EndSessionEndpoint, m.EndSessionEndpoint)
	if len(p.IDTokens.Algorithms) == 0 {
		p.IDTokens.Algorithms = m.IDTokenSigningAlgs
	}
	p.NamesIssuer = m.NamesIssuer
	return p, nil
}

// fetchMetadata asks at the place of OpenID Connect and then at that of RFC 8414.
func (c *Client) fetchMetadata(ctx context.Context, issuer string) (Metadata, error) {
	places, err := c.wellKnown(issuer)
	if err != nil {
		return Metadata{}, err
	}
	var first error // the more common place says more
	for _, place := range places {
		status, _, body, err := c.json(ctx, call{what: "discovery", method: http.MethodGet, url: place, header: http.Header{}})
		var flawed *ReplyError
		switch {
		case err != nil && !errors.As(err, &flawed):
			return Metadata{}, err
		case status == http.StatusTooManyRequests || status >= 500:
			return Metadata{}, discoveryFault(issuer, status, authmethods.CodeProviderDown,
				fmt.Sprintf("its server answered with status %d", status))
		case err != nil:
			first = cmp.Or(first, discoveryFault(issuer, status, authmethods.CodeUnexpectedReply, flawed.Error()))
			continue
		case status != http.StatusOK:
			first = cmp.Or(first, discoveryFault(issuer, status, authmethods.CodeUnexpectedReply,
				fmt.Sprintf("there is none where it belongs (status %d)", status)))
			continue
		}
		m, detail := c.readMetadata(body, issuer)
		if detail != "" {
			return Metadata{}, discoveryFault(issuer, status, authmethods.CodeUnexpectedReply, detail)
		}
		m.FetchedAt = c.now()
		return m, nil
	}
	return Metadata{}, first
}

func discoveryFault(issuer string, status int, code authmethods.Code, detail string) error {
	e := &callError{what: "discovery", host: hostOf(issuer), reason: detail}
	e.causes = []error{&tokens.Failure{Code: code, Status: status}}
	if code == authmethods.CodeUnexpectedReply {
		e.causes = append(e.causes, &MetadataError{issuer, detail})
	}
	return e
}

// wellKnown returns where the metadata of an issuer may be.
func (c *Client) wellKnown(issuer string) ([]string, error) {
	u, err := url.Parse(issuer)
	if err != nil || c.checkAddress(issuer) != nil || strings.Contains(issuer, "?") {
		return nil, discoveryFault("the issuer", 0, authmethods.CodeUnexpectedReply,
			"an issuer is an https address without query and fragment")
	}
	base, path := u.Scheme+"://"+u.Host, strings.TrimRight(u.EscapedPath(), "/")
	return []string{
		base + path + "/.well-known/openid-configuration",
		base + "/.well-known/oauth-authorization-server" + path,
	}, nil
}

// readMetadata checks a metadata document and says in words what is wrong with
// it. Names are compared exactly, which encoding/json would not do for a struct.
func (c *Client) readMetadata(body any, issuer string) (m Metadata, wrong string) {
	doc, ok := body.(map[string]any)
	if !ok {
		return m, "it is not a JSON object"
	}
	// The only thing that ties the document to the issuer (RFC 8414 section 3.3).
	if m.Issuer, _ = doc["issuer"].(string); m.Issuer != issuer {
		return Metadata{}, "it names another issuer; both must be equal to the letter"
	}
	for _, e := range []struct {
		name string
		into *string
	}{
		{"authorization_endpoint", &m.AuthorizationEndpoint},
		{"token_endpoint", &m.TokenEndpoint},
		{"revocation_endpoint", &m.RevocationEndpoint},
		{"userinfo_endpoint", &m.UserinfoEndpoint},
		{"end_session_endpoint", &m.EndSessionEndpoint},
		{"jwks_uri", &m.JWKSURI},
	} {
		if doc[e.name] == nil {
			continue
		}
		if *e.into, _ = doc[e.name].(string); c.checkAddress(*e.into) != nil {
			return Metadata{}, "its " + e.name + " is not a complete https address"
		}
	}
	if m.TokenEndpoint == "" {
		return Metadata{}, "it has no token_endpoint"
	}
	m.CodeChallengeMethods = words(doc["code_challenge_methods_supported"])
	m.TokenEndpointAuthMethods = words(doc["token_endpoint_auth_methods_supported"])
	m.IDTokenSigningAlgs = words(doc["id_token_signing_alg_values_supported"])
	m.NamesIssuer, _ = doc["authorization_response_iss_parameter_supported"].(bool)
	return m, ""
}

// words returns the short strings of a list, not more than any server needs. It
// is nil only if there is no list.
func words(value any) []string {
	list, ok := value.([]any)
	if !ok {
		return nil
	}
	found := []string{}
	for _, item := range list[:min(len(list), 64)] {
		if s, ok := item.(string); ok && s != "" && printable(s) == s {
			found = append(found, s)
		}
	}
	return found
}
