package consent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"latchkey/authmethods"
	"latchkey/authmethods/catalog"
	"latchkey/crypto/secret"
	"latchkey/tokens"
	"latchkey/tokens/store"
	"latchkey/tokens/upstream"
)

// verify checks where the approval really leads: the choice of an environment is
// only a declaration, and a person with one organisation is never asked by the
// provider. It returns the organisations that fit, to choose from.
func (s *Service) verify(ctx context.Context, p *plan, a *approved, record store.Consent) ([]tokens.Organization, error) {
	if err := believe(p, a, record.Environment); err != nil {
		return nil, err
	}
	found, err := s.organizations(ctx, p, a)
	flagged := p.provider.Verify.By == catalog.VerifyOrganizationFlag
	if err != nil {
		if flagged {
			return nil, err
		}
		a.Notes = append(a.Notes, "The organisations behind this access could not be read.")
	}
	if flagged {
		if found, err = inEnvironment(p, found, record.Environment); err != nil {
			return nil, err
		}
	}
	if found, err = s.proven(ctx, p, a, found, record.Environment); err != nil {
		return nil, err
	}
	s.account(ctx, p, a)
	return found, nil
}

// believe stores only addresses that the integration type knows: they decide for
// ever where tokens are sent.
func believe(p *plan, a *approved, e authmethods.Environment) error {
	if a.APIDomain != "" && len(p.provider.APIDomains) > 0 && !slices.Contains(p.provider.APIDomains, a.APIDomain) {
		return refuse(authmethods.CodeAccountsServerRefused, "The answer named an API server that is not in the table of %s.", p.kind.Name)
	}
	if a.InstanceURL != "" && !p.provider.TrustsInstance(a.InstanceURL) {
		if strings.Contains(p.provider.APIBaseURL, catalog.PlaceholderInstanceURL) {
			return refuse(authmethods.CodeAccountsServerRefused, "The answer named an instance that is not one of %s.", p.kind.Name)
		}
		a.InstanceURL = "" // not needed, so not kept
	}
	if p.provider.Verify.By == catalog.VerifyAPIDomain && a.APIDomain != p.provider.Verify.APIDomain {
		return mismatch(p, e)
	}
	if p.provider.Verify.By == catalog.VerifyHost && !p.provider.InstanceIn(e, a.InstanceURL) {
		return mismatch(p, e)
	}
	return nil
}

func mismatch(p *plan, e authmethods.Environment) error {
	return refuse(authmethods.CodeEnvironmentMismatch,
		"%s was chosen here, but what was approved at %s belongs to another environment. Nothing was enabled.", title(e), p.kind.Name)
}

func title(e authmethods.Environment) string {
	return strings.ToUpper(string(e[:1])) + string(e[1:])
}

// inEnvironment keeps the organisations that belong to the environment.
func inEnvironment(p *plan, found []tokens.Organization, e authmethods.Environment) ([]tokens.Organization, error) {
	var fitting []tokens.Organization
	for _, o := range found {
		if o.Environment == e {
			fitting = append(fitting, o)
		}
	}
	if len(fitting) == 0 {
		return nil, mismatch(p, e)
	}
	return fitting, nil
}

// organizations asks the provider which organisations the token is for.
func (s *Service) organizations(ctx context.Context, p *plan, a *approved) ([]tokens.Organization, error) {
	how := p.provider.Organizations
	if how == nil {
		return nil, nil
	}
	body, err := s.call(ctx, p, a, how.Method, how.URL)
	if err != nil {
		return nil, err
	}
	items, ok := dig(body, how.List).([]any)
	if how.List == "" {
		items, ok = []any{body}, true
	}
	if !ok {
		return nil, refuse(authmethods.CodeUnexpectedReply, "%s did not list organisations as it is described to.", p.kind.Name)
	}
	var found []tokens.Organization
	for _, item := range items {
		o := tokens.Organization{
			ID: text(dig(item, how.ID)), Name: text(dig(item, how.Name)), Default: text(dig(item, how.Default)) == "true",
		}
		if v := p.provider.Verify; v.By == catalog.VerifyOrganizationFlag {
			o.Environment = environmentOf(v, text(dig(item, v.Path)))
		}
		if o.ID != "" {
			found = append(found, o)
		}
	}
	return found, nil
}

// maxProofs bounds the calls that one consent makes to tell organisations apart.
const maxProofs = 20

// proven keeps the organisations that the token is really for, where the list
// may hold others of the same person.
func (s *Service) proven(ctx context.Context, p *plan, a *approved, listed []tokens.Organization, e authmethods.Environment) ([]tokens.Organization, error) {
	how := p.provider.Organizations
	if how == nil || how.Proof == "" {
		return listed, nil
	}
	var mine []tokens.Organization
	var limited error
	for _, o := range listed[:min(len(listed), maxProofs)] {
		_, err := s.call(ctx, p, a, "", how.Proof, tokens.Header{Name: how.Header, Value: secret.New(o.ID)})
		var why *refused
		switch {
		case err == nil:
			mine = append(mine, o)
		case errors.As(err, &why) && (why.code == authmethods.CodePermissionMissing || why.code == authmethods.CodeOrganizationMismatch):
			// not the token's
		case errors.As(err, &why) && why.code == authmethods.CodeAccountLimited:
			limited = err
		default:
			return nil, err
		}
	}
	if len(mine) > 0 {
		return mine, nil
	}
	return nil, cmp.Or(limited, mismatch(p, e))
}

func environmentOf(v catalog.Verification, flag string) authmethods.Environment {
	for e, values := range v.Values {
		if slices.Contains(values, flag) {
			return e
		}
	}
	return ""
}

// account asks who approved. Nothing depends on the answer, so a failure only
// leaves the fields empty.
func (s *Service) account(ctx context.Context, p *plan, a *approved) {
	how := p.provider.Account
	if how == nil {
		return
	}
	body, err := s.call(ctx, p, a, "", how.URL)
	if err != nil {
		s.o.Log.Info("reading the approving account", "method", p.method.ID, "error", err)
		return
	}
	a.Account = tokens.Account{
		ID: text(dig(body, how.ID)), Email: text(dig(body, how.Email)), Name: text(dig(body, how.Display)),
	}
}

// call makes one call to the provider's API with the approved token.
func (s *Service) call(ctx context.Context, p *plan, a *approved, method, url string, more ...tokens.Header) (any, error) {
	url = strings.ReplaceAll(url, catalog.PlaceholderInstanceURL, a.InstanceURL)
	header := tokens.Header{Name: p.provider.TokenHeader, Value: secret.New(strings.TrimSpace(p.prefix(a.TokenType) + " " + a.AccessToken))}
	status, _, body, err := s.o.Upstream.GetJSON(ctx, upstream.Call{Method: method, URL: url, Headers: append(more, header)})
	switch {
	case err != nil:
		return nil, refuseCall(p, err)
	case status == 429 && p.provider.APIErrors.Class(status, text(dig(body, "errorCode"))+text(dig(body, "code"))) == catalog.APIQuota:
		return nil, refuse(authmethods.CodeQuotaReached, "%s takes no more calls for now, with any token.", p.kind.Name)
	case status >= 500 || status == 429:
		return nil, refuse(authmethods.CodeProviderDown, "%s did not answer a test call (HTTP %d).", p.kind.Name, status)
	case status < 200 || status > 299:
		switch p.provider.APIErrors.Class(status, text(dig(body, "errorCode"))+text(dig(body, "code"))) {
		case catalog.APIPermission:
			return nil, refuse(authmethods.CodePermissionMissing, "The approved permissions do not allow to read the organisation at %s.", p.kind.Name)
		case catalog.APIOrganization:
			return nil, refuse(authmethods.CodeOrganizationMismatch, "%s says that the access is not for this organisation.", p.kind.Name)
		case catalog.APIAccount:
			return nil, refuse(authmethods.CodeAccountLimited, "%s does not let the account that approved read the organisation.", p.kind.Name)
		}
		return nil, refuse(authmethods.CodeUnexpectedReply, "%s refused a test call (HTTP %d).", p.kind.Name, status)
	}
	return body, nil
}

func refuseCall(p *plan, err error) error {
	if authmethods.KindOf(err) == authmethods.Unavailable {
		return refuse(authmethods.CodeProviderDown, "%s could not be reached for a test call.", p.kind.Name)
	}
	return refuse(authmethods.CodeUnexpectedReply, "%s answered a test call with something unexpected.", p.kind.Name)
}

// prefix is the word before the token in its header.
func (p *plan) prefix(tokenType string) string {
	if p.provider.TokenHeaderPrefix != "" {
		return p.provider.TokenHeaderPrefix
	}
	return tokenType
}

// dig follows a dotted path of names and list indexes; nil where it ends.
func dig(v any, path string) any {
	if path == "" {
		return nil
	}
	for _, name := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// text is a scalar as text: identifiers are numbers at some providers, and flags
// are strings.
func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

func join(words []string) string { return strings.Join(words, ", ") }
